"""What volumes of files consist of: ConfigMaps, Secrets, facts about the pod, or several of these."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.engine.run import Run
from pinnace.runtime.downward import PodFacts
from pinnace.runtime.environment import secret_text

_KINDS = frozenset({"configMap", "secret", "downwardAPI", "projected"})
#: Source: Kubernetes core/v1, ConfigMapVolumeSourceDefaultMode and the others of that name.
_MODE = 0o644


class VolumeFile(NamedTuple):
    """A file of a volume."""

    path: str
    """In the volume; climbs nowhere."""
    content: bytes
    mode: int


def is_of_files(volume: Mapping[str, Any]) -> bool:
    """Return whether the volume is of a kind that ``files_of`` knows."""
    return not volume.keys().isdisjoint(_KINDS)


def files_of(run: Run, name: str, volume: Mapping[str, Any], facts: PodFacts) -> list[VolumeFile]:
    """Return the files of the volume ``name``, of two at one place the later one last.

    Raises:
        ManifestError: a ConfigMap, a Secret, a key or a fact is missing, or a path climbs.
        RefusedError: a source needs a cluster.
    """
    return list(_files(run, f"volume {name!r}", volume, facts, _MODE))


def filled(folder: Path, files: Sequence[VolumeFile]) -> Path:
    """Return a folder below ``folder`` that consists of ``files``; it is made once, whoever asks for it.

    Raises:
        ManifestError: two files are in each other's way.
    """
    digest = hashlib.sha256(repr(files).encode()).hexdigest()
    made = folder / digest
    if not made.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Path(tempfile.mkdtemp(dir=folder))
        try:
            _fill(fresh, files)
            fresh.rename(made)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return made


def _fill(folder: Path, files: Sequence[VolumeFile]) -> None:
    folder.chmod(0o755)
    for file in files:
        path = folder / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            path.unlink(missing_ok=True)
            path.write_bytes(file.content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            message = f"a volume cannot have the file {file.path!r}: another one is in its way"
            raise ManifestError(message) from None
        path.chmod(file.mode)


def _files(
    run: Run, where: str, volume: Mapping[str, Any], facts: PodFacts, mode: int
) -> Iterator[VolumeFile]:
    """Yield the files of a volume, or of one source of a projected one."""
    if "projected" in volume:
        whole = volume["projected"]
        for each in whole.get("sources") or ():
            yield from _files(run, where, each, facts, _mode(whole, "defaultMode", mode))
    elif "configMap" in volume:
        yield from _keys(where, volume["configMap"], _config_map(run, volume["configMap"]), mode)
    elif "secret" in volume:
        yield from _keys(where, volume["secret"], _secret(run, volume["secret"]), mode)
    elif "downwardAPI" in volume:
        source = volume["downwardAPI"]
        for item in source.get("items") or ():
            content = facts.told(item, where).encode()
            yield _file(where, item, content, _mode(source, "defaultMode", mode))
    else:
        kind = next(iter(volume), "none")
        message = f"{where}: a source of kind {kind} needs a cluster"
        raise RefusedError(message, remedy="Use configMap, secret or downwardAPI.")


def _keys(
    where: str, source: Mapping[str, Any], data: Mapping[str, bytes], mode: int
) -> Iterator[VolumeFile]:
    """Yield a file for each key, or for those that ``items`` names."""
    for item in source.get("items") or [{"key": key, "path": key} for key in data]:
        key = str(item.get("key", ""))
        if key in data:
            yield _file(where, item, data[key], _mode(source, "defaultMode", mode))
        elif not source.get("optional"):
            message = f"{where}: there is no key {key!r}"
            raise ManifestError(message)


def _file(where: str, item: Mapping[str, Any], content: bytes, mode: int) -> VolumeFile:
    path = PurePosixPath(str(item.get("path", "")))
    if path.is_absolute() or ".." in path.parts or "\0" in str(path) or not path.parts:
        message = f"{where}: {str(path)!r} is no path in the volume"
        raise ManifestError(message)
    return VolumeFile(str(path), content, _mode(item, "mode", mode))


def _mode(given: Mapping[str, Any], name: str, default: int) -> int:
    mode = given.get(name)
    return mode & 0o777 if isinstance(mode, int) else default


def _config_map(run: Run, source: Mapping[str, Any]) -> dict[str, bytes]:
    name = str(source.get("name", ""))
    config_map = run.lookup.catalogue.config_maps.get(name)
    if config_map is None:
        if source.get("optional"):
            return {}
        message = f'configmap "{name}" not found'
        raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {name}.")
    texts = {key: value.encode() for key, value in config_map.data.items()}
    return texts | {key: base64.b64decode(value) for key, value in config_map.binary_data.items()}


def _secret(run: Run, source: Mapping[str, Any]) -> dict[str, bytes]:
    name = str(source.get("secretName") or source.get("name") or "")  # "name" where it is projected
    catalogue = run.lookup.catalogue
    secret = catalogue.secrets.get(name)
    if secret is None:
        if source.get("optional"):
            return {}
        message = f'secret "{name}" not found'
        raise ManifestError(message, remedy=f"Give a document of kind Secret named {name}.")
    return {
        key: secret_text(catalogue, name, key).encode("utf-8", "surrogateescape")
        for key in (*secret.data, *secret.string_data)
    }
