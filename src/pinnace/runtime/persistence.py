"""Requests that are sent again while what goes wrong may pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from pinnace.engine.transient import is_transient
from pinnace.ports.http import HttpOutcome

#: How often something is tried, and the first seconds between: each time twice as long.
TRIES = 5
PAUSE = 1.0

#: Statuses after which a message is sent again.
PASSING = frozenset((429, 500, 502, 503, 504))

Sleep = Callable[[float], Awaitable[Any]]


async def persistently(
    send: Callable[[], Awaitable[HttpOutcome]], sleep: Sleep, passing: Collection[int]
) -> HttpOutcome:
    """Return what became of a request, sent again while that is passing trouble.

    Args:
        send: sends it, once.
        sleep: waits between.
        passing: the statuses that mean such trouble, besides what the network says.
    """
    pause = PAUSE
    for _ in range(TRIES - 1):
        outcome = await send()
        if outcome.succeeded or (outcome.status not in passing and not is_transient(outcome.message)):
            return outcome
        await sleep(pause)
        pause *= 2
    return await send()
