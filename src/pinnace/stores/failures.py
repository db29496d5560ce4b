"""What the disk and the database answer, as errors that say what is wrong, where, and what to do.

Used by every module here that touches a file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pinnace.base.errors import StorageError

_MOVE = "Make it writable for this user, or set PINNACE_HOME to a folder that is."
_FREE = "Free some room there; `pinnace delete` removes old runs."

#: SQLite's primary result code → what happened, what to do.
_SQLITE = {
    sqlite3.SQLITE_FULL: ("there is no room left on the disk", _FREE),
    sqlite3.SQLITE_READONLY: ("it, its folder or its disk is read-only", _MOVE),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", _MOVE),
    sqlite3.SQLITE_PERM: ("access is denied", _MOVE),
    sqlite3.SQLITE_IOERR: (
        "the disk failed to read or write",
        "See whether the disk, a quota or a file size limit (`ulimit -f`) is exhausted, or the disk fails.",
    ),
    sqlite3.SQLITE_BUSY: (
        "another process keeps it locked",
        "Try again; if that does not help, find the process with `fuser` and end it.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged",
        "Move it away and restore a copy; `sqlite3 FILE .recover` may save what is left.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "it is not a database",
        "Move it away, or set PINNACE_HOME to another folder.",
    ),
}
_SQLITE[sqlite3.SQLITE_LOCKED] = _SQLITE[sqlite3.SQLITE_BUSY]

#: The system's error number → what happened, what to do.
_SYSTEM = {
    errno.ENOSPC: _SQLITE[sqlite3.SQLITE_FULL],
    errno.EDQUOT: ("this user's disk quota is exhausted", _FREE),
    errno.EROFS: ("the disk is read-only", _MOVE),
    errno.EACCES: ("access is denied", _MOVE),
    errno.EPERM: ("access is denied", _MOVE),
    errno.EEXIST: ("a file is in the way", "Move it away, or set PINNACE_HOME to another folder."),
}
_SYSTEM[errno.ENOTDIR] = _SYSTEM[errno.EEXIST]


@contextmanager
def reported(place: Path) -> Iterator[None]:
    """Turn what goes wrong with the files at ``place`` into a ``StorageError`` that names it."""
    try:
        yield
    except OSError as error:
        what, remedy = _SYSTEM.get(error.errno or 0, (error.strerror or str(error), _MOVE))
        message = f"Cannot use {error.filename or place}: {what}"
        raise StorageError(message, remedy=remedy) from error
    except Exception as error:
        # SQLAlchemy wraps what the driver raises. It is not loaded for this: that takes longer than all else.
        cause = getattr(error, "orig", error)
        # What Pinnace itself does wrong (a statement, a type) stays what it is: a defect.
        if not isinstance(cause, sqlite3.Error) or _is_defect(cause):
            raise
        raise _from_sqlite(cause, place) from error


def _is_defect(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in _SQLITE


def _from_sqlite(error: sqlite3.Error, place: Path) -> StorageError:
    code = error.sqlite_errorcode & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and place.exists() and not os.access(place.parent, os.W_OK):
        code = sqlite3.SQLITE_READONLY  # the log beside it cannot be made
    what, remedy = _SQLITE[code]
    return StorageError(f"Cannot use the store {place}: {what} ({error.sqlite_errorname})", remedy=remedy)
