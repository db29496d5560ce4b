"""Copies of what a task leaves, made in the task's own view of the file system.

Names and links are resolved where the task lived, so a link cannot reach what the task could not. In a
captured folder a link that stays inside is kept as a link; one that leads out of it is replaced by a copy of
the file it leads to, for outside the view it would mean something else; one that leads nowhere is left out.
Devices, sockets and pipes are refused. Everything is on the disk when ``collect`` returns.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Any

from . import trees


class _RefusedError(Exception):
    """It is there and cannot be kept; the text says why."""


def collect(captures: Sequence[dict[str, Any]], folder: str, stored: str) -> list[dict[str, Any]]:
    """Copy each capture to ``folder/<number>`` and return what became of it.

    Args:
        captures: name, path and kind of each.
        folder: where to write, as this process sees it.
        stored: the same folder as the rest of the machine sees it.
    """
    kept = [_keep(capture, number, folder, stored) for number, capture in enumerate(captures)]
    if any(one["stored"] for one in kept):
        trees.sync_folder(folder)
    return kept


def _keep(capture: dict[str, Any], number: int, folder: str, stored: str) -> dict[str, Any]:
    result = {"name": capture["name"], "kind": capture["kind"], "found": True, "stored": "", "error": ""}
    target = f"{folder}/{number}"
    try:
        source = os.path.realpath(capture["path"], strict=True)
        if capture["kind"] == "parameter" and os.path.isdir(source):
            result["error"] = f"{capture['path']} is a folder, a parameter is read from a file"
            return result
        _copy(source, target, source)
        result["stored"] = f"{stored}/{number}"
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.lexists(target):
            result["error"] = f"{error.filename} went away while it was copied"
        else:
            result["found"] = False
    except (_RefusedError, ValueError) as error:
        result["error"] = str(error)
    except OSError as error:
        result["error"] = f"{error.filename or capture['path']}: {error.strerror}"
    if not result["stored"]:
        trees.remove(target)
    return result


def _copy(source: str, target: str, root: str) -> None:
    found = os.lstat(source)
    if stat.S_ISREG(found.st_mode):
        trees.copy_file(source, target)
    elif stat.S_ISLNK(found.st_mode):
        _copy_link(source, target, root)
    elif stat.S_ISDIR(found.st_mode):
        os.mkdir(target, 0o700)
        for name in os.listdir(source):
            _copy(f"{source}/{name}", f"{target}/{name}", root)
        os.chmod(target, stat.S_IMODE(found.st_mode) | 0o700)
        trees.sync_folder(target)
    else:
        message = f"{source} is a device, a socket or a pipe, which cannot be kept"
        raise _RefusedError(message)


def _copy_link(source: str, target: str, root: str) -> None:
    try:
        destination = os.path.realpath(source, strict=True)
    except OSError:
        return  # there is nothing behind it that could be kept
    text = os.readlink(source)
    if not text.startswith("/") and (destination == root or destination.startswith(f"{root}/")):
        os.symlink(text, target)
    elif os.path.isfile(destination):
        trees.copy_file(destination, target)
    else:
        message = f"{source} is a link that leads out of the captured folder, and not to a file"
        raise _RefusedError(message)
