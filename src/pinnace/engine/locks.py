"""Who holds a lock, who waits for it, and whose turn it is: decisions, pure.

Stores keep claims, one a lock and claimant; ``Book`` decides over them.
Source: Argo workflow/sync semaphore.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pinnace.base.ids import NodeNumber

#: Who claims: a run's uid, and a node of it or NOBODY for the run as a whole.
Claimant = tuple[str, NodeNumber]


class Lock(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A mutex, or a semaphore with its limit as the claimant read it."""

    name: str
    """``NAMESPACE/Mutex/NAME``, ``NAMESPACE/ConfigMap/NAME/KEY`` or ``NAMESPACE/Database/KEY``."""
    limit: int | None = 1
    """How many may hold it at once; None when the store knows."""
    is_mutex: bool = False


class LockState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a node, or a run, has to do with the locks that it needs."""

    locks: tuple[Lock, ...]
    since: float
    """Unix seconds at which they were first claimed."""
    is_held: bool = False
    """All of them are held; else none is."""
    waits_for: str = ""
    """The first one that was not to be had."""


class Claim(msgspec.Struct, gc=False, kw_only=True):
    """One claimant's claim of one lock."""

    lock: str
    uid: str
    node: NodeNumber
    holder: str
    """Argo's holder key: ``<namespace>/<run>`` or ``<namespace>/<run>/<node id>``."""
    priority: int
    created_at: float
    """When the run was made."""
    number: int
    """Later claims have greater ones."""
    is_held: bool
    is_awake: bool = True
    """Somebody drives the run, so that it would take the lock."""

    @property
    def claimant(self) -> Claimant:
        """Who claims."""
        return (self.uid, self.node)

    @property
    def rank(self) -> tuple[int, float, int]:
        """Its place in the queue: lower ones come first."""
        return (-self.priority, self.created_at, self.number)


class LockRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A claim of locks that are taken together or not at all."""

    uid: str
    node: NodeNumber
    """NOBODY for the run as a whole."""
    locks: tuple[Lock, ...]
    holder: str
    """Argo's holder key."""
    priority: int = 0
    created_at: float = 0.0
    """When the run was made: among equal priorities the older comes first."""


class LockAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a claim."""

    is_granted: bool
    message: str = ""
    """What is waited for, and how many places of it are free."""
    waits_for: str = ""
    error: str = ""
    """Why it can never be granted."""


def _waiting(lock: Lock, held: int, limit: int) -> str:
    """Return what who waits is told: how many places are free, of a database's locks how many are taken.

    Source: Argo workflow/sync semaphore.go, database_semaphore.go checkAcquire.
    """
    namespace, kind, key = lock.name.split("/", 2)
    if kind == "Database":
        place = f"{'mtx' if lock.is_mutex else 'sem'}/{namespace}/{key}"
        return f"Waiting for {lock.name} lock ({place}). Lock status: {held}/{limit}"
    return f"Waiting for {lock.name} lock. Lock status: {limit - held}/{limit}"


class Book:
    """All live claims, and the decisions over them."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._held: dict[str, list[Claim]] = {}
        self._queues: dict[str, list[Claim]] = {}
        self._wanted: dict[Claimant, list[Claim]] = {}
        """Claimants that wait → their claims."""
        for claim in sorted(claims, key=lambda claim: claim.rank):
            if claim.is_held:
                self._held.setdefault(claim.lock, []).append(claim)
            else:
                self._queues.setdefault(claim.lock, []).append(claim)
                self._wanted.setdefault(claim.claimant, []).append(claim)

    def decide(self, claimant: Claimant, locks: Sequence[Lock]) -> LockAnswer:
        """Return whether the claimant, which is in the book, has all ``locks`` now; if so, they are its own.

        All or none: who waits for one lock holds none of those that it wants together.
        """
        for lock in locks:
            held = self._held.get(lock.name, [])
            if any(claim.claimant == claimant for claim in held):
                continue
            limit = lock.limit or 0
            if limit <= 0:
                text = f"failed to initialize semaphore {lock.name} with limit"
                return LockAnswer(is_granted=False, waits_for=lock.name, error=text)
            free = limit - len(held)
            if free <= 0 or self._before(lock.name, claimant, free) >= free:
                return LockAnswer(
                    is_granted=False, waits_for=lock.name, message=_waiting(lock, len(held), limit)
                )
        for claim in self._wanted.pop(claimant, ()):
            self._queues[claim.lock].remove(claim)
            claim.is_held = True
            self._held.setdefault(claim.lock, []).append(claim)
        return LockAnswer(is_granted=True)

    def _before(self, lock: str, claimant: Claimant, enough: int) -> int:
        """Return how many come before the claimant, counting no further than ``enough``.

        Others of the same run do not, as in Argo; who waits for something that this run holds does not: both
        would wait for ever.
        """
        count = 0
        behind: set[Claimant] | None = None
        for claim in self._queues.get(lock, ()):
            if claim.claimant == claimant or count >= enough:
                break
            if claim.is_awake and claim.uid != claimant[0]:
                behind = self._waiting_for(claimant[0]) if behind is None else behind
                count += claim.claimant not in behind
        return count

    def _waiting_for(self, uid: str) -> set[Claimant]:
        """Return who waits, directly or by way of others, for a lock that the run holds."""
        found: set[Claimant] = set()
        runs = {uid}
        is_growing = True
        while is_growing:
            more = {
                waiting
                for waiting, claims in self._wanted.items()
                if waiting not in found
                and any(held.uid in runs for claim in claims for held in self._held.get(claim.lock, ()))
            }
            is_growing = bool(more)
            found |= more
            runs |= {waiting[0] for waiting in more}
        return found


def decide(
    claims: Iterable[Claim], requests: Sequence[LockRequest]
) -> tuple[list[LockAnswer | None], list[Claimant]]:
    """Return what came of each request, and who got locks that it did not have; ``claims`` are changed.

    Requests without a claim are answered with None: their nodes are over.
    """
    claims = list(claims)
    places: dict[Claimant, int] = {}
    had: set[Claimant] = set()
    for place, claim in enumerate(sorted(claims, key=lambda claim: claim.rank)):
        places.setdefault(claim.claimant, place)
        if claim.is_held:
            had.add(claim.claimant)
    book = Book(claims)
    answers: list[LockAnswer | None] = [None] * len(requests)
    granted: list[Claimant] = []
    due = [at for at, request in enumerate(requests) if (request.uid, request.node) in places]
    for at in sorted(due, key=lambda at: places[requests[at].uid, requests[at].node]):
        request = requests[at]
        claimant = (request.uid, request.node)
        answer = answers[at] = book.decide(claimant, request.locks)
        if answer.is_granted and claimant not in had:
            granted.append(claimant)
    return answers, granted
