"""Where everything lies that Pinnace keeps on this machine. ``bootstrap`` calls it with the settings' folder.

Runs hold secrets, so every folder is for its owner alone (0700). A home folder that existed before keeps its
permissions, because it may be anything, ``/tmp`` included; what lies in it is private all the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pinnace.base.errors import StorageError
from pinnace.stores.failures import reported

_PRIVATE = 0o700


@dataclass(frozen=True)
class Home:
    """The places below one home folder. The folders exist; the database may not yet."""

    root: Path
    database: Path
    """The SQLite file; its ``-wal`` and ``-shm`` companions lie beside it."""
    runs: Path
    """One folder a run, named by its uid: scratch files and logs."""
    artifacts: Path
    """The local artifact repository."""


def prepare_home(root: Path) -> Home:
    """Make the folders of a home below ``root`` and return where they are.

    Raises:
        StorageError: one of them cannot be made, is no folder, or belongs to another user.
    """
    home = Home(
        root=root,
        database=root / "pinnace.db",
        runs=root / "runs",
        artifacts=root / "artifacts",
    )
    with reported(root):
        root.parent.mkdir(parents=True, exist_ok=True)
        root.mkdir(mode=_PRIVATE, exist_ok=True)
        for folder in (home.runs, home.artifacts):
            folder.mkdir(mode=_PRIVATE, exist_ok=True)
            _make_private(folder)
    return home


def _make_private(folder: Path) -> None:
    """Keep others out of ``folder``, which may have been made with wider permissions."""
    found = folder.stat()
    if os.geteuid() not in {0, found.st_uid}:
        message = f"{folder} belongs to another user"
        raise StorageError(message, remedy="Set PINNACE_HOME to a folder of your own.")
    if found.st_mode & 0o077:
        folder.chmod(_PRIVATE)
