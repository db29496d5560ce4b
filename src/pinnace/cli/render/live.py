"""The live tree: what runs, what failed, what is waited for and why, drawn ten times a second at most."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from pinnace.cli.render.phases import look_of
from pinnace.cli.render.progress import Entry, Progress, walk
from pinnace.cli.render.text import clean, shorten
from pinnace.cli.render.times import precise_duration
from pinnace.engine.index import SUSPENSION, WORKFLOW
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run

#: Seconds between two drawings when something happened, and when only time passed.
_FASTEST = 0.1
_SLOWEST = 1.0
_BAR = 24
_NAME = 60


class LiveTree:
    """An observer that draws runs on a terminal while they go on; what was drawn is gone after ``close``."""

    def __init__(self, stream: TextIO, *, is_colour: bool) -> None:
        self._console = Console(file=stream, no_color=not is_colour, highlight=False, markup=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()
        self._runs: dict[str, tuple[Run, Progress]] = {}
        self._is_changed = False
        self._drawn_at = 0.0

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Take note of nodes; they are drawn with the next ``tick``."""
        known = self._runs.get(run.info.uid)
        progress = known[1] if known is not None else Progress()
        if known is None and len(nodes) < len(run.nodes):
            nodes = [run.nodes[number] for number in sorted(run.nodes)]  # a recovery: all of it is news
        self._runs[run.info.uid] = (run, progress)
        progress.take_in(run, nodes)
        self._is_changed = True

    def said(self, message: str) -> None:
        """Print ``message`` above the tree."""
        self._console.print(Text(clean(message), style="yellow"))

    def tick(self) -> None:
        """Draw, if something changed or durations have."""
        now = time.monotonic()
        if now - self._drawn_at >= (_FASTEST if self._is_changed else _SLOWEST):
            self._is_changed = False
            self._drawn_at = now
            self._live.update(self._drawing(), refresh=True)

    def close(self) -> None:
        """Take the tree off the terminal."""
        self._live.stop()

    def _drawing(self) -> Group:
        room = max(4, self._console.height - 2) // max(1, len(self._runs))
        lines: list[Text] = []
        for run, progress in self._runs.values():
            lines += draw(run, progress, room=room - 2, now=time.time(), width=self._console.width)
        return Group(*lines)


def draw(run: Run, progress: Progress, *, room: int, now: float, width: int) -> Iterator[Text]:
    """Yield the lines of one run, at most ``room`` of steps and one of what is waited for."""
    for depth, entry in walk(progress, room):
        line = _line(run, depth, entry, now)
        line.truncate(width, overflow="ellipsis")
        yield line
    waits = _waits(run, progress)
    if waits:
        yield Text(shorten(f"  {waits}", width), style="dim")


def _line(run: Run, depth: int, entry: Entry, now: float) -> Text:
    node = entry.node
    look = look_of(entry.phase.value, "" if entry.is_loop else node.type.value)
    line = Text("  " * depth)
    line.append(f"{look.icon} ", style=look.colour)
    line.append(shorten(clean(entry.name), _NAME), style="bold" if depth == 0 else "")
    if entry.is_loop:
        line.append(f"  {_bar(entry)}")
        return line
    if node.started_at is not None:
        until = node.finished_at if node.finished_at is not None else now
        line.append(f"  {precise_duration(until - node.started_at)}", style="dim")
    if entry.attempts > 1:
        line.append(f"  attempt {entry.attempts}", style="dim")
    line.append(_detail(run, node, now), style="red" if node.phase.is_bad else "dim")
    return line


def _detail(run: Run, node: Node, now: float) -> str:
    """Return what a node says, or what it waits for."""
    if node.type is NodeType.SUSPEND and node.phase is Phase.RUNNING:
        if node.wake_at is None:
            return f"  waits for `pinnace resume {clean(run.info.name)}`"
        return f"  goes on in {precise_duration(node.wake_at - now)}"
    if node.type is NodeType.RETRY and node.wake_at is not None and not node.phase.is_fulfilled:
        return f"  failed, tries again in {precise_duration(node.wake_at - now)}"
    if node.phase is Phase.RUNNING and node.progress:
        return f"  {node.progress}"
    return f"  {clean(node.message)}" if node.message else ""


def _bar(entry: Entry) -> str:
    """Return how far a loop is: a bar, and how many ended how."""
    counts = entry.counts
    done = sum(count for phase, count in counts.items() if phase.is_fulfilled)
    full = _BAR * done // entry.total if entry.total else 0
    parts = [f"{'█' * full}{'░' * (_BAR - full)} {done}/{entry.total}"]
    words = (
        (counts[Phase.FAILED] + counts[Phase.ERROR], "failed"),
        (counts[Phase.RUNNING], "running"),
        (counts[Phase.PENDING], "pending"),
        (counts[Phase.WAITING], "waiting"),
        (counts[Phase.SKIPPED] + counts[Phase.OMITTED], "skipped"),
    )
    parts += [f"{count} {word}" for count, word in words if count]
    return " · ".join(parts)


def _waits(run: Run, progress: Progress) -> str:
    """Return what is not let in, and why."""
    if run.state.is_suspended:
        return f"suspended: nothing new starts until `pinnace resume {clean(run.info.name)}`"
    if not progress.waiting:
        return ""
    reasons = []
    for limiter, held in run.index.held.items():
        count = len(held) - run.index.held_at.get(limiter, 0)
        if count <= 0 or limiter == SUSPENSION:
            continue
        if limiter == WORKFLOW:
            reasons.append(f"the workflow's parallelism of {run.workflow.spec.parallelism}")
        else:
            reasons.append(f"the parallelism of {clean(run.nodes[limiter].name)}")
    if not reasons:
        return ""
    return f"{progress.waiting} wait because of {', '.join(reasons[:3])}"
