"""How far a task says it is: the last line of a file that it may write."""

from __future__ import annotations

import os
import stat

#: A line that says how far a task is, is shorter.
_LONGEST_LINE = 64


class ProgressFile:
    """The file ``path`` of a task, looked at again and again; "" is none.

    The task may make a pipe or a device of it: it is opened without waiting, and only a file is read.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: object = None
        self._told = ""

    def news(self) -> str:
        """Return the last line if it is another one than last time, else ""."""
        if not self._path:
            return ""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return ""  # it says nothing, or nothing now
        try:
            line = self._last_line(descriptor)
        except OSError:
            return ""
        finally:
            os.close(descriptor)
        if not line or line == self._told:
            return ""
        self._told = line
        return line

    def _last_line(self, descriptor: int) -> str:
        found = os.fstat(descriptor)
        state = found.st_ino, found.st_size, found.st_mtime_ns
        if not stat.S_ISREG(found.st_mode) or state == self._seen:
            return ""
        self._seen = state
        end = os.pread(descriptor, 2 * _LONGEST_LINE, max(0, found.st_size - 2 * _LONGEST_LINE))
        line = end.decode("utf-8", "replace").strip().rpartition("\n")[2].strip()
        return line if len(line) <= _LONGEST_LINE else ""
