"""Sends the requests of ``http`` templates with aiohttp, hundreds at a time, from one pool of connections.

What a user sees follows Argo's agent and Go's HTTP client: which redirects are followed, what the success
condition sees, and the text of each failure, on which ``TRANSIENT_ERROR_PATTERN`` and retry strategies match.

Differs from Argo: link-local and metadata addresses are not asked unless allowed, a response has a limited
length, HTTP/2 is not spoken, and no proxy is taken from the environment.

Source: Argo we/agent.go, executeHTTPTemplate; Go net/http, client.go and transport.go.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

from pinnace.base.errors import PinnaceError
from pinnace.ports.http import HttpHeader, HttpOutcome, HttpRequest
from pinnace.ports.web import (
    Hop,
    InvalidRequestError,
    basic_credentials,
    canonical_name,
    check_request,
    next_hop,
    operation,
    refusal_of_address,
    refusal_of_name,
    wire_url,
)

if TYPE_CHECKING:
    import aiohttp  # imported where it is used: a command that sends nothing must not pay for it
    from aiohappyeyeballs import AddrInfoType
    from multidict import CIMultiDict, CIMultiDictProxy

#: Seconds until an unanswered connection attempt fails. Source: Go net/http, DefaultTransport.
CONNECT_TIMEOUT = 30.0
#: Most connections open at once, over all hosts.
DEFAULT_CONNECTIONS = 512
#: The longest line of a response's head, in bytes.
_MAX_HEAD_LINE = 128 * 1024
_CHUNK = 64 * 1024
#: What Go's client never takes from the caller, because it says so itself.
_OWN_HEADERS = frozenset(("content-length", "transfer-encoding", "trailer"))
#: What aiohttp would add on its own and Go would not.
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
#: Go's words for what OpenSSL finds wrong with a certificate, by OpenSSL's number.
_CERTIFICATE_FAULTS = {
    9: "certificate has expired or is not yet valid",
    10: "certificate has expired or is not yet valid",
    18: "certificate signed by unknown authority",
    19: "certificate signed by unknown authority",
    20: "certificate signed by unknown authority",
    21: "certificate signed by unknown authority",
}


class _AddressNotAllowedError(OSError):
    """The address that a connection was about to use may not be asked."""


class _ExchangeError(Exception):
    """The exchange failed; the text is the node's message."""


class _Progress:
    """How far an exchange has come, for the message of a failure that may strike anywhere in it."""

    def __init__(self) -> None:
        #: The first request's method, and the URL whose answer is awaited; no URL once the body arrives.
        self.method = self.awaits = ""
        #: The last response's status.
        self.status: int | None = None

    def told(self, reason: str) -> str:
        """Return the message of a failure: it names the request while its answer is awaited, as in Go."""
        return f"{operation(self.method, self.awaits)}: {reason}" if self.awaits else reason


