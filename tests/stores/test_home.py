"""The places where Pinnace keeps things are private and say so when they cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pinnace.base.errors import StorageError
from pinnace.stores.home import Home, prepare_home
from pinnace.stores.sqlite import SqliteStore


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_home_is_made_and_private(tmp_path: Path) -> None:
    root = tmp_path / "state" / "pinnace"
    home = prepare_home(root)
    assert home == Home(
        root=root, database=root / "pinnace.db", runs=root / "runs", artifacts=root / "artifacts"
    )
    assert [mode(folder) for folder in (home.root, home.runs, home.artifacts)] == [0o700] * 3
    assert prepare_home(root) == home


def test_the_database_and_its_log_are_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        home = prepare_home(tmp_path / "home")
        store = SqliteStore(home.database)
    finally:
        os.umask(old)
    files = [path for path in home.root.iterdir() if path.is_file()]
    assert {path.name for path in files} == {"pinnace.db", "pinnace.db-wal", "pinnace.db-shm"}
    assert {mode(path) for path in files} == {0o600}
    assert mode(home.root) == 0o700
    store.close()


def test_what_was_open_to_others_is_closed_but_not_a_home_that_existed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "runs").mkdir(mode=0o755)
    (tmp_path / "pinnace.db").touch(mode=0o644)
    home = prepare_home(tmp_path)
    SqliteStore(home.database).close()
    assert mode(tmp_path) == 0o755
    assert mode(home.runs) == 0o700
    assert mode(home.database) == 0o600


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(StorageError, match=f"Cannot use {tmp_path / 'runs'}: a file is in the way"):
        prepare_home(tmp_path)
    (tmp_path / "home").touch()
    with pytest.raises(StorageError, match="a file is in the way\n  Move it away"):
        prepare_home(tmp_path / "home")
    with pytest.raises(StorageError, match="a file is in the way"):
        prepare_home(tmp_path / "home" / "below")
