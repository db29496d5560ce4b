"""HTTP templates: from a command to a request, and from its outcome to an event."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Iterable
from contextlib import suppress

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.commands import SendRequest
from pinnace.engine.events import RequestEnded
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest, HttpRunner
from pinnace.runtime.environment import secret_text
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.templates import HTTP, HTTPHeader


class Requester:
    """Sends the requests of one run.

    Args:
        runner: sends them.
        catalogue: where the secrets of headers are.
        clock: returns Unix seconds.
    """

    def __init__(self, runner: HttpRunner, catalogue: Catalogue, clock: Callable[[], float]) -> None:
        self._runner = runner
        self._catalogue = catalogue
        self._clock = clock
        self._open: dict[str, asyncio.Task[HttpOutcome]] = {}

    @property
    def at_work(self) -> int:
        """How many requests are on their way."""
        return len(self._open)

    async def send(self, command: SendRequest) -> RequestEnded | None:
        """Return how the request ended; None when it was cancelled, or is on its way already."""
        if command.attempt_id in self._open:
            return None
        try:
            request = self._request(command)
        except PinnaceError as error:
            return self._ended(command, HttpOutcome(succeeded=False, message=error.message))
        task = asyncio.ensure_future(self._runner.request(request))
        self._open[command.attempt_id] = task
        try:
            return self._ended(command, await task)
        except asyncio.CancelledError:
            task.cancel()
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return None
        finally:
            del self._open[command.attempt_id]

    def cancel(self, attempt_ids: Iterable[str]) -> None:
        """Give up requests whose nodes have ended."""
        for attempt_id in attempt_ids:
            with suppress(KeyError):
                self._open[attempt_id].cancel()

    def _ended(self, command: SendRequest, outcome: HttpOutcome) -> RequestEnded:
        return RequestEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=self._clock(),
            is_success=outcome.succeeded,
            message=outcome.message,
            result=outcome.result,
        )

    def _request(self, command: SendRequest) -> HttpRequest:
        http = command.template.http or HTTP()
        timeouts = [float(http.timeout_seconds)] if http.timeout_seconds else []
        if command.deadline is not None:
            timeouts.append(max(0.001, command.deadline - self._clock()))
        return HttpRequest(
            method=http.method,
            url=http.url,
            headers=tuple(self._header(header) for header in http.headers),
            body=http.body,
            body_bytes=_decoded(http),
            timeout=min(timeouts) if timeouts else None,
            insecure=http.insecure_skip_verify,
            success_condition=http.success_condition,
        )

    def _header(self, header: HTTPHeader) -> HttpHeader:
        source = header.value_from
        if source is None or source.secret_key_ref is None:
            return HttpHeader(header.name, header.value)
        value = secret_text(self._catalogue, source.secret_key_ref.name, source.secret_key_ref.key)
        return HttpHeader(header.name, value, secret=True)


def _decoded(http: HTTP) -> bytes | None:
    if http.body_from is None or not http.body_from.bytes:
        return None
    try:
        return base64.b64decode(http.body_from.bytes, validate=True)
    except (binascii.Error, ValueError):
        message = "http.bodyFrom.bytes is not base64"
        raise ManifestError(message) from None
