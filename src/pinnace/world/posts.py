"""An HTTP server that answers ``GET /posts/N`` like jsonplaceholder, with faults that call for retries.

``World`` starts it. Rules that hold here:

* The first request for some posts fails as ``Faults`` says, every later one succeeds: a run that retries ends
  well, always after the same number of requests.
* A connection is dropped in the middle of an answer: HTTP clients repeat a GET by themselves when it breaks
  earlier (Go's on a kept connection, aiohttp on any), and the fault would then be seen by nobody.
* It is reset (RST), not closed: by its message "connection reset by peer" is transient and "EOF" is not.
  Source: Argo util/errors/errors.go, isTransientNetworkErr.
"""

from __future__ import annotations

import json
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

#: What the server stands in for.
POSTS_ORIGIN = "https://jsonplaceholder.typicode.com"

_WORDS = (
    *("anchor", "ballast", "beam", "bow", "bridge", "buoy", "cabin", "compass", "crew", "current", "deck"),
    *(
        "ebb",
        "fathom",
        "harbour",
        "helm",
        "hull",
        "keel",
        "knot",
        "lantern",
        "mast",
        "mooring",
        "oar",
        "port",
    ),
    *("quay", "rigging", "rudder", "sail", "shoal", "skipper", "stern", "strait", "tide", "tiller", "winch"),
)


@dataclass(frozen=True)
class Faults:
    """The posts whose first request fails."""

    unavailable: frozenset[int] = frozenset()
    """Answered with status 503."""
    dropped: frozenset[int] = frozenset({2})
    """Answered by half: the connection is then reset."""


def post(number: int) -> dict[str, int | str]:
    """Return post ``number`` (from 1), always the same: ten posts a user, a body of four lines."""

    def words(salt: int, count: int) -> str:
        return " ".join(_WORDS[(number * 7 + salt * 13 + i * i * 3) % len(_WORDS)] for i in range(count))

    return {
        "userId": (number - 1) // 10 + 1,
        "id": number,
        "title": words(1, 5),
        "body": "\n".join(words(line, 6) for line in range(2, 6)),
    }


class PostsServer:
    """The running server. Any post from 1 on exists, where jsonplaceholder ends at 100."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self._requests: Counter[int] = Counter()
        self._refused: Counter[str] = Counter()
        self._lock = Lock()
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="posts", daemon=True)

    @property
    def url(self) -> str:
        """Return the origin, as ``http://127.0.0.1:40123``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and end the thread. A second call changes nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fault_of(self, number: int) -> str:
        """Count a request for post ``number``; return its fault, ``unavailable``, ``dropped`` or nothing."""
        with self._lock:
            self._requests[number] += 1
            fault = ""
            if self._requests[number] == 1:
                fault = "unavailable" if number in self.faults.unavailable else fault
                fault = "dropped" if number in self.faults.dropped else fault
            if fault:
                self._refused[fault] += 1
            return fault

    def requests(self) -> dict[int, int]:
        """Return how many requests came for each post."""
        with self._lock:
            return dict(self._requests)

    def summary(self) -> str:
        """Return one line that tells what was asked and what failed on purpose."""
        with self._lock:
            posts, requests, refused = len(self._requests), self._requests.total(), dict(self._refused)
        return (
            f"{posts} posts in {requests} requests; on purpose {refused.get('unavailable', 0)} were answered "
            f"with 503 and {refused.get('dropped', 0)} dropped"
        )


class _Server(ThreadingHTTPServer):
    """A thread a connection: what is asked of it comes from one machine."""

    daemon_threads = True
    request_queue_size = 1024  # a fan-out opens hundreds of connections at once

    def __init__(self, posts: PostsServer) -> None:
        self.posts = posts
        super().__init__(("127.0.0.1", 0), _Handler)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without the polite shutdown, which would turn a reset into an end of file."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        number = _post_number(self.path)
        if number is None:
            self._answer(404, {})
            return
        match self.server.posts.fault_of(number):
            case "unavailable":
                self._answer(503, {"error": "the service is busy; try again"})
            case "dropped":
                self._answer(200, post(number), sent=0.5)
                # Lingering for no time makes close() a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case _:
                self._answer(200, post(number))

    def _answer(self, status: int, document: dict[str, int | str], sent: float = 1) -> None:
        """Send ``document``; of its body, only the share ``sent``."""
        body = json.dumps(document, indent=2).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: int(len(body) * sent)])

    def log_message(self, *_: Any) -> None:
        """Stay silent: what was asked is told by ``summary``."""


def _post_number(path: str) -> int | None:
    prefix, _, number = path.partition("?")[0].rpartition("/")
    if prefix != "/posts" or not (number.isascii() and number.isdigit()) or len(number) > 12:
        return None
    return int(number) or None


def read_numbers(text: str) -> frozenset[int]:
    """Return the whole numbers of a text as ``3, 7, 11``.

    Raises:
        ValueError: a word is not a whole number.
    """
    return frozenset(int(word) for word in text.replace(",", " ").split())
