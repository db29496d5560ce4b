"""A fan-out of `true` through the process executor, on the host and in private views, beside ``xargs -P``.

Run it with ``python benchmarks/executor.py [count]``. Only the executor is measured: no engine, no store.
Aim: at most 1.5 times `xargs -P 8` on the host, at most 3 times in private views.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pinnace.executors.isolation import probe
from pinnace.executors.process import ProcessExecutor
from pinnace.ports.executor import TaskEnded, TaskSpec, TaskUpdate

ROUNDS = 3
AIMS = {"xargs -P 8": "the peer", "on the host": "to reach: ≤ 1.5 x", "in private views": "to reach: ≤ 3 x"}
RUN = "bench"


def xargs(count: int) -> float:
    """Return the seconds that ``xargs -P 8`` takes for ``count`` commands."""
    lines = b"x\n" * count
    started = time.perf_counter()
    subprocess.run(["xargs", "-P", "8", "-n", "1", "true"], input=lines, check=True)
    return time.perf_counter() - started


async def fan_out(home: Path, count: int, *, isolated: bool) -> float:
    """Return the seconds from the hand-over of ``count`` tasks to the last end."""
    executor = ProcessExecutor(home)
    waiting = {"warm-up"}
    all_ended = asyncio.Event()

    def listen(updates: Sequence[TaskUpdate]) -> None:
        waiting.difference_update(update.attempt_id for update in updates if isinstance(update, TaskEnded))
        if not waiting:
            all_ended.set()

    def task(name: str) -> TaskSpec:
        return TaskSpec(attempt_id=name, run_id=RUN, argv=("/bin/true",), isolated=isolated)

    executor.listen(listen)
    await executor.start([task("warm-up")])
    await all_ended.wait()
    all_ended.clear()
    tasks = [task(f"task-{number}") for number in range(count)]
    waiting.update(one.attempt_id for one in tasks)
    started = time.perf_counter()
    await executor.start(tasks)
    await all_ended.wait()
    seconds = time.perf_counter() - started
    await executor.close_run(RUN)
    return seconds


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    times: dict[str, list[float]] = {"xargs -P 8": [], "on the host": [], "in private views": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        isolation = probe(home)
        for _ in range(ROUNDS):
            times["xargs -P 8"].append(xargs(count))
            times["on the host"].append(asyncio.run(fan_out(home, count, isolated=False)))
            if isolation.is_available:
                times["in private views"].append(asyncio.run(fan_out(home, count, isolated=True)))
    peer = min(times["xargs -P 8"])
    print(f"{count} x true, best of {ROUNDS}")
    for name, seconds in times.items():
        if seconds:
            best = min(seconds)
            pace = f"{best / count * 1e3:6.2f} ms a task {count / best:7.0f} a second"
            print(f"{name:17} {pace} {best / peer:5.2f} x  {AIMS[name]}")
        else:
            print(f"{name:17} not possible here: {isolation.reason}")


if __name__ == "__main__":
    main()
