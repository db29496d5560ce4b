"""A store that forgets everything with its process: for simulations and tests.

It keeps every rule of the port but durability: the contract tests of the durable store run over it too.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.emissions import Emission
from pinnace.engine.node import NOBODY, Node, Phase
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.metrics import Series, added
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import Owner, Request, RunChange, RunFilter, RunSummary, StoredRun, Submission
from pinnace.stores.answers import (
    definition_of,
    is_expired,
    lease_lost,
    lifetimes_of,
    matches,
    name_taken,
    newest,
    no_run,
    object_changed,
    object_taken,
    pick,
    printable_emission,
    summarize,
)
from pinnace.stores.memory_caches import MemoryCaches
from pinnace.stores.memory_locks import MemoryLocks
from pinnace.stores.processes import is_dead


@dataclass
class _Row:
    """What is kept of one run."""

    info: RunInfo
    submission: Submission
    state: RunState
    nodes: dict[NodeNumber, Node]
    owner: Owner | None
    lease_until: float
    lease: int = 1
    requests: dict[int, Request] = field(default_factory=dict)

    def give(self, owner: Owner | None, until: float) -> int:
        """Change the owner and return the new lease number."""
        self.owner, self.lease_until = owner, until
        self.lease += 1
        return self.lease


class MemoryObjects:
    """Keeps objects in memory; ``count`` is called with each change."""

    def __init__(self, lock: threading.RLock, count: Callable[[], None]) -> None:
        self._lock = lock
        self._count = count
        self._kept: dict[tuple[str, str, str], KeptObject] = {}

    def create(self, kept: KeptObject) -> None:
        """Keep a new object, as its first version."""
        with self._lock:
            if _key(kept) in self._kept:
                raise object_taken(kept)
            self._put(msgspec.structs.replace(kept, version=1))

    def replace(self, kept: KeptObject) -> KeptObject:
        """Keep ``kept`` in place of the object it was made from, and return it with its new version."""
        self.replace_all([kept])
        return msgspec.structs.replace(kept, version=kept.version + 1)

    def replace_all(self, changes: Sequence[KeptObject]) -> None:
        """Replace all of them, or none."""
        with self._lock:
            for kept in changes:
                now = self._kept.get(_key(kept))
                if now is None or (now.uid, now.version) != (kept.uid, kept.version):
                    raise object_changed(kept)
            for kept in changes:
                self._put(msgspec.structs.replace(kept, version=kept.version + 1))

    def find(self, kind: str, namespace: str, name: str) -> KeptObject | None:
        """Return the object, or None."""
        with self._lock:
            kept = self._kept.get((kind, namespace, name))
            return None if kept is None else _copy(kept)

    def of_kind(self, kind: str, namespace: str | None = None) -> Sequence[KeptObject]:
        """Return the objects of a kind by namespace and name; None is every namespace."""
        with self._lock:
            keys = [key for key in self._kept if key[0] == kind and namespace in {None, key[1]}]
            return [_copy(self._kept[key]) for key in sorted(keys)]

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Forget the object; return whether there was one."""
        with self._lock:
            self._count()
            return self._kept.pop((kind, namespace, name), None) is not None

    def _put(self, kept: KeptObject) -> None:
        self._kept[_key(kept)] = _copy(kept)
        self._count()


def _key(kept: KeptObject) -> tuple[str, str, str]:
    return kept.kind, kept.namespace, kept.name


def _copy(kept: KeptObject) -> KeptObject:
    return msgspec.structs.replace(kept, body=copy.deepcopy(kept.body))


