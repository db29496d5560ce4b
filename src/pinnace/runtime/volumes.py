"""Volumes as folders and files of this machine.

``emptyDir`` lives as long as its task, ``volumeClaimTemplates`` as long as the run; ConfigMaps and Secrets
appear as files. Other kinds are refused: nothing here can stand in for a cluster's storage.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.engine.run import Run
from pinnace.ports.executor import StagedFile
from pinnace.runtime.environment import secret_text
from pinnace.spec.templates import Container, Template, VolumeMount

_SECRET_MODE = 0o600


def volume_files(run: Run, container: Container, template: Template, folder: Path) -> list[StagedFile]:
    """Return what the container's ``volumeMounts`` make appear in the task.

    Args:
        run: whose task it is.
        container: that mounts.
        template: that may declare volumes of its own.
        folder: the task's own; volumes of the whole run lie beside it.

    Raises:
        ManifestError: a mount names no volume, or a ConfigMap or Secret is missing.
        RefusedError: the volume's kind needs a cluster.
    """
    if not container.volume_mounts:
        return []
    volumes = _declared(run, template)
    found: list[StagedFile] = []
    for mount in container.volume_mounts:
        volume = volumes.get(mount.name)
        if volume is None:
            message = f"volumeMounts: there is no volume named {mount.name!r}"
            raise ManifestError(message)
        found += _files(run, mount, volume, folder)
    return found


def _declared(run: Run, template: Template) -> dict[str, Mapping[str, Any]]:
    """Return the volumes by name; the template's own win over the workflow's."""
    claims = {
        str(claim.get("metadata", {}).get("name", "")): {"claim": claim}
        for claim in run.workflow.spec.volume_claim_templates
        if isinstance(claim, Mapping)
    }
    named = {
        str(volume.get("name", "")): volume
        for volume in (*run.workflow.spec.volumes, *template.volumes)
        if isinstance(volume, Mapping)
    }
    return {**claims, **named}


def _files(run: Run, mount: VolumeMount, volume: Mapping[str, Any], folder: Path) -> list[StagedFile]:
    if "claim" in volume:
        place = folder.parent / "volumes" / mount.name / _inside(mount.sub_path)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [StagedFile(path=mount.mount_path, source=str(place), writable_source=not mount.read_only)]
    if "emptyDir" in volume:
        empty = folder / "volumes" / mount.name / _inside(mount.sub_path)
        empty.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [StagedFile(path=mount.mount_path, source=str(empty), writable_source=True)]
    if "configMap" in volume:
        return _keys(mount, volume["configMap"], _config_map(run, volume["configMap"]))
    if "secret" in volume:
        return _keys(mount, volume["secret"], _secret(run, volume["secret"]))
    kind = next((key for key in volume if key != "name"), "none")
    message = f"volume {mount.name!r}: a volume of kind {kind} needs a cluster"
    raise RefusedError(message, remedy="Use emptyDir, configMap, secret or a volumeClaimTemplate here.")


def _inside(path: str) -> Path:
    """Return a relative path that does not climb.

    Raises:
        ManifestError: it does.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path:
        message = f"volumeMounts.subPath {path!r} leaves the volume"
        raise ManifestError(message)
    return Path(*parts)


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
    name = str(source.get("secretName", ""))
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


def _keys(mount: VolumeMount, source: Mapping[str, Any], data: Mapping[str, bytes]) -> list[StagedFile]:
    """Return a file for each key, or for those that ``items`` names."""
    items = source.get("items")
    paths = {str(item["key"]): str(item["path"]) for item in items} if items else {key: key for key in data}
    mode = source.get("defaultMode")
    found = []
    for key, path in paths.items():
        if key not in data:
            message = f"volume {mount.name!r}: there is no key {key!r}"
            raise ManifestError(message)
        is_single = bool(mount.sub_path) and mount.sub_path == path
        if mount.sub_path and not is_single:
            continue
        place = (
            mount.mount_path if is_single else f"{mount.mount_path.rstrip('/')}/{_inside(path).as_posix()}"
        )
        found.append(StagedFile(path=place, content=data[key], mode=mode if isinstance(mode, int) else 0o644))
    return found
