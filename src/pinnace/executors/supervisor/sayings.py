"""What a task says in files of its own: how far it is, and its last words.

The task may make a pipe or a device of such a file: it is opened without waiting, and only a file is read.
"""

from __future__ import annotations

import os
import stat

#: A line that says how far a task is, is shorter.
_LONGEST_LINE = 64
#: Source: Kubernetes pkg/kubelet/container/runtime.go, MaxContainerTerminationMessage… and its log's.
_LONGEST_WORDS = 4096
_LONGEST_LOG = 2048
_MOST_LINES = 80
#: So many bytes of a log hold what is to be kept of it: a line has a head.
_LOG_BYTES = 16_384


class ProgressFile:
    """The file ``path`` of a task, looked at again and again; "" is none."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: object = None
        self._told = ""

    def news(self) -> str:
        """Return the last line if it is another one than last time, else ""."""
        try:
            found = os.stat(self._path)
        except OSError:
            return ""  # it says nothing, or nothing now
        state = found.st_ino, found.st_size, found.st_mtime_ns
        if state == self._seen:
            return ""
        self._seen = state
        line = end_of(self._path, 2 * _LONGEST_LINE).strip().rpartition("\n")[2].strip()
        if not line or len(line) > _LONGEST_LINE or line == self._told:
            return ""
        self._told = line
        return line


def last_words(path: str, log: str, logs: int) -> str:
    """Return why a task failed as it says itself: in the file ``path``, else at the end of its log.

    Args:
        path: "" is none.
        log: the name of its log, "" where that does not count.
        logs: the folder of logs, a descriptor.
    """
    words = _start_of(path, _LONGEST_WORDS) if path else ""
    if words or not log:
        return words.strip("\n")
    lines = end_of(log, _LOG_BYTES, logs).splitlines()[-_MOST_LINES:]
    # A line of a log is a time, a stream, a tag and what was said.
    return "\n".join(line.split(" ", 3)[-1] for line in lines)[-_LONGEST_LOG:].strip("\n")


def end_of(path: str, size: int, folder: int | None = None) -> str:
    """Return the last ``size`` bytes of a file as text; "" if there is none."""
    return _read(path, size, folder, is_end=True)


def _start_of(path: str, size: int) -> str:
    return _read(path, size, None, is_end=False)


def _read(path: str, size: int, folder: int | None, *, is_end: bool) -> str:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, dir_fd=folder)
    except OSError:
        return ""
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return ""
        start = max(0, found.st_size - size) if is_end else 0
        return os.pread(descriptor, size, start).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
