"""One module a kind of node; each is ``assess(turn, node)`` and knows no other kind.

Nodes whose work is done by Pinnace's own process share one, ``pinnace.engine.work``.
"""

from __future__ import annotations

from collections.abc import Callable

from pinnace.engine import work
from pinnace.engine.calling import template_of
from pinnace.engine.kinds import container, dag, pod, retry_node, step_group, steps, suspend, task_group
from pinnace.engine.node import Node, NodeType
from pinnace.engine.turn import Turn


def _assess_pod(turn: Turn, node: Node) -> None:
    """Assess what Argo runs in a pod: a task, or work that this process does."""
    (work if template_of(turn, node).work is not None else pod).assess(turn, node)


#: One row a node type. Skipped nodes are made fulfilled and never assessed.
ASSESS: dict[NodeType, Callable[[Turn, Node], None]] = {
    NodeType.POD: _assess_pod,
    NodeType.HTTP: work.assess,
    NodeType.PLUGIN: work.assess,
    NodeType.SUSPEND: suspend.assess,
    NodeType.STEPS: steps.assess,
    NodeType.STEP_GROUP: step_group.assess,
    NodeType.DAG: dag.assess,
    NodeType.TASK_GROUP: task_group.assess,
    NodeType.RETRY: retry_node.assess,
    NodeType.CONTAINER: container.assess,
}
