"""One group of a steps template: its steps run together. Source: Argo steps.go executeStepGroup."""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import Wish, call, ended, template_of
from pinnace.engine.dagplan import forgives
from pinnace.engine.fanout import Planned, plan
from pinnace.engine.hooks import owner_of, run_hooks
from pinnace.engine.naming import node_id
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.scope import Chain
from pinnace.engine.stepscope import steps_scope
from pinnace.engine.turn import Turn
from pinnace.spec.templates import WorkflowStep


def assess(turn: Turn, node: Node) -> None:
    """Call the steps, follow their hooks, end when all are done."""
    caller = turn.node(node.parent)
    place = int(node.key[1:-1])
    resolved = template_of(turn, caller)
    steps = (resolved.template.steps or ())[place]
    if not node.is_expanded:
        node = _expand(turn, node, caller, steps, place)
        if node.phase.is_fulfilled:
            return
    _follow(turn, node, caller, steps, place)
    if turn.tally(node.number).open == 0:
        _finish(turn, node, steps)


def _expand(turn: Turn, node: Node, caller: Node, steps: tuple[WorkflowStep, ...], place: int) -> Node:
    resolved = template_of(turn, caller)
    scope = steps_scope(turn, caller, resolved.template, place)
    try:
        plans = [(step, plan(turn.run.memo, step, lambda: scope)) for step in steps]
    except PinnaceError as error:
        return turn.settle(node, Phase.ERROR, error.message)
    for step, planned in plans:
        for one in planned or [Planned(step.name, -1, step, "Skipped, empty params")]:
            wish = _wish(node, caller, step, one, resolved.scope)
            if one.skip:
                ended(turn, wish, Phase.SKIPPED, one.skip)
            else:
                call(turn, wish)
    return turn.put(replace(turn.node(node.number), is_expanded=True))


def _wish(node: Node, caller: Node, step: WorkflowStep, one: Planned, scope: str) -> Wish:
    return Wish(
        name=f"{node.name}.{one.name}",
        key=step.name,
        index=one.index,
        parent=node.number,
        boundary=caller.number,
        template=one.call.template,
        template_ref=one.call.template_ref,
        inline=one.call.inline,
        scope=scope,
        arguments=one.call.arguments,
        is_watched=bool(step.hooks),
    )


def _follow(turn: Turn, node: Node, caller: Node, steps: tuple[WorkflowStep, ...], place: int) -> None:
    """Start the hooks of the children that changed; of all children when it is not known which did."""
    news = turn.news.pop(node.number, None)
    declared = {step.name: step for step in steps if step.hooks or step.on_exit}
    if not declared:
        return
    resolved = template_of(turn, caller)

    def scope(owner: Node) -> Chain:
        return steps_scope(turn, caller, resolved.template, place + 1, owner)

    for number in news if news is not None and not turn.is_fresh else list(turn.children(node.number)):
        child = owner_of(turn, number)
        step = declared.get(child.key)
        if step is not None and child.type is not NodeType.SKIPPED:
            run_hooks(turn, step, child, caller, resolved.scope, scope)


def _finish(turn: Turn, node: Node, steps: tuple[WorkflowStep, ...]) -> None:
    """End as the children did. A failed one that may is forgiven; the others are named, first one first."""
    forgiving = {step.name: step.continue_on for step in steps}
    for number in turn.children(node.number):
        child = turn.node(number)
        if child.is_call_error and child.phase is Phase.FAILED:
            turn.settle(node, Phase.FAILED, child.message)
            return
        if child.is_call_error:
            turn.settle(node, Phase.ERROR, _call_error(child))
            return
    for number in turn.children(node.number):
        child = turn.node(number)
        if child.phase.is_bad and not child.is_hook and not forgives(forgiving.get(child.key), child):
            message = f"child '{node_id(turn.run.info.name, child.name)}' failed"
            turn.settle(node, Phase.FAILED, message)
            return
    turn.settle(node, Phase.SUCCEEDED)


def _call_error(child: Node) -> str:
    return f"step group deemed errored due to child {child.name} error: {child.message}"
