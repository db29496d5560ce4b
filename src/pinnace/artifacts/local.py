"""The local repository: artifacts on this machine, each content stored once. The default, with no set-up.

A file's content lies in ``objects/ab/cdef…``, named by its SHA-256; a small database says which key means
which content. Keys hold text that workflows make, so they are rows and never file names. Several processes
may use one repository.

What keeps it whole: content is on disk before the row that names it, the rows of one ``save`` appear at
once, and content goes only when, under the database's lock, no row names it. A crash can leave content that
nothing names; it costs room and is used again when the same content is saved. What was on its way when a
process died is swept when nobody is saving: each one who saves shares a lock on ``saving.lock``, and who
sweeps has it alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pinnace.artifacts.files import appearing, copy_file, reason, regular_files, require_source
from pinnace.artifacts.keys import below, check_key
from pinnace.base.errors import ArtifactError, ArtifactNotFound

#: Seconds that a writer waits for another process's write.
_BUSY_TIMEOUT = 60.0
_CHUNK = 1 << 20
#: What folders begin with that hold what is being saved.
_SCRATCH = ".new-"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS artifact (
    key TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS artifact_digest ON artifact (digest);
"""

Row = tuple[str, str, int]


class LocalStore:
    """Artifacts in a folder of this machine; implements ``pinnace.ports.artifacts.ArtifactStore``.

    ``root`` is made, with its parents, when something is first saved.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._objects = root / "objects"
        self._saving = root / "saving.lock"
        self._is_swept = False
        self._lock = threading.Lock()
        self._anchor: sqlite3.Connection | None = None

    def load(self, key: str, target: Path) -> None:
        """Write what ``key`` means to ``target``: a copy, so that nobody can change what is stored.

        Raises:
            ArtifactNotFound: nothing is stored under it.
            ArtifactError: it cannot be read or is damaged.
        """
        key = check_key(key)
        rows = self._rows(key)
        if not rows:
            raise ArtifactNotFound(f"no artifact with the key {key!r} in {self._root}")
        with appearing(target) as made:
            if rows[0][0] == key:
                self._copy(rows[0], made)
                return
            made.mkdir()
            for row in rows:
                path = below(made, row[0][len(key) + 1 :])
                path.parent.mkdir(parents=True, exist_ok=True)
                self._copy(row, path)

    def save(self, source: Path, key: str) -> None:
        """Store the file ``source`` as ``key``, or each regular file of the folder ``source`` below ``key/``.

        All of a folder appears at once.

        Raises:
            ArtifactError: the disk is full, read-only or not ours, or a name cannot be a key.
        """
        key = check_key(key)
        require_source(source)
        with self.scratch(key) as scratch:
            if source.is_dir():
                rows = [
                    self._stage(path, check_key(f"{key}/{name}"), scratch)
                    for name, path in regular_files(source)
                ]
            else:
                rows = [self._stage(source, key, scratch)]
            self._publish(rows, scratch)

    @contextmanager
    def scratch(self, key: str) -> Iterator[Path]:
        """Give a folder for what is to be stored as ``key``; one that a crash leaves goes with a later save.

        Raises:
            ArtifactError: the disk is full, read-only or not ours.
        """
        try:
            self._objects.mkdir(parents=True, exist_ok=True)
            self._sweep()
            with self._saving.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH)
                with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=self._root) as folder:
                    yield Path(folder)
        except OSError as error:
            raise ArtifactError(
                f"cannot store the artifact {key!r} in {self._root}: {reason(error)}",
                remedy="Make room there, or choose another place for the repository in the settings.",
            ) from error

    def delete(self, key: str) -> None:
        """Remove the object ``key``, or all below it; content that no other key names goes too."""
        rows = self._rows(check_key(key))
        if not rows:
            return
        # Two transactions: a crash between them leaves unnamed content, where one whose files went before its
        # rows would leave rows that name nothing.
        with self._database() as database, _writing(database):
            database.executemany(
                "DELETE FROM artifact WHERE key = ? AND digest = ?", [row[:2] for row in rows]
            )
        with self._database() as database, _writing(database):
            for digest in {row[1] for row in rows}:
                if not database.execute("SELECT 1 FROM artifact WHERE digest = ?", (digest,)).fetchone():
                    self._object(digest).unlink(missing_ok=True)

    def list(self, prefix: str) -> Sequence[str]:
        """Return the keys at or below ``prefix``, sorted."""
        prefix = check_key(prefix)
        return [key for key, _, _ in self._all(prefix)]

    def is_directory(self, key: str) -> bool:
        """Return whether there are objects below ``key/``."""
        key = check_key(key)
        return any(row[0] != key for row in self._all(key))

    def _rows(self, key: str) -> Sequence[Row]:
        """Return the row of the object ``key``; without one, those of all objects below it."""
        rows = self._all(key)
        return rows[:1] if rows and rows[0][0] == key else rows

    def _all(self, key: str) -> Sequence[Row]:
        if not self._root.exists():
            return []
        query = "SELECT key, digest, bytes FROM artifact WHERE key = ? OR (key > ? AND key < ?) ORDER BY key"
        with self._database() as database:
            # "0" is the character after "/": the range holds what begins with "key/" and nothing else.
            return database.execute(query, (key, key + "/", key + "0")).fetchall()

    def _sweep(self) -> None:
        """Remove the folders that crashes left behind, the first time that nobody is saving anything."""
        if self._is_swept:
            return
        with self._saving.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            for folder in self._root.glob(f"{_SCRATCH}*"):
                shutil.rmtree(folder, ignore_errors=True)
        self._is_swept = True

    def _stage(self, source: Path, key: str, scratch: Path) -> Row:
        """Copy ``source`` into ``scratch`` under its digest, and return its row."""
        sha, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=scratch)
        with source.open("rb") as content, open(handle, "wb") as out:
            while chunk := content.read(_CHUNK):
                sha.update(chunk)
                out.write(chunk)
                size += len(chunk)
            digest = sha.hexdigest()
            if not self._object(digest).exists():
                out.flush()
                os.fsync(out.fileno())
        Path(name).rename(scratch / digest)
        return key, digest, size

    def _publish(self, rows: Iterable[Row], scratch: Path) -> None:
        """Make the content in ``scratch`` part of the repository, and let ``rows`` name it."""
        rows = list(rows)
        with self._database() as database, _writing(database):
            for digest in {digest for _, digest, _ in rows}:
                self._keep(scratch / digest, self._object(digest))
            database.executemany("INSERT OR REPLACE INTO artifact VALUES (?, ?, ?)", rows)

    def _keep(self, staged: Path, place: Path) -> None:
        if place.exists():
            return
        place.parent.mkdir(exist_ok=True)
        # Also when it was there while it was staged and another process has deleted it since.
        _sync(staged)
        staged.chmod(0o444)
        staged.rename(place)
        _sync(place.parent)

    def _copy(self, row: Row, target: Path) -> None:
        key, digest, size = row
        try:
            copied = copy_file(self._object(digest), target)
        except FileNotFoundError as error:
            raise ArtifactError(
                f"the content of the artifact {key!r} is missing in {self._objects}"
            ) from error
        if copied != size:
            raise ArtifactError(
                f"the artifact {key!r} is damaged: {copied} of {size} bytes in {self._objects}"
            )

    def _object(self, digest: str) -> Path:
        return self._objects / digest[:2] / digest[2:]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                if self._anchor is None:
                    self._anchor = self._first_connection()
            with closing(self._connection()) as database:
                yield database
        except (sqlite3.Error, OSError) as error:
            raise ArtifactError(f"the artifact repository {self._root} cannot be used: {error}") from error

    def _first_connection(self) -> sqlite3.Connection:
        """Return a connection that stays open, for else each last one to close would merge the whole log."""
        self._root.mkdir(parents=True, exist_ok=True)
        database = self._connection()
        weakref.finalize(self, database.close)
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(_SCHEMA)
        return database

    def _connection(self) -> sqlite3.Connection:
        path = self._root / "index.db"
        # Every thread has its own, but the last reference to the first may end on any of them.
        database = sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA synchronous = FULL")
        return database


@contextmanager
def _writing(database: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the only write lock from its beginning."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
