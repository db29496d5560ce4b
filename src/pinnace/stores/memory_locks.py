"""Locks in memory, with every rule of the port but durability."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pinnace.base.ids import NodeNumber
from pinnace.engine.locks import Claim, LockAnswer, LockRequest, decide
from pinnace.engine.node import Phase
from pinnace.stores.claims import settled

#: Returns the phase of a run's node, or of the run itself as a node's; None when that is over, or not there.
PhaseOf = Callable[[str, NodeNumber], Phase | None]


class MemoryLocks:
    """Keeps claims.

    Args:
        phase_of: tells what lives.
        is_awake: returns whether somebody drives a run.
        changed: is called after each change.
    """

    def __init__(
        self, phase_of: PhaseOf, is_awake: Callable[[str], bool], changed: Callable[[], None]
    ) -> None:
        self._phase_of = phase_of
        self._is_awake = is_awake
        self._changed = changed
        self._lock = threading.RLock()
        self._claims: list[Claim] = []
        self._limits: dict[str, int] = {}
        self._last = 0

    def claim(self, requests: Sequence[LockRequest]) -> list[LockAnswer | None]:
        """Claim, or ask again, and return what came of each; None for a node that is fulfilled."""
        with self._lock:
            requests = [settled(request, self._limits) for request in requests]
            asking = {request.uid for request in requests}
            known = {claim.claimant for claim in self._live()}
            for request in requests:
                if (request.uid, request.node) not in known:
                    self._add(request)
            live = self._live()
            for claim in live:
                claim.is_awake = claim.is_held or claim.uid in asking or self._is_awake(claim.uid)
            answers, granted = decide(live, requests)
            if granted:
                self._changed()
            return answers

    def release(self, uid: str, node: NodeNumber) -> None:
        """Give back what the node holds, and leave every queue."""
        with self._lock:
            self._claims = [claim for claim in self._claims if claim.claimant != (uid, node)]
            self._changed()

    def reset(self, uid: str) -> None:
        """Forget the run's claims that nothing was begun under."""
        with self._lock:
            self._claims = [
                claim
                for claim in self._live()
                if claim.uid != uid or self._phase_of(uid, claim.node) is not Phase.WAITING
            ]
            self._changed()

    def forget(self, uid: str) -> None:
        """Remove the claims of a run that has finished."""
        with self._lock:
            self._claims = [claim for claim in self._claims if claim.uid != uid]

    def claims(self) -> Sequence[Claim]:
        """Return all claims, in the order of the queues."""
        with self._lock:
            return sorted(self._live(), key=lambda claim: (claim.lock, claim.rank))

    def set_limit(self, lock: str, limit: int | None) -> None:
        """Let so many hold the ``database`` semaphore of that name; None forgets it."""
        with self._lock:
            self._limits.pop(lock, None)
            if limit is not None:
                self._limits[lock] = limit
            self._changed()

    def limits(self) -> dict[str, int]:
        """Return the limits of ``database`` semaphores."""
        with self._lock:
            return dict(self._limits)

    def _live(self) -> list[Claim]:
        self._claims = [claim for claim in self._claims if self._phase_of(claim.uid, claim.node) is not None]
        return self._claims

    def _add(self, request: LockRequest) -> None:
        for lock in request.locks:
            self._last += 1
            self._claims.append(
                Claim(
                    lock=lock.name,
                    uid=request.uid,
                    node=request.node,
                    holder=request.holder,
                    priority=request.priority,
                    created_at=request.created_at,
                    number=self._last,
                    is_held=False,
                )
            )
        self._changed()