class MemoryMetrics:
    """Keeps time series in memory."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._series: dict[tuple[str, str], Series] = {}

    def series(self) -> Sequence[Series]:
        """Return all series, by name and labels."""
        with self._lock:
            return [self._series[key] for key in sorted(self._series)]

    def add(self, emissions: Iterable[Emission]) -> None:
        """Add what was emitted."""
        for each in emissions:
            emission = printable_emission(each)
            key = (emission.name, json.dumps(emission.labels))
            known = self._series.get(key)
            first = next((series for series in self.series() if series.name == emission.name), None)
            defined = emission if first is None else definition_of(first, emission)
            if defined is not None:
                self._series[key] = added(known, defined)


class MemoryStore:
    """Keeps runs in memory. What it is given is immutable, and kept as it is."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, is_dead: Callable[[Owner], bool] = is_dead
    ) -> None:
        self._clock = clock
        self._is_dead = is_dead
        self._lock = threading.RLock()
        self._rows: dict[str, _Row] = {}
        self._last_request = 0
        self._changes = 0
        #: What the namespaces hold beside runs.
        self.objects = MemoryObjects(self._lock, self._count)
        #: What all runs emitted.
        self.metrics = MemoryMetrics(self._lock)
        #: What memoized nodes came to.
        self.caches = MemoryCaches(self._lock)
        self.locks = MemoryLocks(self._phase_of, lambda uid: self.owner_of(uid) is not None, self._count)

    # Runs --------------------------------------------------------------------------------------------------

    def create_run(
        self,
        info: RunInfo,
        submission: Submission,
        state: RunState,
        nodes: Sequence[Node],
        *,
        owner: Owner,
        lease_seconds: float,
        replacing: Sequence[KeptObject] = (),
    ) -> int:
        """Keep a new run, owned by ``owner``, and return its lease number."""
        with self._lock:
            names = {(row.info.namespace, row.info.name) for row in self._rows.values()}
            if (info.namespace, info.name) in names:
                raise name_taken(info)
            self.objects.replace_all(replacing)
            row = _Row(
                info=info,
                submission=submission,
                state=state,
                nodes={node.number: node for node in nodes},
                owner=owner,
                lease_until=self._clock() + lease_seconds,
            )
            self._rows[info.uid] = row
            self._changes += 1
            return row.lease

    def save(self, changes: Sequence[RunChange]) -> None:
        """Keep all ``changes``, in order, or none."""
        with self._lock:
            for change in changes:
                row = self._rows.get(change.uid)
                if row is None or row.lease != change.lease:
                    raise lease_lost(change.uid)
            for change in changes:
                row = self._rows[change.uid]
                row.state = row.state if change.state is None else change.state
                row.info = row.info if change.info is None else change.info
                self.caches.add(change.cached)
                if row.state.is_finished:
                    self.locks.forget(change.uid)
                for number in change.removed:
                    row.nodes.pop(number, None)
                row.nodes.update((node.number, node) for node in change.nodes)
                self.metrics.add(change.metrics)
                for request in change.requests_done:
                    row.requests.pop(request, None)
            self._changes += 1

    def load_run(self, uid: str) -> StoredRun:
        """Return a run as last saved."""
        with self._lock:
            row = self._row(uid)
            nodes = tuple(row.nodes[number] for number in sorted(row.nodes))
            return StoredRun(info=row.info, submission=row.submission, state=row.state, nodes=nodes)

    def nodes_in(self, uid: str, phase: Phase) -> Sequence[Node]:
        """Return the run's nodes in ``phase``, by number."""
        with self._lock:
            nodes = self._rows[uid].nodes if uid in self._rows else {}
            return [nodes[number] for number in sorted(nodes) if nodes[number].phase is phase]

    def find_run(self, text: str, namespace: str | None = None) -> RunSummary:
        """Return the run with that uid or name, or the only one whose name or uid begins so."""
        with self._lock:
            every = self._summaries(RunFilter())
        return pick(text, namespace, every)

    def list_runs(self, wanted: RunFilter) -> Sequence[RunSummary]:
        """Return the runs that ``wanted`` describes, newest first."""
        with self._lock:
            return self._summaries(wanted)[: wanted.limit]

    def expired(self, now: float) -> Sequence[RunSummary]:
        """Return the ended runs that their ``ttlStrategy`` no longer keeps."""
        with self._lock:
            every = self._summaries(RunFilter())
            return [
                run for run in every if is_expired(run, lifetimes_of(self._rows[run.uid].submission), now)
            ]

    def latest(self, namespace: str | None = None) -> RunSummary:
        """Return the run made last."""
        return newest(self.list_runs(RunFilter(namespace=namespace, limit=1)), namespace)

    def delete_run(self, uid: str) -> None:
        """Forget a run."""
        with self._lock:
            self._rows.pop(uid, None)
            self._changes += 1

    # Leases ------------------------------------------------------------------------------------------------

    def acquire(self, uid: str, owner: Owner, seconds: float) -> int | None:
        """Make ``owner`` the run's owner and return the new lease number, or None when another has it."""
        with self._lock:
            row = self._rows.get(uid)
            holder = self.owner_of(uid)
            if row is None or (holder is not None and holder.id != owner.id):
                return None
            self._changes += 1
            return row.give(owner, self._clock() + seconds)

    def renew(self, uids: Collection[str], owner: Owner, seconds: float) -> set[str]:
        """Let the leases that ``owner`` still has end ``seconds`` from now; return their runs."""
        with self._lock:
            held = self._held(uids, owner)
            for uid in held:
                self._rows[uid].lease_until = self._clock() + seconds
            self._changes += 1
            return held

    def release(self, uids: Collection[str], owner: Owner) -> None:
        """Give up the leases that ``owner`` still has."""
        with self._lock:
            for uid in self._held(uids, owner):
                self._rows[uid].give(None, 0.0)
            self._changes += 1

    def owner_of(self, uid: str) -> Owner | None:
        """Return who owns the run now, or None."""
        with self._lock:
            row = self._rows.get(uid)
            if row is None or row.owner is None or row.lease_until <= self._clock():
                return None
            return None if self._is_dead(row.owner) else row.owner

    def unowned(self) -> Sequence[RunSummary]:
        """Return the runs that are not finished and that nobody owns now, oldest first."""
        with self._lock:
            found = [run for run in self._summaries(RunFilter()) if not self._rows[run.uid].state.is_finished]
            return [run for run in reversed(found) if self.owner_of(run.uid) is None]

    # Requests ----------------------------------------------------------------------------------------------

    def add_request(self, uid: str, kind: str, payload: Mapping[str, Any]) -> int:
        """Leave a request for the run's owner, present or next, and return its id."""
        with self._lock:
            row = self._row(uid)
            self._last_request += 1
            row.requests[self._last_request] = Request(
                id=self._last_request, uid=uid, kind=kind, payload=dict(payload), created_at=self._clock()
            )
            self._changes += 1
            return self._last_request

    def pending_requests(self, uids: Collection[str]) -> Sequence[Request]:
        """Return the requests to these runs that no saved change has done, oldest first."""
        with self._lock:
            rows = [self._rows[uid] for uid in uids if uid in self._rows]
            pending = [request for row in rows for request in row.requests.values()]
            return sorted(pending, key=lambda request: request.id)

    def changed(self) -> int:
        """Return a number that differs from the last call's if anything was saved since."""
        with self._lock:
            return self._changes

    def close(self) -> None:
        """Do nothing: everything stays as long as the store itself."""

    def _count(self) -> None:
        self._changes += 1

    def _phase_of(self, uid: str, number: NodeNumber) -> Phase | None:
        """Return where a node stands, or the run as if it were one; None when that is over or not there."""
        row = self._rows.get(uid)
        if row is None or row.state.is_finished:
            return None
        if number == NOBODY:
            return Phase.WAITING if row.state.phase in {"", "Pending"} else Phase.RUNNING
        node = row.nodes.get(number)
        return None if node is None or node.phase.is_fulfilled else node.phase

    # Reading -----------------------------------------------------------------------------------------------

    def _row(self, uid: str) -> _Row:
        row = self._rows.get(uid)
        if row is None:
            raise no_run(uid)
        return row

    def _held(self, uids: Collection[str], owner: Owner) -> set[str]:
        rows = self._rows
        return {uid for uid in uids if uid in rows and (held := rows[uid].owner) and held.id == owner.id}

    def _summaries(self, wanted: RunFilter) -> list[RunSummary]:
        """Return the runs that meet every condition but ``limit``, newest first."""
        every = [
            summarize(row.info, row.state, row.submission.workflow.spec.priority or 0)
            for row in self._rows.values()
        ]
        found = [run for run in every if matches(wanted, run)]
        return sorted(found, key=lambda run: (run.created_at, run.uid), reverse=True)