class _Answer(NamedTuple):
    """A whole response."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    is_unpacked: bool
    """True: compression was our own wish and was undone."""


class AiohttpRunner:
    """Sends requests from one pooled session per event loop; implements ``pinnace.ports.http.HttpRunner``."""

    def __init__(
        self,
        *,
        allow_link_local: bool = False,
        connections: int = DEFAULT_CONNECTIONS,
        user_agent: str = "pinnace",
    ) -> None:
        self._allow_link_local = allow_link_local
        self._connections = connections
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def request(self, request: HttpRequest) -> HttpOutcome:
        """Return what became of ``request``; a failure of the network is an outcome, never an exception."""
        progress = _Progress()
        try:
            async with asyncio.timeout(request.timeout):
                answer = await self._exchange(request, progress)
        except TimeoutError:
            message = progress.told("context deadline exceeded")
        except (_ExchangeError, InvalidRequestError) as error:
            message = str(error)
        else:
            return _judge(request, answer)
        return HttpOutcome(succeeded=False, message=message, status=progress.status)

    async def close(self) -> None:
        """Close every pooled connection. A later ``request`` opens new ones."""
        session, self._session, self._loop = self._session, None, None
        if session is not None:
            await session.close()

    async def _exchange(self, request: HttpRequest, progress: _Progress) -> _Answer:
        """Return the final response, redirects followed."""
        import aiohttp

        payload = request.body.encode() if request.body_bytes is None else request.body_bytes
        first = hop = Hop(
            method=request.method or "GET",
            url=request.url,
            headers=tuple((header.name, header.value) for header in request.headers),
            has_body=bool(payload),
        )
        check_request(first.method, first.url, first.headers)
        progress.method = first.method
        while True:
            progress.awaits = hop.url
            unpacks = _asks_for_gzip(hop)
            try:
                async with await self._send(
                    hop, payload, unpacks=unpacks, insecure=request.insecure
                ) as response:
                    progress.status = response.status
                    following = next_hop(first, hop, response.status, response.headers.get("Location", ""))
                    if following is None:
                        progress.awaits = ""
                        body = await _read(response, request.max_bytes)
                        return _Answer(response.status, response.headers, body, unpacks)
                    hop = following
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise _ExchangeError(progress.told(_explain(error, hop.url))) from error

    async def _send(
        self, hop: Hop, payload: bytes, *, unpacks: bool, insecure: bool
    ) -> aiohttp.ClientResponse:
        import yarl

        url = yarl.URL(wire_url(hop.url), encoded=True)
        if not self._allow_link_local and (refusal := refusal_of_name(url.host or "")):
            raise _AddressNotAllowedError(_not_allowed(refusal))
        return await self._open().request(
            hop.method,
            url,
            data=payload if hop.has_body else None,
            headers=self._headers(hop, unpacks=unpacks),
            allow_redirects=False,
            auto_decompress=unpacks,
            ssl=not insecure,
        )

    def _headers(self, hop: Hop, *, unpacks: bool) -> CIMultiDict[str]:
        """Return what is sent: the hop's headers, and those that Go's client adds."""
        from multidict import CIMultiDict

        headers = CIMultiDict((canonical_name(n), v) for n, v in hop.headers if n.lower() not in _OWN_HEADERS)
        if "Host" in headers:
            headers["Host"] = headers.getall("Host")[-1]
        headers.setdefault("User-Agent", self._user_agent)
        if credentials := basic_credentials(hop.url):
            headers.setdefault("Authorization", credentials)
        if unpacks:
            headers["Accept-Encoding"] = "gzip"
        return headers

    def _open(self) -> aiohttp.ClientSession:
        """Return the session of the running loop; one of an earlier loop is dropped with that loop."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            import aiohttp

            connector = aiohttp.TCPConnector(limit=self._connections, socket_factory=self._socket)
            self._loop = loop
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_NOT_ADDED,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
                max_line_size=_MAX_HEAD_LINE,
                max_field_size=_MAX_HEAD_LINE,
            )
        return self._session

    def _socket(self, address: AddrInfoType) -> socket.socket:
        """Return a socket for the address that is about to be connected to, if it may be.

        The check stands here because nothing lies between it and the connection: no second look-up can give
        another answer, and redirects and addresses written as numbers come by here too.
        """
        family, kind, protocol, _, sockaddr = address
        if not self._allow_link_local and (refusal := refusal_of_address(sockaddr[0])):
            raise _AddressNotAllowedError(_not_allowed(refusal))
        return socket.socket(family, kind, protocol)


def _not_allowed(refusal: str) -> str:
    return f"not allowed: {refusal} (the setting allow_link_local permits it)"


def _asks_for_gzip(hop: Hop) -> bool:
    """Return whether compression is our own wish, so that it is undone before anybody sees the body."""
    names = {name.lower() for name, _ in hop.headers}
    return hop.method != "HEAD" and names.isdisjoint(("accept-encoding", "range"))


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Return the body, unless it is longer than ``max_bytes``; then no more of it is taken in."""
    announced = response.content_length
    if announced is not None and announced <= max_bytes and "Content-Encoding" not in response.headers:
        return await response.read()  # it cannot grow beyond what it announces
    body = bytearray()
    if announced is None or announced <= max_bytes:
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > max_bytes:
                break
        else:
            return bytes(body)
    response.close()
    raise _ExchangeError(
        f"response body is longer than {max_bytes} bytes; fetch it as an http artifact instead"
    )


def _shown_headers(answer: _Answer) -> dict[str, list[str]]:
    """Return the headers as Go shows them: canonical names, a list each, the transport's own removed."""
    hidden = {"Transfer-Encoding", "Trailer"}
    if answer.is_unpacked and answer.headers.get("Content-Encoding", "").lower() == "gzip":
        hidden |= {"Content-Encoding", "Content-Length"}
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.items():
        if (canonical := canonical_name(name)) not in hidden:
            headers.setdefault(canonical, []).append(value)
    return headers


