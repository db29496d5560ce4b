"""Making, copying and removing trees of files; ``shutil`` costs more memory than this process has use for."""

from __future__ import annotations

import os
import stat

from .journal import sync

_COPY_BYTES = 1 << 20


def remove(path: str) -> None:
    """Make ``path`` and everything below it not exist, as far as this process may."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError:
        if not _remove_empty(path):
            _remove_folder(path)


def _remove_folder(path: str) -> None:
    try:
        open_up(path)
        names = os.listdir(path)
    except OSError:
        return
    for name in names:
        remove(f"{path}/{name}")
    _remove_empty(path)  # what could not be removed stays, and its folder with it


def open_up(path: str) -> None:
    """Let the owner of the folder ``path`` read, change and move it; a link is left alone.

    Raises:
        OSError: it is not there, or not ours.
    """
    if stat.S_IMODE(os.lstat(path).st_mode) & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(path, 0o700, follow_symlinks=os.chmod not in os.supports_follow_symlinks)


def _remove_empty(path: str) -> bool:
    """Remove the folder ``path`` if nothing is in it, and tell whether that was so."""
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


def copy_file(source: str, target: str, mode: int | None = None) -> None:
    """Make ``target`` a new file with the content, times and mode (or ``mode``) of ``source``, on the disk.

    Raises:
        OSError: ``source`` is a link or cannot be read, or ``target`` exists or cannot be written.
    """
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(reading)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while data := os.read(reading, _COPY_BYTES):
                view = memoryview(data)
                while view:
                    view = view[os.write(writing, view) :]
            os.fchmod(writing, stat.S_IMODE(found.st_mode) & 0o777 if mode is None else mode)
            os.utime(writing, ns=(found.st_atime_ns, found.st_mtime_ns))
            sync(writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def place(source: str, target: str, mode: int | None, *, link: bool) -> None:
    """Make ``target`` a file or folder with the content of ``source``.

    Args:
        source: where it lies; a link is followed here, but not below.
        target: must not exist; its parent must.
        mode: permission bits of ``target`` itself; None keeps the source's.
        link: True lets files share storage with the source, for a target that is never written in place.
    """
    place_itself(os.path.realpath(source, strict=True), target, mode, link=link)


def place_itself(source: str, target: str, mode: int | None, *, link: bool) -> None:
    """Make ``target`` what ``source`` is, as ``place`` does, but where that is a link, another one."""
    found = os.lstat(source)
    if stat.S_ISLNK(found.st_mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISDIR(found.st_mode):
        os.mkdir(target, 0o700)
        for name in os.listdir(source):
            place_itself(f"{source}/{name}", f"{target}/{name}", None, link=link)
        os.chmod(target, stat.S_IMODE(found.st_mode) if mode is None else mode)
    elif stat.S_ISREG(found.st_mode):
        same_mode = mode is None or mode == stat.S_IMODE(found.st_mode)
        if not (link and same_mode and _linked(source, target)):
            copy_file(source, target, mode)
    else:
        message = f"{source} is a device, a socket or a pipe"
        raise OSError(message)


def _linked(source: str, target: str) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False  # another file system, or a file of somebody else
    return True


def used_bytes(path: str) -> int:
    """Return how much room what lies in the folder ``path`` takes on its disk."""
    used = 0
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            try:
                used += os.lstat(f"{folder}/{name}").st_blocks * 512
            except OSError:
                continue  # removed meanwhile
    return used


def open_straight(path: str) -> int:
    """Return a descriptor that stands for what lies at the absolute ``path``, no part of which is a link.

    Raises:
        OSError: a part is one, or there is nothing.
    """
    found = os.open("/", os.O_PATH | os.O_CLOEXEC)
    for name in filter(None, path.split("/")):
        folder = found
        try:
            found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        if stat.S_ISLNK(os.fstat(found).st_mode):
            os.close(found)
            message = f"{path}: {name} has become a link, which may lead elsewhere"
            raise OSError(message)
    return found


def make_straight(root: str, path: str, *, is_folder: bool) -> int:
    """Return a descriptor for ``path`` below ``root``, made with its parents where it is not there.

    Raises:
        OSError: a part of ``path`` is a link or no folder, or cannot be made.
    """
    found = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    names = [name for name in path.split("/") if name]
    for number, name in enumerate(names, 1):
        folder = found
        try:
            found = _opened_or_made(name, folder, is_folder=is_folder or number < len(names))
        finally:
            os.close(folder)
        if stat.S_ISLNK(os.fstat(found).st_mode):
            os.close(found)
            message = f"{name} is a link"
            raise OSError(message)
    return found


def _opened_or_made(name: str, folder: int, *, is_folder: bool) -> int:
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        if is_folder:
            os.mkdir(name, 0o755, dir_fd=folder)
        else:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder))
        return os.open(name, flags, dir_fd=folder)


def sync_folder(path: str) -> None:
    """Wait until the names in the folder ``path`` are on the disk."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
