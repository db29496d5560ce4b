"""A run moved by hand: the engine without store, executor or clock, for tests of what shows runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pinnace.engine.advance import advance, apply
from pinnace.engine.commands import StartTask, Work
from pinnace.engine.events import Event, RunStarted, TaskEnded, TaskStarted, TimePassed, WorkEnded
from pinnace.engine.node import Node, Phase
from pinnace.engine.run import Run
from pinnace.testing.builders import bundle_of, run_of

#: Told after each turn which nodes changed.
Watcher = Callable[[Run, Sequence[Node]], None]


class Play:
    """A run, the commands it has asked for and that nobody has answered, and a clock that stands still.

    Args:
        manifests: YAML text with one workflow, or its document.
        watcher: is told what each turn changed.
    """

    def __init__(self, manifests: str | Mapping[str, Any], watcher: Watcher | None = None) -> None:
        self.run = run_of(bundle_of(manifests))
        self.now = 1_000_000.0
        self.open: dict[str, StartTask | Work] = {}
        self._watcher = watcher

    def tell(self, *events: Event) -> Play:
        """Tell the engine ``events`` in one turn, and keep what it asks for."""
        outcome = advance(self.run, events, self.now)
        apply(self.run, outcome)
        for command in outcome.commands:
            if isinstance(command, StartTask | Work):
                self.open[self.run.nodes[command.node].name] = command
        if self._watcher is not None:
            self._watcher(self.run, outcome.nodes)
        return self

    def start(self) -> Play:
        """Begin."""
        return self.tell(RunStarted())

    def wait(self, seconds: float) -> Play:
        """Let time pass."""
        self.now += seconds
        return self.tell(TimePassed())

    def begin(self, name: str) -> Play:
        """Let the task of the node ``name`` run."""
        command = self.open[name]
        return self.tell(TaskStarted(node=command.node, attempt_id=command.attempt_id, at=self.now))

    def end(self, name: str, exit_code: int = 0, **told: Any) -> Play:
        """End the task or the work of the node ``name``; ``told`` are more fields of the event."""
        command = self.open.pop(name)
        if isinstance(command, Work):
            return self.tell(
                WorkEnded(
                    node=command.node,
                    attempt_id=command.attempt_id,
                    at=self.now,
                    phase=Phase.FAILED if exit_code else Phase.SUCCEEDED,
                    **told,
                )
            )
        return self.tell(
            TaskEnded(
                node=command.node, attempt_id=command.attempt_id, at=self.now, exit_code=exit_code, **told
            )
        )

    def end_all(self, failing: Sequence[str] = ()) -> Play:
        """End whatever is asked for until nothing is, each a second after it began; ``failing`` fail."""
        while self.open:
            name = next(iter(self.open))
            if isinstance(self.open[name], StartTask):
                self.begin(name)
            self.now += 1
            self.end(name, 1 if name in failing else 0)
        return self
