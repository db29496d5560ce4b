"""What follows from the nodes and must be known without looking at all of them.

Nothing here is saved: ``Index.add`` rebuilds it from the nodes. A turn reads it and keeps its own additions;
``pinnace.engine.advance.apply`` puts them in.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, NodeType, Phase

#: Queues that are not a boundary's: the workflow's own parallelism, and its suspension.
WORKFLOW = NodeNumber(-1)
SUSPENSION = NodeNumber(-2)


@dataclass(slots=True)
class Tally:
    """Counts for one node; a turn changes copies."""

    open: int = 0
    """Children that are not fulfilled, nor daemons at work."""
    bad: int = 0
    """Nodes called by this boundary that failed or errored: pods, steps and dags, attempts included."""
    active: int = 0
    """Nodes called by this boundary that count against its parallelism now."""
    hooks: int = 0
    """Hooks of this node that are not fulfilled."""
    daemons: int = 0
    """Daemons at work that were called by this boundary, their Retry nodes among them."""
    serving: int = 0
    """Those of them that are among the active."""

    def copy(self) -> Tally:
        """Return one that can be changed alone."""
        return Tally(self.open, self.bad, self.active, self.hooks, self.daemons, self.serving)


class Index:
    """Children by parent, nodes by what they are called, counts, alarms and queues."""

    __slots__ = (
        *("active_pods", "called", "children", "held", "held_at", "is_over_time", "next"),
        *("tallies", "waits", "wakes"),
    )

    def __init__(self) -> None:
        self.next = NodeNumber(0)
        self.children: dict[NodeNumber, list[NodeNumber]] = {}
        self.called: dict[tuple[NodeNumber, str, int], NodeNumber] = {}
        """(parent, key, place in a loop) → the node."""
        self.tallies: dict[NodeNumber, Tally] = {}
        self.active_pods = 0
        self.is_over_time = False
        """The workflow's deadline has passed, and what ran then was ended."""
        self.wakes: list[tuple[float, NodeNumber]] = []
        """A heap; entries that no longer agree with their node are stale."""
        self.waits: dict[tuple[NodeNumber, str], int] = {}
        """(dag node, task) → dependencies that are not done; negative when the task is; absent at first."""
        self.held: dict[NodeNumber, list[NodeNumber]] = {}
        """Limiter → nodes that it refused, oldest first; those before ``held_at`` are let go."""
        self.held_at: dict[NodeNumber, int] = {}

    def add(self, node: Node) -> None:
        """Count a node that is new to the index."""
        self.next = max(self.next, NodeNumber(node.number + 1))
        self.children.setdefault(node.parent, []).append(node.number)
        self.called[(node.parent, node.key, node.index)] = node.number
        active = shift(self._tally, None, node)
        if node.type is NodeType.POD:
            self.active_pods += active
        self.wake(node)

    def _tally(self, number: NodeNumber) -> Tally:
        found = self.tallies.get(number)
        if found is None:
            found = self.tallies[number] = Tally()
        return found

    def wake(self, node: Node) -> None:
        """Remember when the node wants to be assessed."""
        if node.wake_at is not None and not node.phase.is_fulfilled:
            heapq.heappush(self.wakes, (node.wake_at, node.number))

    def due(self, now: float) -> list[NodeNumber]:
        """Return the nodes whose alarm has rung by ``now``; costs what it returns, not the heap's size."""
        if not self.wakes or self.wakes[0][0] > now:
            return []
        found: list[NodeNumber] = []
        stack = [0]
        while stack:
            at = stack.pop()
            if at < len(self.wakes) and self.wakes[at][0] <= now:
                found.append(self.wakes[at][1])
                stack += (2 * at + 1, 2 * at + 2)
        return sorted(set(found))

    def waiting(self, limiter: NodeNumber) -> list[NodeNumber]:
        """Return the nodes that the limiter holds, oldest first."""
        return self.held.get(limiter, [])[self.held_at.get(limiter, 0) :]

    def drop_stale_alarms(self, nodes: dict[NodeNumber, Node]) -> None:
        """Forget alarms at the heap's top that no longer agree with their node."""
        while self.wakes:
            at, number = self.wakes[0]
            node = nodes.get(number)
            if node is not None and node.wake_at == at and not node.phase.is_fulfilled:
                return
            heapq.heappop(self.wakes)

    def let_go(self, limiter: NodeNumber, at: int) -> None:
        """Take note that the limiter let go of the first ``at`` nodes; room is reclaimed now and then."""
        held = self.held.get(limiter, [])
        if at * 2 > len(held):
            self.held[limiter] = held[at:]
            at = 0
        self.held_at[limiter] = at


def _change(was: Phase | None, now: Phase) -> tuple[int, int, int]:
    return (
        (not now.is_fulfilled) - (was is not None and not was.is_fulfilled),
        now.is_bad - (was is not None and was.is_bad),
        now.is_active - (was is not None and was.is_active),
    )


#: By how much a change of phase changes what is open, bad and active.
_CHANGES = {(was, now): _change(was, now) for was in (None, *Phase) for now in Phase}


def shift(tally: Callable[[NodeNumber], Tally], old: Node | None, new: Node) -> int:
    """Count a node's change with its parent, boundary and owner; return by how much it is more active.

    Args:
        tally: returns the counts of a node, to be changed.
        old: the node before, None for a new one.
        new: the node now.
    """
    opened, bad, active = _CHANGES[old.phase if old is not None else None, new.phase]
    daemons = new.daemoned - (old is not None and old.daemoned)
    if daemons:
        opened -= daemons
        if new.boundary >= 0:
            tally(new.boundary).daemons += daemons
            tally(new.boundary).serving += daemons if new.type.is_counted else 0
    if opened:
        tally(new.parent).open += opened
        if new.hook_of >= 0:
            tally(new.hook_of).hooks += opened
    if (bad or active) and new.boundary >= 0 and new.type.is_counted:
        counts = tally(new.boundary)
        counts.bad += bad
        counts.active += active
    return active