def _judge(request: HttpRequest, answer: _Answer) -> HttpOutcome:
    """Return the outcome of an exchange that gave a whole response."""
    status, body = answer.status, answer.body.decode("utf-8", "replace")
    if not request.success_condition:
        succeeded = 200 <= status < 300
        message = "" if succeeded else f"received non-2xx response code: {status}"
        return HttpOutcome(succeeded=succeeded, message=message, result=body, status=status)
    from pinnace.language.expressions import evaluate_bool

    scope = {
        "request": {
            "method": request.method,
            "url": request.url,
            "body": request.body,
            "bodyBytes": None if request.body_bytes is None else list(request.body_bytes),
            "headers": _request_headers(request.headers),
        },
        "response": {"statusCode": status, "body": body, "headers": _shown_headers(answer)},
    }
    try:
        succeeded = evaluate_bool(request.success_condition, scope, functions=False)
    except PinnaceError as error:
        # As in Argo, a condition that cannot be evaluated leaves the node without a result.
        return HttpOutcome(succeeded=False, message=error.message, status=status)
    message = "" if succeeded else f"successCondition '{request.success_condition}' evaluated false"
    return HttpOutcome(succeeded=succeeded, message=message, result=body, status=status)


def _request_headers(headers: tuple[HttpHeader, ...]) -> dict[str, list[str]]:
    """Return the request's headers as a condition sees them: named as written, the last of a name alone."""
    return {header.name: [header.value] for header in headers if not header.secret}


def _explain(error: BaseException, url: str) -> str:
    """Return what Go's client would say of ``error`` while it talked to the server of ``url``."""
    import aiohttp
    import yarl

    server = yarl.URL(wire_url(url), encoded=True)
    peer = f"{server.host_subcomponent}:{server.port}"
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {server.host}: {_lookup_fault(error.os_error)}"
        case aiohttp.InvalidURL():
            return (
                f"dial tcp: lookup {server.host}: no such host"  # an address in a form that Go does not read
            )
        case aiohttp.ClientConnectorCertificateError():
            return f"tls: failed to verify certificate: {_certificate_fault(error.certificate_error)}"
        case aiohttp.ClientConnectorError():
            return _connection_fault(error.os_error, peer)
        case aiohttp.ServerTimeoutError():
            return f"dial tcp {peer}: i/o timeout"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case aiohttp.ClientPayloadError():
            return _broken_body(error, peer)
        case aiohttp.ClientResponseError():
            return f"net/http: HTTP/1.x transport connection broken: malformed HTTP response: {error.message}"
        case OSError():
            return _connection_fault(error, peer, reads=True)
        case _:
            return f"{type(error).__name__}: {error}"


def _lookup_fault(error: OSError) -> str:
    if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
        return "no such host"
    return error.strerror or str(error)


def _certificate_fault(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "x509: " + _CERTIFICATE_FAULTS.get(error.verify_code, error.verify_message)
    return f"x509: {error}"


def _connection_fault(error: OSError, peer: str, *, reads: bool = False) -> str:
    if isinstance(error, _AddressNotAllowedError):
        return f"dial tcp {peer}: {error}"
    if isinstance(error, ssl.SSLError):
        return _tls_fault(error)
    if error.errno is None:
        if "handshake" in str(error):
            return "net/http: TLS handshake timeout"
        return "EOF" if isinstance(error, ConnectionResetError) else f"dial tcp {peer}: {error}"
    text = os.strerror(error.errno).lower()
    if error.errno == errno.EPIPE:
        return f"write tcp {peer}: write: {text}"
    return f"read tcp {peer}: read: {text}" if reads else f"dial tcp {peer}: connect: {text}"


def _tls_fault(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLEOFError):
        return "EOF"
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return "http: server gave HTTP response to HTTPS client"
    return f"tls: {(error.reason or str(error)).lower().replace('_', ' ')}"


def _broken_body(error: Exception, peer: str) -> str:
    text = str(error)
    if "ConnectionResetError" in text:
        return f"read tcp {peer}: read: connection reset by peer"
    return "gzip: invalid header" if "content-encoding" in text.lower() else "unexpected EOF"
