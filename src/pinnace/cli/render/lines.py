"""What happens to runs as lines, one for each thing that happened: for files, pipes and CI."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pinnace.base.ids import NodeNumber
from pinnace.cli.render.phases import look_of
from pinnace.cli.render.text import clean
from pinnace.cli.render.times import precise_duration
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run


class Lines:
    """An observer that writes a line when a leaf starts or ends, when something is retried, or waits.

    Args:
        write: takes each line, without its end.
        clock: returns Unix seconds.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        self._write = write
        self._clock = clock
        self._told: dict[str, str] = {}
        self._seen: dict[tuple[str, NodeNumber], Phase] = {}

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Write what became of ``nodes``, and of the run."""
        if not run.state.is_finished:
            self._tell_run(run)
        for node in nodes:
            if not (run.state.is_finished and node.name == run.info.name):  # its end is told as the run's
                self._tell_node(run, node)
        if run.state.is_finished:
            self._tell_run(run)

    def said(self, message: str) -> None:
        """Write ``message``."""
        self._line("·", message)

    def _tell_run(self, run: Run) -> None:
        state = run.state
        shown = "Suspended" if state.is_suspended else state.phase
        if shown != self._told.get(run.info.uid):
            self._told[run.info.uid] = shown
            began = state.started_at if state.started_at is not None else self._clock()
            lasted = (
                f" after {precise_duration((state.finished_at or 0.0) - began)}" if state.is_finished else ""
            )
            message = f": {state.message}" if state.message else ""
            self._line(look_of(state.phase).icon, f"{run.info.name} {shown}{lasted}{message}")

    def _tell_node(self, run: Run, node: Node) -> None:
        key = (run.info.uid, node.number)
        before = self._seen.get(key)
        if node.phase.is_fulfilled:
            self._seen.pop(key, None)
        else:
            self._seen[key] = node.phase
        look = look_of(node.phase.value, node.type.value)
        if node.type is NodeType.RETRY and node.wake_at is not None:
            self._line("◷", f"{node.name}: {node.message}")
        elif (
            (node.type.is_leaf or node.type is NodeType.SKIPPED)
            and node.phase is not before
            and node.phase is not Phase.WAITING
        ):
            self._line(look.icon, f"{node.name}{self._detail(run, node)}")
        elif node.phase is Phase.ERROR and node.message and not node.is_hidden:
            self._line(look.icon, f"{node.name}: {node.message}")

    def _detail(self, run: Run, node: Node) -> str:
        if node.phase is Phase.PENDING:
            return " starts"
        if node.phase is Phase.RUNNING:
            is_for_ever = node.type is NodeType.SUSPEND and node.wake_at is None
            return f" waits for `pinnace resume {run.info.name}`" if is_for_ever else " runs"
        lasted = ""
        if node.type is not NodeType.SKIPPED and node.started_at is not None and node.finished_at is not None:
            lasted = f" after {precise_duration(node.finished_at - node.started_at)}"
        return f" {node.phase.value}{lasted}" + (f": {node.message}" if node.message else "")

    def _line(self, icon: str, text: str) -> None:
        now = time.localtime(self._clock())
        self._write(f"{time.strftime('%H:%M:%S', now)} {icon} {clean(text)}")
