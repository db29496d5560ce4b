"""What sends an ``http`` template's request: the port and the small data types it speaks in.

The caller hands over a request whose values are final (no template, no secret reference is left in it) and is
told what an ``http`` node records: a phase's worth of success, a message and the body.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

#: The longest response body that becomes a result, in bytes. Argo's only limit is that of the object that
#: holds the result; here a larger body fails the request instead of filling the memory.
DEFAULT_MAX_BYTES = 16 * 1024 * 1024


class HttpHeader(msgspec.Struct, frozen=True):
    """One header as the manifest writes it."""

    name: str
    value: str
    secret: bool = False
    """True: the value came from a Secret, so ``successCondition`` does not see the header."""


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request with all values final."""

    url: str
    method: str = ""
    """As the manifest writes it; empty means GET and is what ``request.method`` then shows."""
    headers: tuple[HttpHeader, ...] = ()
    body: str = ""
    body_bytes: bytes | None = None
    """The content of ``bodyFrom.bytes``; when given it is sent instead of ``body``."""
    timeout: float | None = None
    """Seconds for the whole exchange, redirects and body included; None waits as long as it takes."""
    insecure: bool = False
    """True: certificates are not verified."""
    success_condition: str = ""
    """An expression over ``request`` and ``response``; empty accepts every 2xx status."""
    max_bytes: int = DEFAULT_MAX_BYTES


class HttpOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request."""

    succeeded: bool
    message: str = ""
    """Why it did not succeed, in the words that Argo's users match on; empty on success."""
    result: str | None = None
    """The body, undecodable bytes replaced; None when no whole response arrived."""
    status: int | None = None
    """The last response's status; None when none arrived."""


class HttpRunner(Protocol):
    """Sends requests, hundreds at a time. All methods are called on the event loop's thread."""

    async def request(self, request: HttpRequest) -> HttpOutcome:
        """Return what became of ``request``; a failure of the network is an outcome, never an exception."""

    async def close(self) -> None:
        """Close every pooled connection. A later ``request`` opens new ones."""
