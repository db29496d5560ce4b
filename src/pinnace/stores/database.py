"""One SQLite file: connections that are set up right, and transactions that report what goes wrong.

Rules: a transaction that writes begins with ``BEGIN IMMEDIATE``, because one that reads first and writes
later may be refused in a way that waiting cannot cure. Within this process one writer waits for another on a
lock, which wakes it at once; only other processes are waited for by SQLite's own polling.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from pinnace.base.errors import InvariantBroken, StorageError
from pinnace.stores import schema
from pinnace.stores.failures import reported

#: Seconds for which another process's transaction is waited for.
PATIENCE = 30.0
#: Bytes that the write-ahead log keeps after it was longer.
_LOG_SIZE = 64 * 1024 * 1024


class Database:
    """An open database file with the tables that this version needs."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        """Open ``path``; make it, readable by nobody else, when it is not there.

        Raises:
            StorageError: it cannot be opened, or is not ours to use.
        """
        self.path = path
        self._patience = patience
        self._writing = threading.Lock()
        self._watching = threading.Lock()
        self._watcher: sqlite3.Connection | None = None
        # Not through a URL, which would give some characters of the path a meaning.
        # The connection used last comes first: after its own commit, what it has read is still true.
        self._engine = sa.create_engine(
            "sqlite://", creator=self._connect, poolclass=sa.QueuePool, pool_use_lifo=True
        )
        self._writer_engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        sa.event.listen(self._engine, "begin", _begin)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that may write; its end is its commit, an exception its undoing."""
        with self._writing, reported(self.path), self._writer_engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database throughout."""
        with reported(self.path), self._engine.begin() as connection:
            yield connection

    def changed(self) -> int:
        """Return a number that differs from the last call's if anything was committed since."""
        with self._watching, reported(self.path):
            # SQLite counts the commits of every connection but the one that asks: this one never writes.
            if self._watcher is None:
                self._watcher = self._connect()
            (version,) = self._watcher.execute("PRAGMA data_version").fetchone()
            return int(version)

    def close(self) -> None:
        """Let go of the file."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        self._engine.dispose()

    def _prepare(self) -> None:
        with reported(self.path):
            _create_private(self.path)
        with self.reading() as connection:
            if schema.stored_revision(connection) == schema.HEAD:
                return
        with self.writing() as connection:
            schema.prepare(connection, self.path)

    def _connect(self) -> sqlite3.Connection:
        """Return a new connection, used by one thread at a time."""
        connection = sqlite3.connect(
            self.path,
            timeout=self._patience,
            isolation_level=None,  # transactions begin where this module says
            check_same_thread=False,
        )
        try:
            if self._use_log(connection) != "wal":
                message = f"Cannot use the store {self.path}: its file system has no shared memory for SQLite"
                raise StorageError(message, remedy="Set PINNACE_HOME to a folder on a local disk.")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_SIZE}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _use_log(self, connection: sqlite3.Connection) -> str:
        """Have the file use a write-ahead log, and return what it uses now."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                # While another process does the same to a new file, SQLite refuses without waiting at all.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)


def driver(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection, in the same transaction: for what is executed with every save.

    It takes a quarter of the time, which matters where a commit holds one node.
    """
    found = connection.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        message = f"the driver is {type(found).__name__}, not sqlite3"
        raise InvariantBroken(message)
    return found


def _begin(connection: Connection) -> None:
    driver(connection).execute(connection.get_execution_options().get("begin", "BEGIN"))


def _create_private(path: Path) -> None:
    """Make the file, empty, for this user alone; SQLite gives its companions the same permissions."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # Never opened here: to close it would drop the locks that SQLite holds on it in this process.
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
