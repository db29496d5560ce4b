"""What the private views of a run have in common, laid out once by the nursery; ``view`` enters one.

The view is the host's root under an overlay, whose upper layer is a scratch folder of the task. Between the
two lie read-only layers, topmost first:

    stage   the task's input files, linked to their sources (a write copies them up, never reaches a source)
    blank   the same for every task: empty folders in place of what a task must not see

``blank`` hides ``/tmp``, ``/var/tmp``, ``/run``, root's home, that of the user who runs Pinnace, and
Pinnace's own. They are there, empty and writable. What lies in them and is needed nevertheless (the
Python in use, the resolver's configuration) is bound back read-only.

An overlay does not see through mounts, so each mounted file system gets an overlay of its own, or is bound
read-only where that is refused. An ordinary user may not put an overlay over ``/`` at all (its mounts are
locked); there the root is built of ``blank`` alone, with an overlay over each top-level folder.

All paths of the run are relative to its folder, the current one: mount options then need no quoting.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from typing import NamedTuple

from . import syscalls, trees
from .mounts import (
    SPECIAL,
    Survey,
    is_below,
    mount_points,
    outermost,
    survey_as_root,
    survey_as_user,
)

#: Made in every view: what Argo's own containers make there. Source: Argo workflow/common VarRunArgoPath.
_ARGO = "/var/run/argo"
PRIVATE_FOLDERS = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - these are hidden, not used
VIEW = "scratch/_view"
PREPARED = "scratch/_prepared"
STAGE = f"{PREPARED}/stage"
BLANK = f"{PREPARED}/blank"
_BLANK_SOURCE = "scratch/_blank"
_NOTHING = "scratch/_nothing"
#: Where ``/dev/termination-log`` leads, which each task may write to.
_LAST_WORDS = "/var/run/argo/termination-log"
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
    "termination-log": _LAST_WORDS,
}
#: Inodes and whole copies: no feature that a later kernel could not share. ``volatile``: the scratch folder
#: is thrown away, and without it every unmount would write the whole file system's cache to the disk.
_OVERLAY_OPTIONS = "volatile,index=off,metacopy=off"
_IN_MEMORY = (
    "what it wrote to its private view was kept in memory: the file system of Pinnace's home cannot hold it; "
    "PINNACE_HOME on an ordinary disk can"
)
_RESOLVER = "/etc/resolv.conf"
#: Source: ioctl_iflags(2): FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_TOPDIR_FL.
_GET_FLAGS, _SET_FLAGS, _TOP_OF_TREES = 0x8008_6601, 0x4008_6602, 0x2_0000


class UnavailableError(Exception):
    """No private view can be made on this machine; the text says why and what would allow it."""


class Shared(NamedTuple):
    """What the views of a run have in common."""

    overlays: tuple[str, ...]
    """Host folders with a private writable layer, parents first; ``/`` is always the first."""
    bound: tuple[str, ...]
    """Host paths that are there read-only."""
    hidden: tuple[str, ...]
    """Host folders that are there empty."""
    is_root: bool
    """True: root of this machine; False: root of a user namespace only."""
    notes: tuple[str, ...]


def prepare(hidden: list[str], visible: list[str]) -> Shared:
    """Lay out what the views share in the current mount namespace, and prove that a view can be made.

    Raises:
        UnavailableError: it cannot.
        OSError: likewise.
    """
    is_root = not os.path.exists("/proc/self/uid_map") or _is_initial_user_namespace()
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = mount_points(file.read())
    all_hidden = outermost([*PRIVATE_FOLDERS, *hidden])
    found = (survey_as_root if is_root else survey_as_user)(points, all_hidden)
    shown = _shown(visible, all_hidden)
    start = Shared(found.overlays, (), all_hidden, is_root, ())
    os.makedirs("scratch", exist_ok=True)
    _spread("scratch")
    try:
        return _try_out(start, found, shown)
    except OSError:
        # The file system of Pinnace's home cannot carry an upper layer: it is an overlay itself, or has no
        # extended attributes.
        syscalls.mount("tmpfs", "scratch", "tmpfs", syscalls.MS_NODEV, "mode=0700")
        return _try_out(start._replace(notes=(_IN_MEMORY,)), found, shown)


def _spread(folder: str) -> None:
    """Have the folders in ``folder`` lie apart on the disk, where its file system knows how to.

    ext4 puts them side by side otherwise, and takes ever longer for each: it passes over everything that was
    removed there in the last minutes.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            (flags,) = struct.unpack("i", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("i", 0)))
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("i", flags | _TOP_OF_TREES))
    finally:
        os.close(descriptor)


def _is_initial_user_namespace() -> bool:
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return file.read().split() == ["0", "0", "4294967295"]


