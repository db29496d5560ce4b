"""The writer saves in groups, and answers everyone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from pinnace.base.errors import LeaseLost, StorageError
from pinnace.engine.node import Node
from pinnace.ports.store import RunChange
from pinnace.stores.memory import MemoryStore
from pinnace.stores.writer import Writer
from pinnace.testing.contracts.store_samples import create, make_node, make_run


class GatedStore(MemoryStore):
    """A store whose saves wait for a gate, counts them, and has no room when it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.waits = threading.Event()
        self.is_full = False

    def save(self, changes: Sequence[RunChange]) -> None:
        self.waits.set()
        self.gate.wait()
        self.groups.append(len(changes))
        if self.is_full:
            message = "no room"
            raise StorageError(message)
        super().save(changes)


@pytest.fixture
def store() -> GatedStore:
    return GatedStore()


@pytest.fixture
def writer(store: GatedStore) -> Iterator[Writer]:
    writer = Writer(store)
    yield writer
    store.gate.set()
    writer.close()


def begin_one(store: GatedStore, writer: Writer) -> None:
    """Have the writer's thread stand in a save of one change."""
    run = make_run("first")
    lease = create(store, run)
    store.gate.clear()
    store.waits.clear()
    writer.submit(RunChange(uid=run.info.uid, lease=lease, nodes=[make_node(9)]))
    assert store.waits.wait(10)


def nodes_of(store: GatedStore, name: str) -> tuple[Node, ...]:
    return store.load_run(make_run(name).info.uid).nodes


def test_what_comes_in_during_a_commit_goes_into_the_next_one(store: GatedStore, writer: Writer) -> None:
    names = [f"run-{number}" for number in range(50)]
    changes = [
        RunChange(uid=make_run(name).info.uid, lease=create(store, make_run(name)), nodes=[make_node(1)])
        for name in names
    ]
    begin_one(store, writer)
    futures = [writer.submit(change) for change in changes]
    assert not any(future.done() for future in futures)
    store.gate.set()
    for future in futures:
        future.result(10)
    assert store.groups == [1, 50]
    assert all(make_node(1) in nodes_of(store, name) for name in names)


def test_a_lost_lease_fails_only_its_own_change(store: GatedStore, writer: Writer) -> None:
    changes = []
    for name in "abc":
        lease = create(store, make_run(name))
        changes.append(RunChange(uid=make_run(name).info.uid, lease=lease, nodes=[make_node(1)]))
    store.delete_run(changes[1].uid)
    begin_one(store, writer)
    first, lost, last = [writer.submit(change) for change in changes]
    store.gate.set()
    first.result(10)
    last.result(10)
    with pytest.raises(LeaseLost):
        lost.result(10)
    assert make_node(1) in nodes_of(store, "a")
    assert make_node(1) in nodes_of(store, "c")


def test_a_full_disk_fails_the_whole_group_at_once_and_the_next_one_is_saved(
    store: GatedStore, writer: Writer
) -> None:
    changes = [
        RunChange(uid=make_run(name).info.uid, lease=create(store, make_run(name)), nodes=[make_node(1)])
        for name in "abc"
    ]
    begin_one(store, writer)
    futures = [writer.submit(change) for change in changes]
    store.is_full = True
    store.gate.set()
    for future in futures:
        with pytest.raises(StorageError, match="no room"):
            future.result(10)
    assert store.groups == [1, 3]  # nobody is tried again alone: there is no room for him either
    store.is_full = False
    writer.submit(changes[0]).result(10)
    assert make_node(1) in nodes_of(store, "a")


def test_what_was_given_up_before_its_turn_is_not_saved(store: GatedStore, writer: Writer) -> None:
    change = RunChange(uid=make_run().info.uid, lease=create(store, make_run()), nodes=[make_node(1)])
    begin_one(store, writer)
    future = writer.submit(change)
    assert future.cancel()
    store.gate.set()
    writer.close()
    assert make_node(1) not in nodes_of(store, "hello")


def test_closing_saves_what_was_handed_in_and_takes_nothing_more(store: GatedStore, writer: Writer) -> None:
    change = RunChange(uid=make_run().info.uid, lease=create(store, make_run()), nodes=[make_node(1)])
    begin_one(store, writer)
    future = writer.submit(change)
    store.gate.set()
    writer.close()
    writer.close()
    assert future.done()
    assert make_node(1) in nodes_of(store, "hello")
    with pytest.raises(StorageError, match="closed"):
        writer.submit(change)
