"""How far a run is: ``N/M``, ended well over known. Source: Argo workflow/progress/updater.go."""

from __future__ import annotations

from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.progress import parse_progress
from pinnace.engine.run import Run

_COMPLETE = frozenset({Phase.SUCCEEDED, Phase.SKIPPED, Phase.OMITTED})


class Progress:
    """The progress of a run and of each of its nodes.

    A pod of several containers is as far as it says itself; whoever called it counts the containers too.

    # Differs from Argo: a group counts what it called. Argo counts whatever follows it as well, which costs
    # the square of a chain's length and shows the first of three steps as 3/3.
    """

    def __init__(self, run: Run) -> None:
        self._done: dict[NodeNumber, int] = {}
        self._known: dict[NodeNumber, int] = {}
        self._own: dict[NodeNumber, str] = {}
        self._run_done = self._run_known = 0
        for number in sorted(run.nodes, reverse=True):
            node = run.nodes[number]
            is_counted = node.type.is_leaf or (node.type is NodeType.CONTAINER and not node.is_hidden)
            if is_counted and node.phase is not Phase.WAITING:
                done, known = parse_progress(node.progress) or (0, 1)
                done = known if node.phase in _COMPLETE else done
                self._own[number] = f"{done}/{known}"
                self._add(number, done, known)
                self._run_done += done
                self._run_known += known
            # A child's number is greater than its parent's: all below this node is counted by now.
            self._add(node.parent, self._done.get(number, 0), self._known.get(number, 0))

    def of_run(self) -> str:
        """Return the progress of the run as a whole."""
        return f"{self._run_done}/{self._run_known}"

    def of_node(self, node: Node) -> str:
        """Return the progress of a node, "" when there is nothing to count."""
        if node.number in self._own:
            return self._own[node.number]
        known = self._known.get(node.number, 0)
        return f"{self._done[node.number]}/{known}" if known else ""

    def _add(self, number: NodeNumber, done: int, known: int) -> None:
        self._done[number] = self._done.get(number, 0) + done
        self._known[number] = self._known.get(number, 0) + known