def _shown(visible: list[str], hidden: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is to be bound back although it lies in a hidden folder."""
    resolver = os.path.dirname(os.path.realpath(_RESOLVER))
    shown = [path for path in [*visible, resolver] if is_below(path, hidden) and os.path.exists(path)]
    return outermost(shown)


def _try_out(shared: Shared, found: Survey, shown: tuple[str, ...]) -> Shared:
    """Lay out the parts, mount every overlay once, and return ``shared`` with those that work."""
    for folder in (PREPARED, _BLANK_SOURCE, _NOTHING, VIEW):
        os.makedirs(folder, exist_ok=True)
    _make_blank(shared, found, shown)
    syscalls.mount("tmpfs", PREPARED, "tmpfs", 0, "mode=0755")
    _make_devices()
    for folder in (BLANK, STAGE):
        os.mkdir(folder)
    # The other kind of attributes than the views use, so that it leaves theirs alone.
    _mount_apart(_BLANK_SOURCE, BLANK, ",userxattr" if shared.is_root else "")
    os.makedirs("scratch/_trial", exist_ok=True)
    working: list[str] = []
    refused: list[str] = []
    for target in shared.overlays:
        try:
            mount_overlay(shared, "_trial", target, len(working))
        except OSError:
            if target == "/":
                raise
            refused.append(target)
        else:
            working.append(target)
    syscalls.detach(VIEW)
    trees.remove("scratch/_trial")
    notes = [f"{path} is read-only: no private layer can be put over it" for path in refused]
    return shared._replace(
        overlays=tuple(working), bound=(*found.bound, *refused, *shown), notes=(*shared.notes, *notes)
    )


def mount_overlay(shared: Shared, name: str, target: str, number: int) -> None:
    """Mount the overlay over ``target`` for the view whose scratch folder is ``name``, as its ``number``-th.

    Raises:
        OSError: the kernel refuses it.
    """
    upper, work = f"scratch/{name}/upper{number}", f"scratch/{name}/work{number}"
    os.mkdir(upper)
    os.mkdir(work)
    _look_like(target, upper)
    layers = [layer for layer in (f"{STAGE}{target}", f"{BLANK}{target}") if os.path.isdir(layer)]
    if shared.is_root or target != "/":
        layers.append(_escaped(target))
    options = _OVERLAY_OPTIONS if shared.is_root else f"{_OVERLAY_OPTIONS},userxattr"
    data = f"lowerdir={':'.join(layers)},upperdir={upper},workdir={work},{options}"
    syscalls.mount("overlay", f"{VIEW}{target}", "overlay", syscalls.MS_NODEV, data)


def mount_stage(source: str) -> None:
    """Make the folder ``source`` the layer of a task's input files."""
    _mount_apart(source, STAGE, "")


def _mount_apart(source: str, target: str, options: str) -> None:
    """Make ``source`` appear at ``target`` as a file system of its own, read-only.

    A layer of an overlay must not lie in another one of its layers, and the host's root is one.
    """
    syscalls.mount("overlay", target, "overlay", syscalls.MS_RDONLY, f"lowerdir={source}:{_NOTHING}{options}")


def make_folder(layer: str, path: str) -> None:
    """Make the folder ``path`` and its parents exist in ``layer``, looking like the host's."""
    if os.path.isdir(layer + path):
        return
    make_folder(layer, os.path.dirname(path))
    os.mkdir(layer + path, 0o755)
    _look_like(path, layer + path)


def _make_blank(shared: Shared, found: Survey, shown: tuple[str, ...]) -> None:
    for path in (*SPECIAL, *shared.hidden, *found.folders, *(() if shared.is_root else shared.overlays)):
        make_folder(_BLANK_SOURCE, path)
    for path in shared.hidden:
        os.setxattr(_BLANK_SOURCE + path, ("trusted" if shared.is_root else "user") + ".overlay.opaque", b"y")
    make_folder(_BLANK_SOURCE, os.path.realpath(_ARGO))
    os.close(
        os.open(_BLANK_SOURCE + os.path.realpath(_LAST_WORDS), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    )
    for path in (*shown, *(() if shared.is_root else found.bound)):
        make_mount_point(_BLANK_SOURCE, path)
    for path, text in found.links:
        if not os.path.lexists(_BLANK_SOURCE + path):
            make_folder(_BLANK_SOURCE, os.path.dirname(path))
            os.symlink(text, _BLANK_SOURCE + path)


def make_mount_point(layer: str, path: str) -> None:
    """Make ``path`` exist in ``layer`` as what it is on the host, a folder or a file, empty."""
    if os.path.isdir(path):
        make_folder(layer, path)
        return
    make_folder(layer, os.path.dirname(path))
    if not os.path.lexists(layer + path):
        os.close(os.open(layer + path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))


def _make_devices() -> None:
    """Lay out ``/dev`` and ``/sys``, which every view moves into its place."""
    dev = f"{PREPARED}/dev"
    os.mkdir(dev)
    os.mkdir(f"{PREPARED}/sys")
    syscalls.mount("tmpfs", dev, "tmpfs", syscalls.MS_NOSUID, "mode=0755")
    for folder in (f"{dev}/pts", f"{dev}/shm"):
        os.mkdir(folder)
    for name in _DEVICES:
        os.close(os.open(f"{dev}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666))
        syscalls.mount(f"/dev/{name}", f"{dev}/{name}", "", syscalls.MS_BIND)
    for name, text in _DEVICE_LINKS.items():
        os.symlink(text, f"{dev}/{name}")
    syscalls.mount("/sys", f"{PREPARED}/sys", "", syscalls.MS_BIND | syscalls.MS_REC)
    for folder in (dev, f"{PREPARED}/sys"):
        syscalls.make_read_only(folder)


def _look_like(path: str, copy: str) -> None:
    """Give the folder ``copy`` the mode and, where allowed, the owner of the host's ``path``, if any."""
    made = os.stat(copy)
    try:
        found = os.stat(path)
    except OSError:
        return
    # Asked for what is the case already, the file system would write it down all the same.
    if (found.st_uid, found.st_gid) != (made.st_uid, made.st_gid):
        with contextlib.suppress(OSError):  # an owner that this user namespace does not know
            os.chown(copy, found.st_uid, found.st_gid)
    if found.st_mode != os.stat(copy).st_mode:  # which a change of the owner may have changed
        os.chmod(copy, found.st_mode & 0o7777)


def _escaped(path: str) -> str:
    return "".join(f"\\{char}" if char in "\\:," else char for char in path)
