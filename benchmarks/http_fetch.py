"""Fetches of the HTTP runner beside a bare aiohttp loop: the same server, the same requests, the same run.

Run it with ``python -m benchmarks.http_fetch [count] [together]``. The server runs in a process of its own,
so that the figures are those of the client. Aim: at least 0.6 of the bare loop.
"""

from __future__ import annotations

import asyncio
import statistics
import sys

import aiohttp
from benchmarks.http_server import CONDITION, bounded, server

from pinnace.executors.http import AiohttpRunner
from pinnace.ports.http import HttpRequest

ROUNDS = 7


async def measure(url: str, count: int, together: int) -> dict[str, tuple[float, float]]:
    """Return the median seconds, and those of CPU, of each way to fetch."""
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

        takes: dict[str, list[tuple[float, float]]] = {
            "bare aiohttp": [],
            "runner": [],
            "runner, condition": [],
        }
        for _ in range(ROUNDS):  # in turns, so that a busy machine is busy for all of them
            for name, fetch in zip(takes, (bare, plain, judged), strict=True):
                takes[name].append(await bounded(count, together, fetch))
    await runner.close()
    return {
        name: (statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times))
        for name, times in takes.items()
    }


def main() -> None:
    """Print the table."""
    given = [int(text) for text in sys.argv[1:3]]
    count, together = [*given, *(1000, 50)[len(given) :]]
    with server() as url:
        seconds = asyncio.run(measure(url, count, together))
    bare_wall, bare_cpu = seconds["bare aiohttp"]
    print(f"{count} fetches, {together} at a time, median of {ROUNDS}; to reach: 0.60 of bare")
    for name, (wall, cpu) in seconds.items():
        print(
            f"  {name:<20}{wall:7.3f} s{count / wall:8.0f}/s{bare_wall / wall:7.2f} of bare"
            f"{cpu:9.3f} s of CPU{bare_cpu / cpu:7.2f} of bare"
        )


if __name__ == "__main__":
    main()
