"""Which mounts of the host a private view is made of, decided from the mount table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

#: Folders that the view has of its own kind.
SPECIAL = ("/dev", "/proc", "/sys")
#: File systems that hold no files of anybody.
_VIRTUAL = frozenset(
    [
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs"),
        *("efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs"),
        *("sysfs", "tracefs"),
    ]
)
_OCTAL = re.compile(r"\\([0-7]{3})")


class Survey(NamedTuple):
    """The parts of the host's tree, each to be mounted at its own path, parents before children."""

    overlays: tuple[str, ...]
    """Get a writable layer of the task's own; ``/`` comes first."""
    bound: tuple[str, ...]
    """Are bound read-only."""
    folders: tuple[str, ...] = ()
    """Empty folders to make; only where the root itself cannot be overlaid, as are ``links``."""
    links: tuple[tuple[str, str], ...] = ()
    """Symbolic links to make, with their text."""


def mount_points(table: str) -> dict[str, bool]:
    """Return where file systems with files are mounted, parents first, and whether they can be written.

    Args:
        table: the text of ``/proc/self/mountinfo``. Source: proc_pid_mountinfo(5).
    """
    points: dict[str, bool] = {}
    for line in table.splitlines():
        fields = line.split(" ")
        kind, _source, options = fields[fields.index("-", 6) + 1 :]
        if kind not in _VIRTUAL:
            point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
            points[point] = "ro" not in options.split(",")
    return dict(sorted(points.items()))


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Tell whether ``path`` is one of ``folders`` or lies in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return ``paths`` once each, without those that lie in another."""
    distinct = dict.fromkeys(paths)
    return tuple(
        path for path in distinct if not is_below(path, [other for other in distinct if other != path])
    )


def survey_as_root(points: Mapping[str, bool], hidden: Sequence[str]) -> Survey:
    """Return the parts when one overlay may cover the root's own file system."""
    parts = [point for point in points if point != "/" and not is_below(point, [*SPECIAL, *hidden])]
    # What nobody can write, as a snap's image, needs no layer to keep writes apart.
    folders = [part for part in parts if points[part] and os.path.isdir(part)]
    others = [part for part in parts if part not in folders and os.path.exists(part)]
    return Survey(overlays=("/", *folders), bound=tuple(others))


def survey_as_user(points: Mapping[str, bool], hidden: Sequence[str]) -> Survey:
    """Return the parts when no overlay may cover a folder with mounts below.

    A top-level folder with mounts below is taken apart into what it holds; deeper ones are bound with all
    their mounts.
    """
    survey = _Parts(points, [*SPECIAL, *hidden])
    for name in sorted(os.listdir("/")):
        survey.add(f"/{name}", may_split=True)
    return Survey(("/", *survey.overlays), tuple(survey.bound), tuple(survey.folders), tuple(survey.links))


class _Parts:
    def __init__(self, points: Mapping[str, bool], left_out: Sequence[str]) -> None:
        self._points = points
        self._left_out = left_out
        self.overlays: list[str] = []
        self.bound: list[str] = []
        self.folders: list[str] = []
        self.links: list[tuple[str, str]] = []

    def add(self, path: str, *, may_split: bool) -> None:
        if is_below(path, self._left_out):
            return
        if os.path.islink(path):
            self.links.append((path, os.readlink(path)))
        elif not os.access(path, os.R_OK):
            return  # a task of this user could not read it either
        elif os.path.isfile(path):
            self.bound.append(path)
        elif os.path.isdir(path):
            self._add_folder(path, may_split=may_split)

    def _add_folder(self, path: str, *, may_split: bool) -> None:
        inner = [p for p in self._points if p != path and is_below(p, [path])]
        if not os.listdir(path):
            self.folders.append(path)
        elif not self._points.get(path, True):
            self.bound.append(path)
        elif not inner:
            self.overlays.append(path)
        elif may_split:
            for name in sorted(os.listdir(path)):
                self.add(f"{path}/{name}", may_split=False)
        else:
            self.bound.append(path)
