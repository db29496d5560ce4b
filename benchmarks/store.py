"""The store alone: transitions a second, with 1, 10, 100 and 1000 in a commit, each waiting for the disk.

Peer: sqlite3 itself with the same settings, rows and bytes, encoded beforehand. The two take turns, so that a
disk that is busy for a while is busy for both; the figures are medians.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path
from statistics import median

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, NodeInputs, NodeOutputs, NodeType, Phase
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.store import RunChange, Submission
from pinnace.spec.workflow import Workflow
from pinnace.stores.processes import this_process
from pinnace.stores.sqlite import SqliteStore
from pinnace.stores.writer import Writer

INFO = RunInfo(uid="0" * 32, name="bench", namespace="default", created_at=0.0)
NODES = 1_000
LARGE = "x" * 10_000_000

Row = tuple[str, int, str, bytes]


def changing_nodes() -> Iterator[Node]:
    """Give nodes without end, the same ones in turn, each changed since it was given last."""
    for turn in count():
        yield Node(
            number=NodeNumber(turn % NODES),
            name=f"bench[1].work({turn % NODES}:{turn % NODES})",
            type=NodeType.POD,
            phase=Phase.SUCCEEDED,
            key="work",
            template="leaf",
            parent=NodeNumber(0),
            boundary=NodeNumber(0),
            inputs=NodeInputs(parameters={"url": f"https://example.org/posts/{turn % NODES}"}),
            outputs=NodeOutputs(result=str(turn), exit_code=0),
            started_at=1.0,
            finished_at=float(turn),
        )


def open_peer(path: Path) -> sqlite3.Connection:
    """Return a bare database with a table like the store's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    columns = "run TEXT, number INTEGER, phase TEXT, data BLOB, PRIMARY KEY (run, number)"
    connection.execute(f"CREATE TABLE nodes ({columns})")
    return connection


def save_bare(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Commit the rows."""
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def seconds(action: Callable[[], object]) -> float:
    """Return how long ``action`` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(folder: Path, store: SqliteStore, lease: int) -> None:
    """Print the store beside its peer."""
    peer = open_peer(folder / "peer.db")
    nodes = changing_nodes()
    print(f"{'a commit':>8}{'transitions/s':>15}{'bare sqlite3':>14}{'ratio':>7}{'ms more':>9}")
    for size in (1, 10, 100, 1_000):
        own, bare = [], []
        for _ in range(max(20, 400 // size)):
            batch = list(islice(nodes, size))
            rows = [(INFO.uid, node.number, node.phase.value, msgspec.msgpack.encode(node)) for node in batch]
            change = RunChange(uid=INFO.uid, lease=lease, nodes=batch)
            own.append(seconds(partial(store.save, [change])))
            bare.append(seconds(partial(save_bare, peer, rows)))
        ours, theirs = median(own), median(bare)
        print(
            f"{size:>8}{size / ours:>15,.0f}{size / theirs:>14,.0f}"
            f"{theirs / ours:>7.2f}{(ours - theirs) * 1e3:>9.2f}"
        )
    peer.close()


def group(store: SqliteStore, lease: int, total: int = 10_000) -> None:
    """Print what the writer makes of changes that come in one by one."""
    writer = Writer(store)
    changes = [RunChange(uid=INFO.uid, lease=lease, nodes=[node]) for node in islice(changing_nodes(), total)]

    def hand_in() -> None:
        for future in [writer.submit(change) for change in changes]:
            future.result()

    print(f"handed in one by one, grouped by the writer: {total / seconds(hand_in):,.0f} transitions/s")
    writer.close()


def pass_on(store: SqliteStore, lease: int) -> None:
    """Print what a text of 10 MB costs when it is first saved, and when it is passed on."""
    took = []
    for number in range(6):
        given = NodeInputs(parameters={"all": LARGE})
        node = Node(number=NodeNumber(NODES + number), name=f"join{number}", type=NodeType.POD, inputs=given)
        change = RunChange(uid=INFO.uid, lease=lease, nodes=[node])
        took.append(seconds(partial(store.save, [change])) * 1e3)
    loading = seconds(lambda: store.load_run(INFO.uid)) * 1e3
    print(f"a text of 10 MB: saved first in {took[0]:.0f} ms, passed on in {median(took[1:]):.1f} ms each;")
    print(f"the whole run of {NODES + 6} nodes loaded in {loading:.0f} ms")


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        store = SqliteStore(Path(name) / "pinnace.db")
        submission = Submission(workflow=Workflow())
        lease = store.create_run(INFO, submission, RunState(), (), owner=this_process(), lease_seconds=3600)
        compare(Path(name), store, lease)
        group(store, lease)
        pass_on(store, lease)
        store.close()


if __name__ == "__main__":
    main()
