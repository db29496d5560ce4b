"""HTTP templates under the embedded world: requests to the origins that it answers for go to it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pinnace.ports.http import HttpOutcome, HttpRequest, HttpRunner


class RewritingRunner:
    """Sends requests through another runner, to rewritten origins; implements ``ports.http.HttpRunner``."""

    def __init__(self, runner: HttpRunner, rewrites: Mapping[str, str]) -> None:
        self._runner = runner
        self._rewrites = dict(rewrites)

    async def request(self, request: HttpRequest) -> HttpOutcome:
        """Return what became of ``request``, sent to the world when its origin is one of the world's.

        Messages name the URL that the manifest names.
        """
        for origin, local in self._rewrites.items():
            if request.url == origin or request.url.startswith((f"{origin}/", f"{origin}?")):
                sent = replace(request, url=local + request.url.removeprefix(origin))
                outcome = await self._runner.request(sent)
                return replace(outcome, message=outcome.message.replace(local, origin))
        return await self._runner.request(request)

    async def close(self) -> None:
        """Close the other runner."""
        await self._runner.close()
