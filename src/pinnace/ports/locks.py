"""Where locks are kept: shared by all runs of one store, in whatever processes they are driven.

A claim belongs to a run, or to a node of it that the store has. It is gone when the run has finished or is
deleted, and when the node is fulfilled: nothing needs to be released at an end, and a crash releases nothing
too early or too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pinnace.base.ids import NodeNumber
from pinnace.engine.locks import Claim, LockAnswer, LockRequest


class Locks(Protocol):
    """Keeps claims. Methods block, may be called on any thread, and may raise ``StorageError``."""

    def claim(self, requests: Sequence[LockRequest]) -> list[LockAnswer | None]:
        """Claim, or ask again, and return what came of each; None for a node that is fulfilled.

        A claim that was granted stays granted. One that was not waits in the queue of every lock that it
        wants, by priority, age of the run, and order of claiming, whether or not it is asked again.
        """

    def release(self, uid: str, node: NodeNumber) -> None:
        """Give back what the node holds, and leave every queue; more often is fine."""

    def reset(self, uid: str) -> None:
        """Forget the run's claims that nothing was begun under: its nodes that were not let in."""

    def claims(self) -> Sequence[Claim]:
        """Return all claims, in the order of the queues."""

    def set_limit(self, lock: str, limit: int | None) -> None:
        """Let so many hold the ``database`` semaphore of that name; None forgets it."""

    def limits(self) -> dict[str, int]:
        """Return the limits of ``database`` semaphores."""
