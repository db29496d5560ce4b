"""Claims of locks by the runs of this process: asked again whenever something was saved, by anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from pinnace.base.errors import StorageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import ClaimLocks, ReleaseLocks
from pinnace.engine.events import Event, LocksAnswered
from pinnace.engine.locks import LockAnswer, LockRequest
from pinnace.ports.locks import Locks

#: Seconds after which the store is asked again when it could not answer.
_PAUSE = 1.0

_Key = tuple[str, NodeNumber]


class _Waiting(Struct):
    """A claim that was not granted yet."""

    command: ClaimLocks
    request: LockRequest
    tell: Callable[[Sequence[Event]], None]
    told: LockAnswer | None = None


class LockKeeper:
    """Claims locks and tells the runs what came of it. Everything happens on the event loop's thread.

    Claims of all runs are asked for together: while one question is on its way, the next ones gather.
    """

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._waiting: dict[_Key, _Waiting] = {}
        self._released: list[_Key] = []
        self._is_due = False
        self._work: asyncio.Task[None] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for a lock."""
        return bool(self._waiting)

    def claim(self, uid: str, command: ClaimLocks, tell: Callable[[Sequence[Event]], None]) -> None:
        """Claim what ``command`` says; ``tell`` is told what comes of it."""
        request = LockRequest(
            uid=uid,
            node=command.node,
            locks=command.locks,
            holder=command.holder,
            priority=command.priority,
            created_at=command.created_at,
        )
        self._waiting[uid, command.node] = _Waiting(command, request, tell)
        self.look()

    def release(self, uid: str, command: ReleaseLocks) -> None:
        """Give back what a node holds, or does not want any more."""
        self._waiting.pop((uid, command.node), None)
        self._released.append((uid, command.node))
        self.look()

    async def reset(self, uid: str) -> None:
        """Forget what another process claimed for the run, and did not use."""
        await asyncio.to_thread(self._locks.reset, uid)

    def forget(self, uid: str) -> None:
        """Ask no more for a run that this process does not drive any more."""
        for key in [key for key in self._waiting if key[0] == uid]:
            del self._waiting[key]

    def look(self) -> None:
        """Ask the store again, as soon as it has answered what was asked before."""
        if not self._waiting and not self._released:
            return
        self._is_due = True
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._ask())

    async def close(self) -> None:
        """Ask no more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _ask(self) -> None:
        while self._is_due:
            self._is_due = False
            released, self._released = self._released, []
            asked = list(self._waiting.values())
            try:
                answers = await asyncio.to_thread(self._put, released, [each.request for each in asked])
            except StorageError:
                self._released = released + self._released
                self._is_due = True
                await asyncio.sleep(_PAUSE)
                continue
            for each, answer in zip(asked, answers, strict=True):
                self._take_in(each, answer)

    def _put(self, released: Sequence[_Key], requests: Sequence[LockRequest]) -> list[LockAnswer | None]:
        for uid, node in released:
            self._locks.release(uid, node)
        return self._locks.claim(requests) if requests else []

    def _take_in(self, waiting: _Waiting, answer: LockAnswer | None) -> None:
        key = (waiting.request.uid, waiting.request.node)
        if self._waiting.get(key) is not waiting:
            return  # released meanwhile, or claimed anew: that is asked next
        if answer is None or answer.is_granted or answer.error:
            del self._waiting[key]
        if answer is None or answer == waiting.told:
            return
        waiting.told = answer
        waiting.tell(
            [
                LocksAnswered(
                    node=waiting.command.node,
                    attempt_id=waiting.command.attempt_id,
                    is_granted=answer.is_granted,
                    message=answer.message,
                    waits_for=answer.waits_for,
                    error=answer.error,
                )
            ]
        )
