"""One turn: an overlay of changed nodes over a run, and a queue of nodes to assess.

It knows nodes, not templates: nothing here is about one kind. Used by ``advance`` and by the kinds.
"""

from __future__ import annotations

from collections import deque

from msgspec.structs import replace

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import Command
from pinnace.engine.index import WORKFLOW, Tally, shift
from pinnace.engine.node import Node, NodeOutputs, NodeType, Phase
from pinnace.engine.run import Run, RunState


class Turn:
    """What one turn reads and writes. ``run`` itself is not changed."""

    __slots__ = (
        "active_pods",
        "called",
        "children_",
        "commands",
        "freed",
        "held",
        "held_at",
        "is_fresh",
        "is_over_time",
        "news",
        "next",
        "nodes",
        "now",
        "queue",
        "queued",
        "run",
        "state",
        "tallies",
        "waits",
    )

    def __init__(self, run: Run, now: float, *, is_fresh: bool = False) -> None:
        self.run = run
        self.now = now
        self.is_fresh = is_fresh
        """True: nobody knows what changed, every open node is looked at whole."""
        self.state: RunState = run.state
        self.nodes: dict[NodeNumber, Node] = {}
        self.tallies: dict[NodeNumber, Tally] = {}
        self.commands: list[Command] = []
        self.next = run.index.next
        self.children_: dict[NodeNumber, list[NodeNumber]] = {}
        self.called: dict[tuple[NodeNumber, str, int], NodeNumber] = {}
        self.active_pods = run.index.active_pods
        self.is_over_time = run.index.is_over_time
        self.waits: dict[tuple[NodeNumber, str], int] = {}
        self.held: dict[NodeNumber, list[NodeNumber]] = {}
        self.held_at: dict[NodeNumber, int] = {}
        self.freed: dict[NodeNumber, None] = {}
        """Limiters that let nodes go in this turn, which may not have taken the places."""
        self.news: dict[NodeNumber, list[NodeNumber]] = {}
        """Node → children and hooks that changed their phase since it was last assessed."""
        self.queue: deque[NodeNumber] = deque()
        self.queued: set[NodeNumber] = set()

    # Reading -----------------------------------------------------------------------------------------------

    def node(self, number: NodeNumber) -> Node:
        """Return the node as it stands in this turn."""
        found = self.nodes.get(number)
        return found if found is not None else self.run.nodes[number]

    def find(self, parent: NodeNumber, key: str, index: int = -1) -> Node | None:
        """Return the child that ``parent`` calls ``key``, or None."""
        at = (parent, key, index)
        number = self.called.get(at)
        if number is None:
            number = self.run.index.called.get(at)
        return None if number is None else self.node(number)

    def children(self, number: NodeNumber) -> list[NodeNumber]:
        """Return the numbers of a node's children in order of creation."""
        old = self.run.index.children.get(number, [])
        new = self.children_.get(number)
        return old + new if new else old

    def tally(self, number: NodeNumber) -> Tally:
        """Return the counts of a node; not to be changed."""
        found = self.tallies.get(number)
        if found is None:
            found = self.run.index.tallies.get(number)
        return found if found is not None else Tally()

    # Writing -----------------------------------------------------------------------------------------------

    def put(self, new: Node) -> Node:
        """Make ``new`` what the node is; tallies follow, and whoever waits for it is assessed."""
        old = self.nodes.get(new.number) or self.run.nodes.get(new.number)
        self.nodes[new.number] = new
        if old is None:
            self.children_.setdefault(new.parent, []).append(new.number)
            self.called[(new.parent, new.key, new.index)] = new.number
        elif old.phase is new.phase and old.daemoned is new.daemoned:
            return new
        if active := shift(self._counts, old, new):
            self._take_place(new, active)
        if new.phase.is_fulfilled:
            if new.boundary >= 0 and self.tally(new.boundary).bad:
                self.assess(new.boundary)  # it may fail fast
            if not new.type.is_leaf and self.tally(new.number).daemons:
                self.assess(new.number)  # which ends them
            self.tell(new.parent, new.number)
        elif new.daemoned or (new.phase is Phase.RUNNING and (new.is_watched or new.hook_of >= 0)):
            self.tell(new.parent, new.number)
        return new

    def _take_place(self, node: Node, active: int) -> None:
        """Count ``node`` against what limits it; below zero, it leaves its place to who waits for one."""
        if active < 0 and node.boundary >= 0 and node.type.is_counted:
            self.let_go(node.boundary)
        if node.type is NodeType.POD:
            self.active_pods += active
            if active < 0:
                self.let_go(WORKFLOW)

    def _counts(self, number: NodeNumber) -> Tally:
        """Return the counts of a node, this turn's own copy."""
        tally = self.tallies.get(number)
        if tally is None:
            base = self.run.index.tallies.get(number)
            tally = self.tallies[number] = base.copy() if base is not None else Tally()
        return tally

    def tell(self, parent: NodeNumber, child: NodeNumber) -> None:
        """Have ``parent`` assessed, knowing that ``child`` changed."""
        self.news.setdefault(parent, []).append(child)
        self.assess(parent)

    def settle(self, node: Node, phase: Phase, message: str = "", outputs: NodeOutputs | None = None) -> Node:
        """End ``node``. An end that is told twice changes nothing."""
        node = self.node(node.number)
        if node.phase.is_fulfilled:
            return node
        return self.put(
            replace(
                node,
                phase=phase,
                message=message,
                outputs=outputs if outputs is not None else node.outputs,
                finished_at=self.now,
                started_at=node.started_at if node.started_at is not None else self.now,
                wake_at=None,
                daemoned=False,
            )
        )

    def number(self) -> NodeNumber:
        """Return a number for a new node."""
        number = self.next
        self.next = NodeNumber(number + 1)
        return number

    def ask(self, command: Command) -> None:
        """Have ``command`` performed after this turn is saved."""
        self.commands.append(command)

    # Queues ------------------------------------------------------------------------------------------------

    def assess(self, number: NodeNumber) -> None:
        """Queue a node for assessment in this turn."""
        if number not in self.queued:
            self.queued.add(number)
            self.queue.append(number)

    def assess_next(self, number: NodeNumber) -> None:
        """Have a new node assessed before all others that are queued."""
        self.queued.add(number)
        self.queue.appendleft(number)

    def hold(self, node: Node, limiter: NodeNumber) -> None:
        """Remember that ``limiter`` refused ``node``: it is assessed again when a place is free."""
        self.held.setdefault(limiter, []).append(node.number)

    def is_holding(self, limiter: NodeNumber) -> bool:
        """Return whether ``limiter`` has refused nodes that it did not let go."""
        count = len(self.run.index.held.get(limiter, ())) + len(self.held.get(limiter, ()))
        return count > self.held_at.get(limiter, self.run.index.held_at.get(limiter, 0))

    def let_go(self, limiter: NodeNumber, count: int = 1) -> None:
        """Have the next ``count`` nodes that ``limiter`` refused assessed again."""
        if limiter not in self.held and limiter not in self.run.index.held:
            return
        old = self.run.index.held.get(limiter, [])
        new = self.held.get(limiter, [])
        self.freed[limiter] = None
        at = self.held_at.get(limiter, self.run.index.held_at.get(limiter, 0))
        while count > 0 and at < len(old) + len(new):
            number = old[at] if at < len(old) else new[at - len(old)]
            at += 1
            if self.node(number).phase is Phase.WAITING:
                self.assess(number)
                count -= 1
            self.held_at[limiter] = at
