"""HTTP templates: from a command to a request, and what its outcome means."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.commands import SendRequest
from pinnace.engine.node import Phase
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest, HttpRunner
from pinnace.runtime.environment import secret_text
from pinnace.runtime.window import Window
from pinnace.runtime.workers import Done
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.templates import HTTP, HTTPHeader

_LINE_ENDS = str.maketrans("", "", "\r\n")


class Requester:
    """Sends the requests of one run: the worker for ``SendRequest``.

    Args:
        runner: sends them.
        window: says when; runs share it.
        catalogue: where the secrets of headers are.
        clock: returns Unix seconds.
    """

    def __init__(
        self, runner: HttpRunner, window: Window, catalogue: Catalogue, clock: Callable[[], float]
    ) -> None:
        self._runner = runner
        self._window = window
        self._catalogue = catalogue
        self._clock = clock

    async def perform(self, command: SendRequest) -> Done:
        """Return what the answer means. Source: Argo we/agent.go executeHTTPTemplate."""
        await self._window.enter()
        try:
            outcome = await self._outcome(command)
        finally:
            self._window.leave()
        phase = Phase.SUCCEEDED if outcome.succeeded else Phase.FAILED
        return Done(phase, outcome.message, outcome.result)

    async def _outcome(self, command: SendRequest) -> HttpOutcome:
        try:
            request = self._request(command)  # its time begins now, not when it was asked for
        except PinnaceError as error:
            return HttpOutcome(succeeded=False, message=error.message)
        return await self._runner.request(request)

    def _request(self, command: SendRequest) -> HttpRequest:
        http = command.template.http or HTTP()
        timeouts = [float(http.timeout_seconds)] if http.timeout_seconds is not None else []
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
        if source is None:
            return HttpHeader(header.name, header.value)
        key = source.secret_key_ref
        value = header.value if key is None else secret_text(self._catalogue, key.name, key.key)
        return HttpHeader(header.name, value, secret=True)


def _decoded(http: HTTP) -> bytes | None:
    if http.body_from is None or not http.body_from.bytes:
        return None
    try:
        lines = http.body_from.bytes.translate(_LINE_ENDS)  # which Go's decoder passes over
        return base64.b64decode(lines, validate=True)
    except (binascii.Error, ValueError):
        message = "http.bodyFrom.bytes is not base64"
        raise ManifestError(message) from None
