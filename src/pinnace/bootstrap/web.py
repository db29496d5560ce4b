"""What sends requests to the web."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pinnace.base.errors import EnvironmentFailure
from pinnace.settings import Settings

if TYPE_CHECKING:  # adapters are imported when they are first used, so that `list` starts fast
    from pinnace.ports.http import HttpOutcome, HttpRunner
    from pinnace.world.world import World

#: How long a file behind a URL may take.
FETCH_SECONDS = 60.0


def http_runner(settings: Settings, world: World | None = None) -> HttpRunner:
    """Return what sends requests; those that ``world`` answers go to it."""
    from pinnace.executors.http import AiohttpRunner

    runner = AiohttpRunner(allow_link_local=settings.allow_link_local)
    if world is None:
        return runner
    from pinnace.world.rewriting import RewritingRunner

    return RewritingRunner(runner, world.rewrites)


def fetch(url: str, settings: Settings) -> bytes:
    """Return what lies behind ``url``, as UTF-8.

    Raises:
        EnvironmentFailure: nothing came, or an answer that is no success; says which.
    """
    from pinnace.ports.http import HttpRequest
    from pinnace.ports.web import shown

    async def ask() -> HttpOutcome:
        runner = http_runner(settings)
        try:
            return await runner.request(HttpRequest(url=url, timeout=FETCH_SECONDS))
        finally:
            await runner.close()

    outcome = asyncio.run(ask())
    if not outcome.succeeded or outcome.result is None:
        name, message = shown(url), outcome.message
        raise EnvironmentFailure(message if name in message else f"{name}: {message}")
    return outcome.result.encode()
