"""What is worth showing of a run that goes on: what runs, what failed, what was done last.

Used by the live tree. Taking in a change, and asking what to show, costs what changes and what is shown, not
what the run holds: finished parts are counted and forgotten.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from pinnace.base.ids import NodeNumber
from pinnace.engine.naming import display_name
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.run import Run

#: Of what is done under one node, so many of the last are shown; and so many failures.
_RECENT = 4
_MOST_FAILURES = 5
#: Loops of up to so many items show them all.
_FEW_ITEMS = 20

_GROUPS = frozenset({NodeType.STEP_GROUP, NodeType.TASK_GROUP})


class Entry:
    """A line: a node, or all items of a loop."""

    __slots__ = (
        "attempts",
        "bad",
        "bad_count",
        "counts",
        "is_loop",
        "name",
        "node",
        "open",
        "recent",
        "total",
    )

    def __init__(self, node: Node, name: str, *, is_loop: bool = False) -> None:
        self.node = node
        self.name = name
        self.is_loop = is_loop
        self.attempts = 0
        """How often a Retry node has tried."""
        self.total = 0
        """Of a loop, how many items it has."""
        self.counts: Counter[Phase] = Counter()
        """Of a loop, its items by phase."""
        self.open: dict[NodeNumber, Entry] = {}
        self.bad: list[Entry] = []
        """The first that failed."""
        self.bad_count = 0
        self.recent: deque[Entry] = deque(maxlen=_RECENT)

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen to it."""
        if self.is_loop:
            return sum(count for phase, count in self.counts.items() if phase.is_fulfilled) == self.total
        return self.node.phase.is_fulfilled

    @property
    def phase(self) -> Phase:
        """What its icon shows."""
        if not self.is_loop:
            return self.node.phase
        if not self.is_done:
            return Phase.RUNNING if self.counts[Phase.RUNNING] else Phase.PENDING
        for phase in (Phase.ERROR, Phase.FAILED, Phase.SUCCEEDED):
            if self.counts[phase]:
                return phase
        return Phase.SKIPPED

    def shown(self, room: int) -> list[Entry]:
        """Return at most ``room`` entries below, oldest first: failures, what is open, what was last."""
        if (self.is_done and not self.is_loop) or (self.is_loop and self.total > _FEW_ITEMS):
            chosen = self.bad
        else:
            chosen = [*self.bad, *self.recent, *itertools.islice(self.open.values(), room)]
        return sorted(chosen[:room], key=lambda entry: entry.node.number)

    def settle(self, number: NodeNumber, entry: Entry, *, is_bad: bool) -> None:
        """Take note that the entry below under ``number`` is done."""
        if self.open.pop(number, None) is None:
            return
        if is_bad:
            self.bad_count += 1
            if len(self.bad) < _MOST_FAILURES:
                self.bad.append(entry)
        else:
            self.recent.append(entry)


class Progress:
    """The entries of one run."""

    def __init__(self) -> None:
        self.roots: dict[NodeNumber, Entry] = {}
        """The entry node, exit handler and workflow hooks."""
        self.waiting = 0
        """Nodes that are called and not let in yet."""
        self._entries: dict[NodeNumber, Entry] = {}
        self._loops: dict[tuple[NodeNumber, str], Entry] = {}
        self._phases: dict[NodeNumber, Phase] = {}

    def take_in(self, run: Run, nodes: Sequence[Node]) -> None:
        """Take note of nodes that are new or changed."""
        for node in nodes:
            before = self._phases.get(node.number)
            self._remember(node, before)
            if node.type in _GROUPS or node.is_hidden:
                continue
            if node.is_attempt:
                self._count_attempt(node)
                continue
            holder = self._holder(run, node)
            if holder is None and node.parent != NOBODY:
                continue  # what holds it is done: its line is gone
            if holder is not None and node.index >= 0 and not node.is_hook:
                self._take_in_item(run, node, before, holder)
            else:
                self._update(run, node, holder)

    def _remember(self, node: Node, before: Phase | None) -> None:
        self.waiting += (node.phase is Phase.WAITING) - (before is Phase.WAITING)
        if node.phase.is_fulfilled:
            self._phases.pop(node.number, None)
        else:
            self._phases[node.number] = node.phase

    def _count_attempt(self, node: Node) -> None:
        entry = self._entries.get(node.parent)
        if entry is not None and node.key.startswith("("):
            entry.attempts = max(entry.attempts, int(node.key[1:-1]) + 1)

    def _take_in_item(self, run: Run, node: Node, before: Phase | None, holder: Entry) -> None:
        key = (node.parent, node.key)
        loop = self._loops.get(key)
        if loop is None:
            loop = self._loops[key] = Entry(node, node.key, is_loop=True)
            siblings = run.index.children[node.parent]  # a loop calls all its items at once
            loop.total = sum(run.nodes[number].key == node.key for number in siblings)
            holder.open[node.number] = loop
        if before is not None:
            loop.counts[before] -= 1
        loop.counts[node.phase] += 1
        self._update(run, node, loop)
        if loop.is_done:
            is_bad = loop.counts[Phase.FAILED] + loop.counts[Phase.ERROR] > 0
            holder.settle(loop.node.number, loop, is_bad=is_bad)

    def _update(self, run: Run, node: Node, holder: Entry | None) -> None:
        entry = self._entries.get(node.number)
        if entry is None:
            if node.phase is Phase.WAITING:
                return  # it has a line when it is let in; until then it is counted
            entry = self._entries[node.number] = Entry(node, _name_of(run, node))
            if holder is None:
                self.roots[node.number] = entry
            else:
                holder.open[node.number] = entry
        entry.node = node
        if node.phase.is_fulfilled:
            if holder is not None:
                holder.settle(node.number, entry, is_bad=node.phase.is_bad)
            self._entries.pop(node.number, None)

    def _holder(self, run: Run, node: Node) -> Entry | None:
        """Return the entry that the node is shown under: groups and attempts have none of their own."""
        number = node.parent
        while number != NOBODY:
            above = run.nodes[number]
            if above.type not in _GROUPS and not above.is_attempt:
                return self._entries.get(number)
            number = above.parent
        return None


def _name_of(run: Run, node: Node) -> str:
    return display_name(node, run.nodes[node.boundary].name if node.boundary >= 0 else "")


def walk(progress: Progress, room: int) -> Iterator[tuple[int, Entry]]:
    """Yield depth and entry of at most ``room`` lines, parents before children."""
    stack = [(0, entry) for entry in reversed(progress.roots.values())]
    while stack and room > 0:
        depth, entry = stack.pop()
        room -= 1
        yield depth, entry
        stack += [(depth + 1, below) for below in reversed(entry.shown(room))]
