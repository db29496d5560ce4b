"""``hostPath`` volumes: files and folders of this machine itself, as far as the user has allowed them.

A manifest that could name any path could change this machine, so none is mounted but what lies in a folder of
the user's list, links followed. Source: Kubernetes core/v1 HostPathVolumeSource; pkg/volume/hostpath.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.ports.executor import StagedFile
from pinnace.ports.hostfolders import HostFolder
from pinnace.spec.templates import VolumeMount

#: Type → what is to be there already, for people, and how it is told.
_EXPECTED: dict[str, tuple[str, Callable[[int], bool]]] = {
    "Directory": ("a directory", stat.S_ISDIR),
    "DirectoryOrCreate": ("a directory", stat.S_ISDIR),
    "File": ("a file", stat.S_ISREG),
    "FileOrCreate": ("a file", stat.S_ISREG),
    "Socket": ("a socket", stat.S_ISSOCK),
    "CharDevice": ("a character device", stat.S_ISCHR),
    "BlockDevice": ("a block device", stat.S_ISBLK),
}
_SETTING = "PINNACE_HOST_PATHS"


def host_file(
    mount: VolumeMount, volume: Mapping[str, Any], part: Path, allowed: Sequence[HostFolder]
) -> StagedFile:
    """Return what the mount of a ``hostPath`` volume makes appear; what its type lets be made is made.

    Args:
        mount: of the container.
        volume: what the volume says under ``hostPath``.
        part: which part of it is mounted, relative and not climbing: ``subPath``.
        allowed: what may be mounted.

    Raises:
        RefusedError: the path does not lie in what is allowed.
        ManifestError: it is not what its type says.
    """
    path, kind = str(volume.get("path", "")), str(volume.get("type") or "")
    if not path.startswith("/") or ".." in path.split("/") or "\0" in path:
        message = f"volume {mount.name!r}: hostPath.path {path!r} must be absolute and without '..'"
        raise ManifestError(message)
    found = os.path.realpath(path)
    _check_allowed(mount, found, allowed)
    _make(found, kind, is_changed=not mount.read_only)
    _check_type(mount, found, kind)
    inner = part_of(mount, found, part)
    _make(inner, "", is_changed=not mount.read_only)
    _check_type(mount, inner, "")
    return StagedFile(
        path=mount.mount_path, source=inner, writable_source=not mount.read_only, live_source=True
    )


def part_of(mount: VolumeMount, volume: str, part: Path) -> str:
    """Return where ``part`` of a volume lies, links followed; ``volume`` is a path without links.

    Raises:
        ManifestError: it lies elsewhere.
    """
    inner = os.path.realpath(Path(volume) / part)
    if not _is_below(inner, volume):
        message = f"volumeMounts.subPath {mount.sub_path!r} leaves the volume"
        raise ManifestError(message)
    return inner


def _check_allowed(mount: VolumeMount, path: str, allowed: Sequence[HostFolder]) -> None:
    rules = [each for each in allowed if _is_below(path, each.path)]
    rule = max(rules, key=lambda each: len(each.path), default=None)
    if rule is None:
        message = f"volume {mount.name!r}: hostPath {path} is not among the folders that manifests may mount"
        raise RefusedError(message, remedy=f"Add it, or a folder that holds it, to {_SETTING}.")
    if rule.is_read_only and not mount.read_only:
        message = f"volume {mount.name!r}: hostPath {path} may only be read"
        raise RefusedError(message, remedy=f"Set readOnly on the mount, or change {_SETTING}.")


def _make(path: str, kind: str, *, is_changed: bool) -> None:
    """Make what may be missing; nothing in what is only to be read."""
    if os.path.lexists(path) or not is_changed:
        return
    if kind == "FileOrCreate":
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    elif kind in {"", "DirectoryOrCreate"}:
        Path(path).mkdir(mode=0o755, parents=True, exist_ok=True)


def _check_type(mount: VolumeMount, path: str, kind: str) -> None:
    if kind and kind not in _EXPECTED:
        message = f"volume {mount.name!r}: there is no hostPath type {kind!r}"
        raise ManifestError(message, remedy=f"Use one of {', '.join(_EXPECTED)}.")
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        message = f"volume {mount.name!r}: hostPath {path}: {error.strerror}"
        raise ManifestError(message) from None
    if kind and not _EXPECTED[kind][1](mode):
        message = f"volume {mount.name!r}: hostPath type check failed: {path} is not {_EXPECTED[kind][0]}"
        raise ManifestError(message)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
