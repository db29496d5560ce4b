"""What the SQLite store does with its file beyond the contract."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from pinnace.base.errors import StorageError
from pinnace.engine.node import Node, NodeInputs
from pinnace.ports.store import RunChange, RunFilter
from pinnace.stores.sqlite import SqliteStore
from pinnace.testing.contracts.store_samples import create, make_node, make_run

BIG = "x" * 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pinnace.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def node_given(number: int, text: str, message: str) -> Node:
    return replace(make_node(number), inputs=NodeInputs(parameters={"in": text}), message=message)


def test_a_large_text_is_stored_once_however_often_it_is_saved(store: SqliteStore, path: Path) -> None:
    run = make_run()
    lease, uid = create(store, run), run.info.uid
    for phase in ("", "x", "y"):
        nodes = [node_given(number, BIG, phase) for number in range(3)]
        store.save([RunChange(uid=uid, lease=lease, nodes=nodes)])
    large = "SELECT count(*), sum(length(data)) FROM stored_values WHERE length(data) >= 1000000"
    assert rows(path, large) == [(1, 1_000_000)]
    assert rows(path, "SELECT max(length(data)) < 1000 FROM nodes") == [(1,)]


def test_runs_of_one_workflow_share_its_manifest(store: SqliteStore, path: Path) -> None:
    first = make_run("a")
    create(store, first)
    create(store, replace(make_run("b"), submission=first.submission))
    assert rows(path, "SELECT count(*) FROM stored_values") == [(1,)]


def test_deleting_runs_leaves_no_row_behind(store: SqliteStore, path: Path) -> None:
    for name in ("a", "b"):
        run = make_run(name)
        lease = create(store, run)
        store.save([RunChange(uid=run.info.uid, lease=lease, nodes=[make_node(1, text=BIG)])])
        store.add_request(run.info.uid, "stop", {"text": BIG})
    store.delete_run(make_run("a").info.uid)
    assert rows(path, "SELECT count(*) FROM stored_values WHERE length(data) >= 1000000") == [(1,)]
    store.delete_run(make_run("b").info.uid)
    for table in ("runs", "nodes", "stored_values", "run_values", "requests"):
        assert rows(path, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_a_commit_waits_for_the_disk_and_keeps_references_whole(store: SqliteStore) -> None:
    with store._database.writing() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reader_sees_one_moment_while_another_writes(store: SqliteStore, path: Path) -> None:
    run = make_run()
    lease, uid = create(store, run), run.info.uid
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            texts = [make_node(at, text=str(number)) for at in range(20)]
            state = replace(run.state, message=str(number))
            store.save([RunChange(uid=uid, lease=lease, nodes=texts, state=state)])

    store.save([RunChange(uid=uid, lease=lease, nodes=[make_node(at, text="0") for at in range(20)])])
    thread = threading.Thread(target=write)
    thread.start()
    reader = SqliteStore(path)
    moments: set[frozenset[str]] = set()
    try:
        while len(moments) < 20 and thread.is_alive():
            moments.add(frozenset(node.message for node in reader.load_run(uid).nodes))
    finally:
        stop.set()
        thread.join()
        reader.close()
    assert [len(messages) for messages in moments] == [1] * 20


def test_a_store_that_another_process_keeps_locked_says_so_and_works_again(path: Path) -> None:
    store = SqliteStore(path, patience=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(
        StorageError, match=rf"{path}: another process keeps it locked \(SQLITE_BUSY\)\n  Try"
    ):
        create(store, make_run())
    assert store.list_runs(RunFilter()) == []  # readers need not wait
    other.execute("ROLLBACK")
    other.close()
    create(store, make_run())
    assert store.load_run(make_run().info.uid) == make_run()
    store.close()


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("this is a letter to my aunt, and long enough to look like something" * 20)
    with pytest.raises(StorageError, match=r"it is not a database \(SQLITE_NOTADB\)\n  Move it away"):
        SqliteStore(path)


def test_a_damaged_database_is_reported(store: SqliteStore, path: Path) -> None:
    run = replace(make_run(), nodes=(make_node(0, text=BIG),))
    create(store, run)
    uid = run.info.uid
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DELETE FROM stored_values WHERE length(data) >= 1000000")
    with pytest.raises(StorageError, match=r"it is damaged \(a value is missing\)"):
        store.load_run(uid)
    connection.execute("UPDATE nodes SET data = x'01c1'")
    with pytest.raises(StorageError, match="holds a Node that cannot be read"):
        store.load_run(uid)
    connection.close()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=f"Cannot use {tmp_path / 'none' / 'pinnace.db'}: No such file"):
        SqliteStore(tmp_path / "none" / "pinnace.db")


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20é&mode=ro"
    folder.mkdir()
    store = SqliteStore(folder / "pinnace.db")
    create(store, make_run())
    store.changed()
    store.close()
    assert [path.name for path in folder.iterdir()] == ["pinnace.db"]
