"""Requests that are sent again while what goes wrong may pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pinnace.engine.transient import is_transient
from pinnace.ports.http import HttpOutcome, HttpRequest, HttpRunner

#: How often something is tried, and the first seconds between: each time twice as long.
TRIES = 5
PAUSE = 1.0

Sleep = Callable[[float], Awaitable[Any]]


async def persistently(
    http: HttpRunner, request: HttpRequest, sleep: Sleep, passing: set[int]
) -> HttpOutcome:
    """Return what became of ``request``, sent again while that is passing trouble.

    Args:
        http: sends it.
        request: what is sent.
        sleep: waits between.
        passing: the statuses that mean such trouble, besides what the network says.
    """
    pause = PAUSE
    for _ in range(TRIES - 1):
        outcome = await http.request(request)
        if outcome.succeeded or (outcome.status not in passing and not is_transient(outcome.message)):
            return outcome
        await sleep(pause)
        pause *= 2
    return await http.request(request)
