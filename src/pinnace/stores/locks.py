"""Locks in the SQLite file: claims as rows, and which of them still count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from pinnace.base.ids import NodeNumber
from pinnace.engine.locks import Claim, LockAnswer, LockRequest, decide
from pinnace.engine.node import Phase
from pinnace.stores import leases
from pinnace.stores.claims import settled
from pinnace.stores.database import Database
from pinnace.stores.schema import lock_claims as rows
from pinnace.stores.schema import lock_limits, nodes, runs

_OPEN = [phase.value for phase in Phase if not phase.is_fulfilled]
_NODE = sa.select(nodes.c.phase).where(nodes.c.run == rows.c.run, nodes.c.number == rows.c.node)
#: The node is there and not fulfilled, or the claim is the run's own: those go when the run has finished.
_LIVES = (rows.c.node < 0) | _NODE.scalar_subquery().in_(_OPEN)
#: Nothing was begun under the claim.
_IDLE = _NODE.scalar_subquery() == Phase.WAITING.value
_BEGUN = sa.select(runs.c.phase).where(runs.c.uid == rows.c.run).scalar_subquery().not_in(("", "Pending"))


class SqliteLocks:
    """Keeps claims beside the runs that they are of."""

    def __init__(self, database: Database, *, clock: Callable[[], float], is_dead: leases.IsDead) -> None:
        self._database = database
        self._clock = clock
        self._is_dead = is_dead

    def claim(self, requests: Sequence[LockRequest]) -> list[LockAnswer | None]:
        """Claim, or ask again, and return what came of each; None for a node that is fulfilled."""
        with self._database.reading() as connection:
            requests = self._settled(connection, requests)
            known = self._load(connection, requests)
            answers, granted = decide(known, requests)
        claimants = {claim.claimant for claim in known}
        if not granted and all((each.uid, each.node) in claimants for each in requests):
            return answers  # asked again for nothing: others need not wait for a transaction that writes
        with self._database.writing() as connection:
            connection.execute(rows.delete().where(~_LIVES))
            for request in requests:
                if (request.uid, request.node) not in claimants:
                    _add(connection, request)
            answers, granted = decide(self._load(connection, requests), requests)
            for uid, node in granted:
                own = (rows.c.run == uid) & (rows.c.node == node)
                connection.execute(rows.update().where(own).values(is_held=True))
        return answers

    def release(self, uid: str, node: NodeNumber) -> None:
        """Give back what the node holds, and leave every queue."""
        with self._database.writing() as connection:
            connection.execute(rows.delete().where(rows.c.run == uid, rows.c.node == node))

    def reset(self, uid: str) -> None:
        """Forget the run's claims that nothing was begun under."""
        idle = ((rows.c.node < 0) & ~_BEGUN) | ((rows.c.node >= 0) & _IDLE)
        with self._database.reading() as connection:
            if connection.execute(sa.select(rows.c.number).where(rows.c.run == uid, idle)).first() is None:
                return
        with self._database.writing() as connection:
            connection.execute(rows.delete().where(rows.c.run == uid, idle))

    def claims(self) -> Sequence[Claim]:
        """Return all claims, in the order of the queues."""
        with self._database.reading() as connection:
            return sorted(self._load(connection, ()), key=lambda claim: (claim.lock, claim.rank))

    def set_limit(self, lock: str, limit: int | None) -> None:
        """Let so many hold the ``database`` semaphore of that name; None forgets it."""
        with self._database.writing() as connection:
            connection.execute(lock_limits.delete().where(lock_limits.c.lock == lock))
            if limit is not None:
                connection.execute(lock_limits.insert().values(lock=lock, places=limit))

    def limits(self) -> dict[str, int]:
        """Return the limits of ``database`` semaphores."""
        with self._database.reading() as connection:
            return _limits(connection)

    def _settled(self, connection: Connection, requests: Iterable[LockRequest]) -> list[LockRequest]:
        limits = _limits(connection)
        return [settled(request, limits) for request in requests]

    def _load(self, connection: Connection, requests: Iterable[LockRequest]) -> list[Claim]:
        """Return the claims that count; those that ask now are awake."""
        awake = {request.uid: True for request in requests}
        now = self._clock()

        def is_awake(uid: str) -> bool:
            if uid not in awake:
                awake[uid] = leases.holder(connection, uid, now, self._is_dead) is not None
            return awake[uid]

        return [
            Claim(
                lock=row.lock,
                uid=row.run,
                node=NodeNumber(row.node),
                holder=row.holder,
                priority=row.priority,
                created_at=row.created_at,
                number=row.number,
                is_held=row.is_held,
                is_awake=row.is_held or is_awake(row.run),
            )
            for row in connection.execute(sa.select(rows).where(_LIVES)).all()
        ]


def forget(connection: Connection, uid: str) -> None:
    """Remove the claims of a run that has finished, in the transaction that says so."""
    connection.execute(rows.delete().where(rows.c.run == uid))


def _limits(connection: Connection) -> dict[str, int]:
    return {row.lock: row.places for row in connection.execute(sa.select(lock_limits)).all()}


def _add(connection: Connection, request: LockRequest) -> None:
    """Put the claims of one claimant at the end of the queues; not for a run that has finished."""
    unfinished = sa.select(runs.c.uid).where(
        runs.c.uid == request.uid, runs.c.phase.not_in(("Succeeded", "Failed", "Error"))
    )
    if connection.execute(unfinished).first() is None:
        return
    for lock in request.locks:
        row = {
            "lock": lock.name,
            "run": request.uid,
            "node": request.node,
            "holder": request.holder,
            "priority": request.priority,
            "created_at": request.created_at,
            "is_held": False,
        }
        connection.execute(insert(rows).values(row).on_conflict_do_nothing())
