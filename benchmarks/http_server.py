"""What the HTTP benchmarks share: a server in a process of its own, and a loop of fetches."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

BODY = b'{"userId": 1, "id": 1, "title": "title", "body": "%s"}' % (b"x" * 200)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
#: Holds for ``ANSWER``.
CONDITION = 'response.statusCode == 200 && response.body contains "userId"'
#: Connections that may wait to be accepted. With too few of them, some try again after a second.
_BACKLOG = 1024


class _Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))


def _serve(listener: socket.socket) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, sock=listener, backlog=_BACKLOG)
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[str]:
    """Serve ``ANSWER`` to every request; yields the URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
        process.start()
    try:
        yield url
    finally:
        process.terminate()
        process.join()


async def bounded(
    count: int, together: int, fetch: Callable[[int], Awaitable[object]]
) -> tuple[float, float]:
    """Return the seconds, and those of CPU, that ``count`` fetches took, ``together`` at a time."""
    numbers = iter(range(count))

    async def work() -> None:
        for i in numbers:
            await fetch(i)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(together)))
    return time.perf_counter() - began, time.process_time() - cpu
