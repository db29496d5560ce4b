"""A steps template: groups, one after another. Source: Argo steps.go executeSteps."""

from __future__ import annotations

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import fail_call, template_of
from pinnace.engine.leaf import fails_fast, let_in
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.outputs import gather, succeeded
from pinnace.engine.stepscope import steps_scope
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Begin with the first group, go on with the next, or end."""
    turn.news.pop(node.number, None)
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.RUNNING)
        if admitted is None:
            return
        node = admitted
    template = template_of(turn, node).template
    if fails_fast(turn, node, template):
        return
    count = len(turn.children(node.number))
    if count:
        group = turn.node(turn.children(node.number)[-1])
        if not group.phase.is_fulfilled:
            return
        if group.phase.is_bad:
            turn.settle(node, Phase.FAILED, group.message)
            return
    groups = template.steps or ()
    if count < len(groups):
        _begin_group(turn, node, count)
    else:
        _finish(turn, node)


def _begin_group(turn: Turn, node: Node, index: int) -> None:
    group = Node(
        number=turn.number(),
        name=f"{node.name}[{index}]",
        type=NodeType.STEP_GROUP,
        phase=Phase.RUNNING,
        key=f"[{index}]",
        parent=node.number,
        boundary=node.number,
        depth=node.depth,
        started_at=turn.now,
        is_exit=node.is_exit,
        generation=turn.state.generation,
    )
    turn.put(group)
    turn.assess(group.number)


def _finish(turn: Turn, node: Node) -> None:
    resolved = template_of(turn, node)
    scope = steps_scope(turn, node, resolved.template, len(resolved.template.steps or ()))
    try:
        outputs = gather(resolved.template, scope)
    except PinnaceError as error:
        fail_call(turn, node, error.message)
        return
    succeeded(turn, node, resolved, outputs)
