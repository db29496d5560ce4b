"""How many requests are on their way at once: few while answers come quickly, hundreds while they do not.

To open a connection costs more than to use one, and a server that answers at once is asked no faster through
500 of them than through a few. One that takes a second to answer is.
"""

from __future__ import annotations

import asyncio
from collections import deque

#: Places at first, and how many are added each time that no answer came for a while.
STEP = 32
#: Most places. Each may hold a connection, and Linux lets a process have 1024 files open.
MOST = 512
#: Seconds without an answer after which there are more places, as long as somebody waits for one.
PATIENCE = 0.02


class Window:
    """Lets in as many as there are places; who comes too early waits, in order of arrival.

    All methods are called on one event loop's thread.
    """

    def __init__(self) -> None:
        self._places = STEP
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._was_left = False
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        """Return when there is a place, which the caller has until it calls ``leave``."""
        if self._taken < self._places:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._timer is None:
            self._watch()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was given in the same instant
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
        self._was_left = True
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken < self._places:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._taken += 1

    def _watch(self) -> None:
        self._was_left = False
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._was_left:
            self._places = min(MOST, self._places + STEP)
            self._let_in()
        if self._waiting and self._places < MOST:
            self._watch()
