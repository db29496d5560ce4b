"""An artifact behind a URL: loaded by GET, stored by PUT.

Requests follow the same rules as those of ``http`` templates (``pinnace.ports.web``); the content goes
straight between the connection and the file, whatever its size. Source: Argo workflow/artifacts/http/http.go.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pinnace.artifacts.files import appearing, reason, require_source
from pinnace.base.errors import ArtifactError, ArtifactNotFound, RefusedError
from pinnace.ports.web import (
    Hop,
    InvalidRequestError,
    basic_authorization,
    basic_credentials,
    check_request,
    next_hop,
    refusal_of_address,
    refusal_of_name,
    shown,
    wire_url,
)
from pinnace.spec.parameters import HTTPArtifact

#: Seconds without a byte after which a connection is given up.
IDLE_TIMEOUT = 60.0
_CHUNK = 1 << 20
#: What is said by the connection itself, whatever the manifest says.
_OWN_HEADERS = frozenset(("host", "content-length", "transfer-encoding", "connection", "accept-encoding"))


class HttpStore:
    """One URL; implements ``pinnace.ports.artifacts.ArtifactStore``, whose keys mean nothing to it.

    Args:
        location: the URL and its headers.
        username: for basic authorization; used when there is a password too, as in Argo.
        password: a resolved secret; never part of a message.
        context: with a certificate of ours; None for the usual one.
        allow_link_local: also ask link-local and metadata addresses.
        max_bytes: the longest content that is loaded.
    """

    def __init__(
        self,
        location: HTTPArtifact,
        *,
        username: str = "",
        password: str = "",
        context: ssl.SSLContext | None = None,
        allow_link_local: bool = False,
        max_bytes: int,
    ) -> None:
        self._url = location.url
        headers = [(header.name, header.value) for header in location.headers]
        if username and password:
            headers = [header for header in headers if header[0].lower() != "authorization"]
            headers.append(("Authorization", basic_authorization(username, password)))
        self._headers = tuple(headers)
        self._context = context
        self._allow_link_local = allow_link_local
        self._max_bytes = max_bytes

    def load(self, _key: str, target: Path) -> None:
        """Write what the URL answers to the file ``target``.

        Raises:
            ArtifactNotFound: it answers 404.
            ArtifactError: it answers otherwise, not at all, or with more than ``max_bytes``.
        """
        with appearing(target) as made, self._exchange("GET", None) as response:
            if response.status == http.client.NOT_FOUND:
                raise ArtifactNotFound(f"{shown(self._url)}: {response.status} {response.reason}")
            self._require_success(response, "loading content from")
            written = 0
            with made.open("xb") as out:
                for chunk in self._chunks(response):
                    written += len(chunk)
                    if written > self._max_bytes:
                        raise ArtifactError(f"{shown(self._url)} answers more than {self._max_bytes} bytes")
                    out.write(chunk)

    def save(self, source: Path, _key: str) -> None:
        """Send the file ``source`` to the URL.

        Raises:
            ArtifactError: it is a folder, or the URL does not answer with success.
        """
        require_source(source)
        if source.is_dir():
            raise ArtifactError(
                f"{source.name} is a folder, and an http artifact is one file",
                remedy="Leave archive out, or set it to tar or zip.",
            )
        with self._exchange("PUT", source) as response:
            self._require_success(response, f"saving file {source.name} to")

    def post(self, source: Path) -> bytes:
        """Send the file ``source`` to the URL by POST, and return what it answers.

        Raises:
            ArtifactError: it does not answer with success, or with more than ``max_bytes``.
        """
        with self._exchange("POST", source) as response:
            self._require_success(response, "asking")
            return self._read(response)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        content = bytearray()
        for chunk in self._chunks(response):
            content += chunk
            if len(content) > self._max_bytes:
                raise ArtifactError(f"{shown(self._url)} answers more than {self._max_bytes} bytes")
        return bytes(content)

    def delete(self, _key: str) -> None:
        """Refuse: as in Argo, what is behind a URL is not deleted."""
        raise RefusedError(f"an http artifact cannot be deleted: {shown(self._url)}")

    def list(self, _prefix: str) -> Sequence[str]:
        """Refuse: a URL has no keys below it."""
        raise RefusedError(f"the files below a URL cannot be listed: {shown(self._url)}")

    def is_directory(self, _key: str) -> bool:
        """Return False: what is behind a URL is one file."""
        return False

    def _require_success(self, response: http.client.HTTPResponse, act: str) -> None:
        if not 200 <= response.status < 300:
            answer = f"{response.status} {response.reason}"
            raise ArtifactError(f"{act} {shown(self._url)} failed with reason: {answer}")

    def _exchange(self, method: str, source: Path | None) -> http.client.HTTPResponse:
        """Return the last response of a chain of redirects, its body not yet read; closing it ends all."""
        first = hop = Hop(method=method, url=self._url, headers=self._headers, has_body=source is not None)
        with self._told():
            check_request(method, self._url, self._headers)
            while True:
                response = self._ask(hop, source if hop.has_body else None)
                try:
                    following = next_hop(first, hop, response.status, response.headers.get("Location", ""))
                except InvalidRequestError:
                    response.close()
                    raise
                if following is None:
                    return response
                response.close()
                hop = following

    def _ask(self, hop: Hop, source: Path | None) -> http.client.HTTPResponse:
        connection = self._connect(hop.url)
        try:
            _send(connection, hop, source)
            return connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        while True:
            with self._told():
                chunk = response.read(_CHUNK)
            if not chunk:
                if response.length:  # the standard client does not mind a connection that ends early
                    raise ArtifactError(
                        f"{shown(self._url)}: unexpected EOF, {response.length} bytes missing"
                    )
                return
            yield chunk

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the connection raises into errors that name the URL."""
        try:
            yield
        except InvalidRequestError as error:
            raise ArtifactError(str(error)) from error
        except http.client.HTTPException as error:
            raise ArtifactError(f"{shown(self._url)}: {type(error).__name__}: {error}") from error
        except OSError as error:
            raise ArtifactError(f"{shown(self._url)}: {reason(error)}") from error

    def _connect(self, url: str) -> http.client.HTTPConnection:
        """Return a connection to the server of ``url``, made to an address that has been judged."""
        parts = urlsplit(wire_url(url))
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port)
        plug = connection.sock = self._socket(host, port)
        if parts.scheme == "https":
            try:
                connection.sock = (self._context or ssl.create_default_context()).wrap_socket(
                    plug, server_hostname=host
                )
            except BaseException:
                plug.close()
                raise
        return connection

    def _socket(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to ``host``; the address judged is the one connected to."""
        refusal = "" if self._allow_link_local else refusal_of_name(host)
        failure: OSError | None = None
        if not refusal:
            for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if not self._allow_link_local and (refusal := refusal_of_address(str(address[0]))):
                    continue
                plug = socket.socket(family, kind, protocol)
                plug.settimeout(IDLE_TIMEOUT)
                try:
                    plug.connect(address)
                except OSError as error:
                    plug.close()
                    failure = error
                else:
                    return plug
        if failure is not None:
            raise failure
        raise ArtifactError(f"{host} is not asked: {refusal} (the setting allow_link_local permits it)")


def _send(connection: http.client.HTTPConnection, hop: Hop, source: Path | None) -> None:
    parts = urlsplit(wire_url(hop.url))
    connection.putrequest(
        hop.method,
        parts.path + (f"?{parts.query}" if parts.query else ""),
        skip_host=True,
        skip_accept_encoding=True,
    )
    sent = {name.lower(): value for name, value in hop.headers}
    connection.putheader("Host", sent.get("host", parts.netloc))
    connection.putheader("Accept-Encoding", "identity")
    connection.putheader("Connection", "close")
    if "authorization" not in sent and (credentials := basic_credentials(hop.url)):
        connection.putheader("Authorization", credentials)
    for name, value in hop.headers:
        if name.lower() not in _OWN_HEADERS:
            connection.putheader(name, value.encode())
    if source is None:
        connection.endheaders()
        return
    with source.open("rb") as content:
        connection.putheader("Content-Length", str(source.stat().st_size))
        connection.endheaders()
        connection.send(content)
