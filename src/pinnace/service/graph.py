"""How Argo connects a run's nodes: ``children`` and ``outboundNodes``, derived from who called whom.

Pinnace keeps a tree of calls. Argo keeps, for each node, the nodes that follow it: a step group follows the
outbound nodes of the group before it, a task those of its dependencies. Used by ``status``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import template_of
from pinnace.engine.dagmemo import dag_plan
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn

_ENTRY = NodeNumber(0)


def is_shown(run: Run, node: Node) -> bool:
    """Return whether Argo would have the node.

    It was let in, or was before a retry opened it again, or waits for a lock.
    """
    if node.is_hidden:
        return False
    if node.phase is not Phase.WAITING or node.locks is not None:
        return True
    return bool(run.index.children.get(node.number))


class Graph:
    """The edges between the nodes of a run that Argo would have; waiting nodes are not among them.

    A node's number is greater than those of all nodes that it follows, so one pass in order of creation meets
    every outbound node before it is asked for.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._turn = Turn(run, 0.0)
        self._children: dict[NodeNumber, dict[NodeNumber, None]] = {}
        self._outbound: dict[NodeNumber, tuple[NodeNumber, ...]] = {}
        for number in sorted(run.nodes):
            node = run.nodes[number]
            if is_shown(run, node):
                for parent in self._parents(node):
                    self._children.setdefault(parent, {})[number] = None

    def children(self, number: NodeNumber) -> Iterable[NodeNumber]:
        """Return the nodes that follow the node, in order of creation."""
        return self._children.get(number, ())

    def outbound_nodes(self, node: Node) -> tuple[NodeNumber, ...]:
        """Return the last nodes of a fulfilled steps or dag node; other nodes have none.

        Source: Argo steps.go updateOutboundNodes, dag.go updateOutboundNodesForTargetTasks.
        """
        if not node.phase.is_fulfilled:
            return ()
        if node.type is NodeType.STEPS:
            groups = self._run.index.children.get(node.number)
            last = self.children(groups[-1]) if groups else ()
        elif node.type is NodeType.DAG:
            last = self._targets(node)
        else:
            return ()
        return tuple(self._all_outbound(last))

    def _targets(self, node: Node) -> Iterator[NodeNumber]:
        try:
            template = template_of(self._turn, node).template
            targets = dag_plan(self._turn, node, template).targets
        except PinnaceError:
            return  # a dag that cannot be planned has no tasks
        is_chosen = template.dag is not None and template.dag.target
        for name in targets if is_chosen else sorted(targets):
            found = self._made(node.number, name)
            if found is not None:
                yield found

    def _made(self, parent: NodeNumber, key: str) -> NodeNumber | None:
        number = self._run.index.called.get((parent, key, -1))
        if number is None or not is_shown(self._run, self._run.nodes[number]):
            return None
        return number

    def _parents(self, node: Node) -> Iterable[NodeNumber]:
        """Return the nodes that ``node`` follows."""
        if node.hook_of >= 0:
            return (node.hook_of,)
        if node.parent == NOBODY:
            return (_ENTRY,) if node.key.startswith("hooks.") else ()
        parent = self._run.nodes[node.parent]
        if parent.type is NodeType.STEPS:
            return self._before_group(node, parent)
        if parent.type is NodeType.DAG:
            return self._before_task(node, parent)
        if node.type is NodeType.CONTAINER:
            return self._before_container(node, parent)
        return (parent.number,)

    def _before_group(self, group: Node, steps: Node) -> Iterable[NodeNumber]:
        """Return what a step group follows. Source: Argo steps.go executeSteps."""
        place = int(group.key[1:-1])
        if place == 0:
            return (steps.number,)
        before = self._run.index.called[steps.number, f"[{place - 1}]", -1]
        calls = self.children(before)
        return self._all_outbound(calls) if calls else (before,)

    def _before_task(self, task: Node, dag: Node) -> Iterable[NodeNumber]:
        """Return what a task follows. Source: Argo dag.go executeDAGTask, connectDependencies."""
        plan = dag_plan(self._turn, dag, template_of(self._turn, dag).template)
        needs = plan.dependencies.get(task.key, ())
        if not needs:
            return (dag.number,)
        made = (self._made(dag.number, need) for need in needs)
        return self._all_outbound(number for number in made if number is not None)

    def _before_container(self, node: Node, pod: Node) -> Iterable[NodeNumber]:
        """Return what a container of a set follows. Source: Argo container_set_template.go."""
        parts = template_of(self._turn, pod).parts
        needs = next((part.needs for part in parts if part.name == node.key), ())
        made = [self._made(pod.number, need) for need in needs]
        return [number for number in made if number is not None] or (pod.number,)

    def _all_outbound(self, numbers: Iterable[NodeNumber]) -> Iterator[NodeNumber]:
        for number in numbers:
            yield from self._outbound_of(number)

    def _outbound_of(self, number: NodeNumber) -> tuple[NodeNumber, ...]:
        """Return the nodes that what comes after ``number`` follows. Source: Argo getOutboundNodes."""
        found = self._outbound.get(number)
        if found is None:
            found = self._outbound[number] = self._find_outbound(self._run.nodes[number])
        return found

    def _find_outbound(self, node: Node) -> tuple[NodeNumber, ...]:
        after = list(self.children(node.number))
        if node.type is NodeType.RETRY:
            return (after[-1],) if after else (node.number,) if node.is_cached else ()
        if node.type is NodeType.TASK_GROUP or (after and node.type in {NodeType.POD, NodeType.CONTAINER}):
            return tuple(self._all_outbound(after)) if after else (node.number,)
        if node.type in {NodeType.STEPS, NodeType.DAG} and not node.is_cached:
            return tuple(self._all_outbound(self.outbound_nodes(node)))
        return (node.number,)
