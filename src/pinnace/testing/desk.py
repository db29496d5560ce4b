"""What tests hand tasks to an executor from: a desk that hears of them, volumes, and signs of life."""

# ruff: noqa: ASYNC110  # a test may wait for files to change

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pinnace.ports.executor import Executor, StagedFile, TaskEnded, TaskSpec, TaskUpdate

#: Seconds after which a test that waits has failed; far more than any needs.
PATIENCE = 300.0
RUN = "run-1"
ENVIRONMENT = (("PATH", "/usr/local/bin:/usr/bin:/bin"),)


class Desk:
    """An executor, and what it has told so far."""

    def __init__(self, executor: Executor, *, isolated: bool) -> None:
        self.executor = executor
        self.updates: list[TaskUpdate] = []
        self.complaints: list[tuple[str, str]] = []
        self.isolated = isolated
        self._news = asyncio.Event()
        executor.listen(self._hear, lambda run_id, trouble: self.complaints.append((run_id, trouble)))

    def _hear(self, updates: Sequence[TaskUpdate]) -> None:
        self.updates += updates
        self._news.set()

    def task(self, script: str, attempt_id: str = "a", **fields: Any) -> TaskSpec:
        """Return a task that runs ``script`` in the shell."""
        given: dict[str, Any] = {
            "env": ENVIRONMENT,
            "isolated": self.isolated,
            "want_result": True,
            **fields,
        }
        return TaskSpec(attempt_id=attempt_id, run_id=RUN, argv=("sh", "-c", script), **given)

    async def told(self, attempt_id: str, kind: type[TaskUpdate]) -> Any:
        """Return the first update of that kind, waiting for it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for update in self.updates:
                    if update.attempt_id == attempt_id and isinstance(update, kind):
                        return update
                self._news.clear()
                await self._news.wait()

    async def start_trapping(self, action: str, folder: Path, **fields: Any) -> None:
        """Start a task ``a`` that runs without end and does ``action`` on SIGTERM; returns when it would."""
        data = volume(folder / "trapping")
        script = f"trap '{action}' TERM; touch {data.path}/ready; while :; do sleep 0.01; done"
        await self.executor.start([self.task(script, files=(data,), **fields)])
        await eventually((folder / "trapping" / "ready").exists)

    async def run(self, script: str, attempt_id: str = "a", **fields: Any) -> TaskEnded:
        """Run ``script`` and return its end."""
        await self.executor.start([self.task(script, attempt_id, **fields)])
        ended: TaskEnded = await self.told(attempt_id, TaskEnded)
        return ended


def volume(folder: Path) -> StagedFile:
    """Return ``folder`` as a volume of a task, at a path of the same name."""
    folder.mkdir(exist_ok=True)
    return StagedFile(path=f"{folder}-mounted", source=str(folder), writable_source=True)


async def eventually(holds: Callable[[], bool]) -> None:
    """Return when ``holds`` does; fails when it does not in time."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


class Pulse:
    """Tells whether anything is left of a task that runs the shell command ``begin`` and mounts ``volume``.

    ``begin`` opens a pipe that lies in ``volume``; whatever the shell starts has it open too.
    """

    def __init__(self, folder: Path) -> None:
        self.volume = volume(folder)
        self.begin = f"exec 9> {self.volume.path}/pulse"
        os.mkfifo(folder / "pulse")
        self._pipe = os.open(folder / "pulse", os.O_RDONLY | os.O_NONBLOCK)

    def beats(self) -> bool:
        """Return whether a process has the pipe open; there is none before ``begin``."""
        try:
            return os.read(self._pipe, 1) != b""
        except BlockingIOError:
            return True

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._pipe)
