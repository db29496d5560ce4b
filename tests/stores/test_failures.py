"""What the system and SQLite answer becomes an error that says what, where, and what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from pinnace.base.errors import StorageError
from pinnace.stores.failures import reported


@pytest.mark.parametrize(
    ("number", "what", "remedy"),
    [
        (errno.ENOSPC, "there is no room left on the disk", "Free some room"),
        (errno.EDQUOT, "this user's disk quota is exhausted", "Free some room"),
        (errno.EROFS, "the disk is read-only", "set PINNACE_HOME to a folder that is"),
        (errno.EACCES, "access is denied", "set PINNACE_HOME to a folder that is"),
        (errno.ENOTDIR, "a file is in the way", "Move it away"),
        (errno.EIO, "Input/output error", "set PINNACE_HOME"),
    ],
)
def test_the_systems_errors_are_told_apart(number: int, what: str, remedy: str) -> None:
    with pytest.raises(StorageError) as caught, reported(Path("/home/pinnace")):
        raise OSError(number, os.strerror(number), "/home/pinnace/runs")
    assert caught.value.message == f"Cannot use /home/pinnace/runs: {what}"
    assert remedy in caught.value.remedy


def test_a_read_only_database_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "pinnace.db"
    sqlite3.connect(path).executescript("CREATE TABLE a (b)").connection.close()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    what = r"it, its folder or its disk is read-only \(SQLITE_READONLY\)\n  Make it writable"
    with pytest.raises(StorageError, match=what), reported(path):
        connection.execute("INSERT INTO a VALUES (1)")
    connection.close()


def test_a_missing_folder_is_not_called_read_only(tmp_path: Path) -> None:
    path = tmp_path / "none" / "pinnace.db"
    with pytest.raises(StorageError, match=r"it cannot be opened \(SQLITE_CANTOPEN\)"), reported(path):
        sqlite3.connect(path)


def test_a_mistake_of_our_own_stays_one(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), reported(tmp_path):
        connection.execute("SELECT * FROM nowhere")
    connection.close()
