"""A node whose work Pinnace's own process does: an HTTP request, and whatever else has a worker.

Work whose end was not saved before a crash is done again: at least once, as Argo's agent does it. A worker
for which that matters makes the second time harmless.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import fail_call, template_of
from pinnace.engine.events import WorkEnded
from pinnace.engine.judgement import POD_DEADLINE
from pinnace.engine.leaf import attempt, end, let_in, limits, prepared, timed_out, with_progress
from pinnace.engine.node import Node, NodeOutputs, NodeType, Phase
from pinnace.engine.outputs import export
from pinnace.engine.tasks import pod_deadline
from pinnace.engine.turn import Turn

_NO_OUTPUTS = NodeOutputs()


def assess(turn: Turn, node: Node) -> None:
    """Let it in, have its work done (again, after a crash), or time it out."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.RUNNING if node.type is NodeType.POD else Phase.PENDING)
        if admitted is None:
            return
        node = admitted
    if _is_over(turn, node):
        return
    plan = template_of(turn, node)
    assert plan.work is not None, node.type
    try:
        template = prepared(turn, node, plan)
        deadline = pod_deadline(template, node) if _is_pod(node) else limits(template, node)[1]
    except PinnaceError as error:
        fail_call(turn, node, error.message)
        return
    if _is_pod(node):
        node = with_progress(turn, node, template)
    if node.wake_at != deadline:
        node = turn.put(replace(node, wake_at=deadline))
    deadlines = [each for each in (deadline, node.deadline) if each is not None]
    turn.ask(
        plan.work(
            node=node.number,
            attempt_id=attempt(turn, node),
            node_name=node.name,
            template=template,
            deadline=min(deadlines) if deadlines else None,
        )
    )


def _is_pod(node: Node) -> bool:
    """Return whether Argo has a pod of its own do it."""
    return node.type is NodeType.POD


def _is_over(turn: Turn, node: Node) -> bool:
    """Return whether the node's time is over, in which case it is ended now."""
    if not _is_pod(node):
        return timed_out(turn, node)
    if node.wake_at is None or node.wake_at > turn.now:
        return False
    end(turn, node, POD_DEADLINE)
    return True


def ended(turn: Turn, node: Node, event: WorkEnded) -> None:
    """Settle as the end says. An end that is told twice changes nothing."""
    if node.phase.is_fulfilled:
        return
    outputs = NodeOutputs(event.parameters, event.artifacts, event.result, event.exit_code)
    new = turn.settle(node, event.phase, event.message, outputs if outputs != _NO_OUTPUTS else None)
    plan = template_of(turn, node)
    if plan.has_exports:
        try:
            export(turn, new, prepared(turn, node, plan))
        except PinnaceError as error:
            turn.put(replace(new, phase=Phase.ERROR, message=error.message))
