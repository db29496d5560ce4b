"""Fetches of `http` templates beside a bare aiohttp loop: the same server, the same requests, the same run.

Run it with ``python benchmarks/http_fetch.py [count] [together]``. The server runs in a process of its own,
so that the figures are those of the client. Aim: at least 0.6 of the bare loop.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp

from pinnace.executors.http import AiohttpRunner
from pinnace.ports.http import HttpRequest

BODY = b'{"userId": 1, "id": 1, "title": "title", "body": "%s"}' % (b"x" * 200)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
CONDITION = 'response.statusCode == 200 && response.body contains "userId"'
ROUNDS = 7


class _Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(ANSWER * data.count(b"\r\n\r\n"))


def serve(listener: socket.socket) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, sock=listener)
        await server.serve_forever()

    asyncio.run(main())


async def bounded(count: int, together: int, fetch: Callable[[int], Awaitable[object]]) -> float:
    """Seconds for ``count`` fetches, ``together`` at a time."""
    numbers = iter(range(count))

    async def work() -> None:
        for i in numbers:
            await fetch(i)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(together)))
    return time.perf_counter() - started


async def measure(url: str, count: int, together: int) -> dict[str, float]:
    runner = AiohttpRunner()

    async def plain(i: int) -> None:
        outcome = await runner.request(HttpRequest(url=f"{url}/posts/{i}"))
        assert outcome.succeeded, outcome.message

    async def judged(i: int) -> None:
        outcome = await runner.request(HttpRequest(url=f"{url}/posts/{i}", success_condition=CONDITION))
        assert outcome.succeeded, outcome.message

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=512)) as session:

        async def bare(i: int) -> None:
            async with session.get(f"{url}/posts/{i}") as response:
                assert response.status == 200
                await response.text()

        takes: dict[str, list[float]] = {"bare aiohttp": [], "runner": [], "runner, condition": []}
        for _ in range(ROUNDS):  # in turns, so that a busy machine is busy for all of them
            for name, fetch in zip(takes, (bare, plain, judged), strict=True):
                takes[name].append(await bounded(count, together, fetch))
    await runner.close()
    return {name: statistics.median(times) for name, times in takes.items()}


def main() -> int:
    given = [int(text) for text in sys.argv[1:3]]
    count, together = [*given, *(1000, 50)[len(given) :]]
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listener,), daemon=True)
    server.start()
    try:
        seconds = asyncio.run(measure(f"http://127.0.0.1:{listener.getsockname()[1]}", count, together))
    finally:
        server.terminate()
        server.join()
    bare = seconds["bare aiohttp"]
    print(f"{count} fetches, {together} at a time, median of {ROUNDS}")
    for name, took in seconds.items():
        print(f"  {name:<20} {took:7.3f} s {count / took:8.0f}/s   {bare / took:5.2f} of bare")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
