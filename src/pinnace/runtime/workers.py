"""Work that Pinnace's own process does for nodes: from a command to its worker, and back to an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import msgspec

from pinnace.engine.commands import Work
from pinnace.engine.events import WorkEnded
from pinnace.engine.node import Phase
from pinnace.spec.parameters import Artifact


class Done(msgspec.Struct, frozen=True):
    """What a worker came to; the fields are those of ``WorkEnded``."""

    phase: Phase = Phase.SUCCEEDED
    message: str = ""
    result: str | None = None
    parameters: dict[str, str] = {}
    artifacts: tuple[Artifact, ...] = ()
    exit_code: int | None = None


class Worker(Protocol):
    """Does one kind of work. All methods are called on the event loop's thread."""

    async def perform(self, command: Any) -> Done:
        """Return what became of the work; what goes wrong with it is an answer, never an exception.

        ``command`` is of the kind that the worker is for. It may be asked for again after a crash.
        """


class Workers:
    """Does the work of one run.

    Args:
        workers: who does which kind of work.
        clock: returns Unix seconds.
    """

    def __init__(self, workers: Mapping[type[Work], Worker], clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._open: dict[str, asyncio.Task[Any]] = {}

    @property
    def at_work(self) -> int:
        """How much work is being done, or waits to be."""
        return len(self._open)

    async def perform(self, command: Work) -> WorkEnded | None:
        """Return how the work ended; None when it is being done already.

        It belongs to the task that calls this: ``cancel`` cancels that.
        """
        task = asyncio.current_task()
        assert task is not None
        if command.attempt_id in self._open:
            return None
        self._open[command.attempt_id] = task
        try:
            done = await self._workers[type(command)].perform(command)
        finally:
            del self._open[command.attempt_id]
        return WorkEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=self._clock(),
            phase=done.phase,
            message=done.message,
            result=done.result,
            exit_code=done.exit_code,
            parameters=done.parameters,
            artifacts=done.artifacts,
        )

    def cancel(self, attempt_ids: Iterable[str]) -> None:
        """Give up work whose nodes have ended."""
        for attempt_id in attempt_ids:
            with suppress(KeyError):
                self._open[attempt_id].cancel()
