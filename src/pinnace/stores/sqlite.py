"""The durable store: runs in one SQLite file, shared by every Pinnace process of a user.

Each run is a row with its state and its lease, each node a row, each large text and each submission a row of
its own that runs refer to. ``codec`` says how objects become bytes, ``leases`` who owns a run, ``database``
how transactions begin and fail.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import dialect, insert

from pinnace.base.errors import StorageError
from pinnace.engine.node import Node, Phase
from pinnace.engine.run import RunInfo, RunState, Shutdown
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import (
    Owner,
    Request,
    RunChange,
    RunFilter,
    RunSummary,
    StoredRun,
    Submission,
)
from pinnace.stores import leases
from pinnace.stores.answers import (
    SHOWN,
    is_expired,
    lifetimes_of,
    name_taken,
    newest,
    no_run,
    pick,
    printable,
    printable_labels,
)
from pinnace.stores.caches import SqliteCaches, add_entries
from pinnace.stores.codec import Codec, Lookup, to_bytes, to_text
from pinnace.stores.database import PATIENCE, Database, driver
from pinnace.stores.locks import SqliteLocks
from pinnace.stores.locks import forget as forget_claims
from pinnace.stores.metrics import SqliteMetrics, add_emissions
from pinnace.stores.objects import SqliteObjects, replace_object
from pinnace.stores.processes import is_dead
from pinnace.stores.schema import nodes as node_rows
from pinnace.stores.schema import requests, run_values, runs, stored_values

_SUMMARY = tuple(runs.c[name] for name in RunSummary.__struct_fields__)
_NEWEST_FIRST = (runs.c.created_at.desc(), runs.c.uid.desc())
_FINISHED = ("Succeeded", "Failed", "Error")


def _upsert_node() -> str:
    """Return the statement that most saves consist of, for the driver itself: run, number, phase, data."""
    statement = insert(node_rows)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[node_rows.c.run, node_rows.c.number], set_={"phase": new.phase, "data": new.data}
    )
    return str(statement.compile(dialect=dialect(paramstyle="qmark")))


_UPSERT_NODE = _upsert_node()
#: Sets the columns named beside ``run``. Made once: to make a statement costs more than to execute it.
_UPDATE_RUN = runs.update().where(runs.c.uid == sa.bindparam("run"))
_REMOVE_NODE = "DELETE FROM nodes WHERE run = ? AND number = ?"
_REMOVE_VALUE = (
    "DELETE FROM stored_values WHERE digest = ?"
    " AND NOT EXISTS (SELECT 1 FROM run_values WHERE run_values.digest = stored_values.digest)"
)

#: Node rows as the driver takes them.
_NodeRows = list[tuple[str, int, str, bytes]]


class SqliteStore:
    """Keeps runs in a file. Safe to use from many threads and processes at once."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        is_dead: Callable[[Owner], bool] = is_dead,
        patience: float = PATIENCE,
    ) -> None:
        """Open the file at ``path``, or make it in a folder that exists.

        ``clock`` returns Unix seconds; another process's transaction is waited for ``patience`` seconds.

        Raises:
            StorageError: it cannot be used; the text says why.
        """
        self._clock = clock
        self._is_dead = is_dead
        self._codec = Codec()
        self._database = Database(path, patience=patience)
        #: What the namespaces hold beside runs.
        self.objects = SqliteObjects(self._database)
        #: What all runs emitted.
        self.metrics = SqliteMetrics(self._database)
        #: What memoized nodes came to.
        self.caches = SqliteCaches(self._database)
        self.locks = SqliteLocks(self._database, clock=clock, is_dead=is_dead)

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
        values: dict[bytes, str | bytes] = {}
        blob = self._encode(submission, values)
        digest = sha256(blob).digest()
        values[digest] = blob
        row = {
            "uid": info.uid,
            "namespace": info.namespace,
            "name": info.name,
            "created_at": info.created_at,
            **self._info_columns(info, values),
            **self._state_columns(state, values),
            "submission": digest,
            "priority": submission.workflow.spec.priority or 0,
            "lifetimes": json.dumps(kept_for) if (kept_for := lifetimes_of(submission)) else None,
            "lease": 1,
            **leases.columns(owner, self._clock() + lease_seconds),
        }
        rows = self._node_rows(info.uid, nodes, values)
        same = sa.select(runs.c.uid).where(runs.c.namespace == info.namespace, runs.c.name == info.name)
        with self._database.writing() as connection:
            if connection.execute(same).first() is not None:
                raise name_taken(info)
            for kept in replacing:
                replace_object(connection, kept)
            connection.execute(runs.insert().values(row))
            _keep_values(connection, info.uid, values)
            _put_nodes(connection, rows)
        return 1

    def save(self, changes: Sequence[RunChange]) -> None:
        """Make all ``changes`` durable, in order, in one transaction."""
        # Everything that can be done before the transaction is: others wait while it lasts.
        encoded = []
        for change in changes:
            values: dict[bytes, str | bytes] = {}
            columns = self._info_columns(change.info, values) if change.info is not None else {}
            columns |= self._state_columns(change.state, values) if change.state is not None else {}
            rows = self._node_rows(change.uid, change.nodes, values)
            encoded.append((change, columns, rows, values))
        checked: set[tuple[str, int]] = set()
        waiting: _NodeRows = []
        with self._database.writing() as connection:
            for change, columns, rows, values in encoded:
                if (change.uid, change.lease) not in checked:
                    leases.check(connection, change.uid, change.lease)
                    checked.add((change.uid, change.lease))
                if columns:
                    connection.execute(_UPDATE_RUN, {"run": change.uid, **columns})
                if change.state is not None and change.state.is_finished:
                    forget_claims(connection, change.uid)
                if values:
                    _keep_values(connection, change.uid, values)
                if change.removed:
                    _put_nodes(connection, waiting)
                    waiting = []
                    removed = [(change.uid, number) for number in change.removed]
                    driver(connection).executemany(_REMOVE_NODE, removed)
                waiting += rows
                add_emissions(connection, change.metrics)
                add_entries(connection, change.cached)
                if change.requests_done:
                    done = (requests.c.run == change.uid) & requests.c.id.in_(change.requests_done)
                    connection.execute(requests.update().where(done).values(done_at=self._clock()))
            _put_nodes(connection, waiting)

    def load_run(self, uid: str) -> StoredRun:
        """Return a run as last saved."""
        wanted = sa.select(runs.c.info, runs.c.state, stored_values.c.data).where(
            runs.c.uid == printable(uid), stored_values.c.digest == runs.c.submission
        )
        blobs = sa.select(node_rows.c.data).where(node_rows.c.run == uid).order_by(node_rows.c.number)
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
            if row is None:
                raise no_run(uid)
            decode, lookup = self._codec.decode, self._lookup(connection)
            return StoredRun(
                info=decode(row.info, RunInfo, lookup),
                submission=decode(row.data, Submission, lookup),
                state=decode(row.state, RunState, lookup),
                nodes=tuple(decode(data, Node, lookup) for data in connection.execute(blobs).scalars().all()),
            )

    def nodes_in(self, uid: str, phase: Phase) -> Sequence[Node]:
        """Return the run's nodes in ``phase``, by number."""
        mine = (node_rows.c.run == printable(uid)) & (node_rows.c.phase == phase.value)
        blobs = sa.select(node_rows.c.data).where(mine).order_by(node_rows.c.number)
        with self._database.reading() as connection:
            lookup = self._lookup(connection)
            return [self._codec.decode(data, Node, lookup) for data in connection.execute(blobs).scalars()]

    def find_run(self, text: str, namespace: str | None = None) -> RunSummary:
        """Return the run with that uid or name, or the only one whose name or uid begins so."""
        text = printable(text)
        here = sa.true() if namespace is None else runs.c.namespace == printable(namespace)
        exact = (runs.c.uid == text) | ((runs.c.name == text) & here)
        similar = _begins(runs.c.uid, text) | (_begins(runs.c.name, text) & here)
        with self._database.reading() as connection:
            found = _summaries(connection, sa.select(*_SUMMARY).where(exact))
            if not found:
                found = _summaries(connection, sa.select(*_SUMMARY).where(similar).limit(SHOWN + 1))
        return pick(text, namespace, found)

    def list_runs(self, wanted: RunFilter) -> Sequence[RunSummary]:
        """Return the runs that ``wanted`` describes, newest first."""
        query = sa.select(*_SUMMARY).order_by(*_NEWEST_FIRST)
        if wanted.namespace is not None:
            query = query.where(runs.c.namespace == printable(wanted.namespace))
        if wanted.phases:
            query = query.where(runs.c.phase.in_(wanted.phases))
        if wanted.prefix:
            query = query.where(_begins(runs.c.name, printable(wanted.prefix)))
        if wanted.since is not None:
            query = query.where(runs.c.created_at >= wanted.since)
        if wanted.until is not None:
            query = query.where(runs.c.created_at < wanted.until)
        if wanted.labels is None:
            query = query.limit(wanted.limit)
        with self._database.reading() as connection:
            found = _summaries(connection, query)
        if wanted.labels is not None:
            found = [run for run in found if wanted.labels(run.labels)][: wanted.limit]
        return found

    def expired(self, now: float) -> Sequence[RunSummary]:
        """Return the ended runs that their ``ttlStrategy`` no longer keeps."""
        ended = runs.c.lifetimes.is_not(None) & (runs.c.finished_at <= now)
        with self._database.reading() as connection:
            found = _summaries(connection, sa.select(*_SUMMARY).where(ended).order_by(runs.c.finished_at))
            kept_for = dict(connection.execute(sa.select(runs.c.uid, runs.c.lifetimes).where(ended)).all())
        return [run for run in found if is_expired(run, json.loads(kept_for[run.uid]), now)]

    def latest(self, namespace: str | None = None) -> RunSummary:
        """Return the run made last."""
        return newest(self.list_runs(RunFilter(namespace=namespace, limit=1)), namespace)

    def delete_run(self, uid: str) -> None:
        """Forget a run with all that only it needs."""
        with self._database.writing() as connection:
            used = sa.select(run_values.c.digest).where(run_values.c.run == uid)
            digests = connection.execute(used).scalars().all()
            connection.execute(runs.delete().where(runs.c.uid == uid))
            if digests:
                driver(connection).executemany(_REMOVE_VALUE, [(digest,) for digest in digests])

    # Leases ------------------------------------------------------------------------------------------------

    def acquire(self, uid: str, owner: Owner, seconds: float) -> int | None:
        """Make ``owner`` the run's owner and return the new lease number, or None when another has it."""
        now = self._clock()
        with self._database.writing() as connection:
            holder = leases.holder(connection, uid, now, self._is_dead)
            if holder is not None and holder.id != owner.id:
                return None
            return leases.give(connection, uid, owner, now + seconds)

    def renew(self, uids: Collection[str], owner: Owner, seconds: float) -> set[str]:
        """Let the leases that ``owner`` still has end ``seconds`` from now; return their runs."""
        with self._database.writing() as connection:
            return leases.extend(connection, uids, owner, self._clock() + seconds)

    def release(self, uids: Collection[str], owner: Owner) -> None:
        """Give up the leases that ``owner`` still has."""
        with self._database.writing() as connection:
            leases.take_back(connection, uids, owner)

    def owner_of(self, uid: str) -> Owner | None:
        """Return who owns the run now, or None."""
        with self._database.reading() as connection:
            return leases.holder(connection, uid, self._clock(), self._is_dead)

    def unowned(self) -> Sequence[RunSummary]:
        """Return the runs that are not finished and that nobody owns now, oldest first."""
        now = self._clock()
        query = sa.select(*_SUMMARY).where(runs.c.phase.not_in(_FINISHED))
        query = query.order_by(runs.c.created_at, runs.c.uid)
        with self._database.reading() as connection:
            open_ = _summaries(connection, query)
            return [run for run in open_ if leases.holder(connection, run.uid, now, self._is_dead) is None]

    # Requests ----------------------------------------------------------------------------------------------

    def add_request(self, uid: str, kind: str, payload: Mapping[str, Any]) -> int:
        """Leave a request for the run's owner, present or next, and return its id."""
        values: dict[bytes, str | bytes] = {}
        row = {
            "run": uid,
            "kind": kind,
            "payload": self._encode(payload, values),
            "created_at": self._clock(),
        }
        with self._database.writing() as connection:
            if connection.execute(sa.select(runs.c.uid).where(runs.c.uid == uid)).first() is None:
                raise no_run(uid)
            _keep_values(connection, uid, values)
            key = connection.execute(requests.insert().values(row)).inserted_primary_key
            return int(key[0]) if key is not None else 0

    def pending_requests(self, uids: Collection[str]) -> Sequence[Request]:
        """Return the requests to these runs that no saved change has done, oldest first."""
        pending = requests.c.run.in_(uids) & requests.c.done_at.is_(None)
        query = sa.select(requests).where(pending).order_by(requests.c.id)
        with self._database.reading() as connection:
            lookup = self._lookup(connection)
            return [
                Request(
                    id=row.id,
                    uid=row.run,
                    kind=row.kind,
                    payload=self._codec.decode(row.payload, dict, lookup),
                    created_at=row.created_at,
                )
                for row in connection.execute(query).all()
            ]

    def changed(self) -> int:
        """Return a number that differs from the last call's if anything was saved since, by any process."""
        return self._database.changed()

    def close(self) -> None:
        """Let go of every file."""
        self._database.close()

    # Between objects and rows ------------------------------------------------------------------------------

    def _encode(self, value: object, values: dict[bytes, str | bytes]) -> bytes:
        """Return the bytes of ``value``; puts the large texts that they refer to into ``values``."""
        encoded = self._codec.encode(value)
        values.update(encoded.texts)
        return encoded.data

    def _node_rows(self, uid: str, nodes: Iterable[Node], values: dict[bytes, str | bytes]) -> _NodeRows:
        return [(uid, node.number, node.phase.value, self._encode(node, values)) for node in nodes]

    def _info_columns(self, info: RunInfo, values: dict[bytes, str | bytes]) -> dict[str, Any]:
        return {
            "labels": json.dumps(printable_labels(info.labels)),
            "info": self._encode(info, values),
        }

    def _state_columns(self, state: RunState, values: dict[bytes, str | bytes]) -> dict[str, Any]:
        return {
            "phase": state.phase,
            "message": printable(state.message),
            "started_at": state.started_at,
            "finished_at": state.finished_at,
            "shutdown": state.shutdown.value,
            "is_suspended": state.is_suspended,
            "state": self._encode(state, values),
        }

    def _lookup(self, connection: Connection) -> Lookup:
        """Return what finds texts by their digests, each read once and the same object ever after."""
        found: dict[bytes, str] = {}

        def lookup(digest: bytes) -> str:
            text = found.get(digest)
            if text is None:
                query = sa.select(stored_values.c.data).where(stored_values.c.digest == digest)
                data = connection.execute(query).scalar()
                if data is None:
                    message = (
                        f"Cannot use the store {self._database.path}: it is damaged (a value is missing)"
                    )
                    raise StorageError(message, remedy="Restore a copy of it.")
                text = found[digest] = to_text(data)
                self._codec.digests.remember(text, digest)
            return text

        return lookup


def _summaries(connection: Connection, query: sa.Select[Any]) -> list[RunSummary]:
    found = connection.execute(query).mappings()
    return [
        RunSummary(**{**row, "labels": json.loads(row["labels"]), "shutdown": Shutdown(row["shutdown"])})
        for row in found
    ]


def _put_nodes(connection: Connection, rows: _NodeRows) -> None:
    if rows:
        driver(connection).executemany(_UPSERT_NODE, rows)


def _keep_values(connection: Connection, uid: str, values: Mapping[bytes, str | bytes]) -> None:
    """Have the values in the database, and know that the run refers to them."""
    for digest, value in values.items():
        known = sa.select(stored_values.c.digest).where(stored_values.c.digest == digest)
        if connection.execute(known).first() is None:
            data = value if isinstance(value, bytes) else to_bytes(value)
            connection.execute(stored_values.insert().values(digest=digest, data=data))
        reference = insert(run_values).values(run=uid, digest=digest)
        connection.execute(reference.on_conflict_do_nothing())


def _begins(column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
    """Return the condition that the column begins with ``text``; LIKE would not tell A from a."""
    return sa.func.substr(column, 1, len(text)) == text
