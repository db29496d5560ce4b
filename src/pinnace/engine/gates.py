"""What stands between a call and its start: small checks, in an order that is data.

Each gate looks at one thing and lets the node pass, makes it wait in a limiter's queue or for an answer, or
ends it. A new check is a function and a place in ``GATES``.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import fail_call, template_of
from pinnace.engine.index import SUSPENSION, WORKFLOW
from pinnace.engine.limits import STEP_DEADLINE, may_run, stopped_message, workflow_deadline
from pinnace.engine.locking import lock_gate
from pinnace.engine.memo import memo_gate
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.turn import Turn
from pinnace.engine.verdicts import Ask, Never, Refuse, Verdict, Wait
from pinnace.spec.templates import Template

FAIL_FAST = "template has failed or errored children and failFast enabled"

Gate = Callable[[Turn, Node], Verdict]


def shutdown_gate(turn: Turn, node: Node) -> Verdict:
    """End what may not start while the run is being stopped.

    Source: Argo workflowpod.go, and operator.go failNodesWithoutCreatedPodsAfterDeadlineOrShutdown.
    """
    shutdown = turn.state.shutdown
    if may_run(shutdown, node) or not node.type.is_leaf:
        return None
    if node.type is NodeType.POD and node.locks is None:
        return Refuse(Phase.FAILED, f"workflow shutdown with strategy: {shutdown.value}")
    return Refuse(Phase.FAILED, stopped_message(shutdown))


def deadline_gate(turn: Turn, node: Node) -> Verdict:
    """End what would start after the workflow's time is over; exit handlers are spared."""
    end = workflow_deadline(turn)
    if end is not None and node.type.is_leaf and turn.now >= end and not node.is_exit:
        return Refuse(Phase.FAILED, STEP_DEADLINE)
    return None


def suspension_gate(turn: Turn, _node: Node) -> Verdict:
    """Let nothing start while the workflow is suspended."""
    return Wait(SUSPENSION) if turn.state.is_suspended else None


def workflow_parallelism_gate(turn: Turn, _node: Node) -> Verdict:
    """Keep to ``spec.parallelism`` pods. Source: Argo operator.go checkParallelism."""
    limit = turn.run.workflow.spec.parallelism
    return Wait(WORKFLOW) if limit is not None and turn.active_pods >= limit else None


def fail_fast_gate(turn: Turn, node: Node) -> Verdict:
    """Let nothing new start below a template whose child failed, if it says ``failFast``."""
    if not turn.tally(node.boundary).bad:
        return None
    caller = boundary_template(turn, node)
    return Never() if caller is not None and caller.fail_fast else None


def template_parallelism_gate(turn: Turn, node: Node) -> Verdict:
    """Keep to the calling template's ``parallelism``.

    Differs from Argo: an attempt after the first also waits for a place, so that the limit always holds;
    unless it is made under locks that what has the place may be waiting for.
    """
    caller = boundary_template(turn, node)
    if caller is None or caller.parallelism is None:
        return None
    if node.is_attempt and turn.node(node.parent).locks is not None:
        return None
    return Wait(node.boundary) if turn.tally(node.boundary).active >= caller.parallelism else None


#: In the order of Argo's executeTemplate.
GATES: tuple[Gate, ...] = (
    shutdown_gate,
    deadline_gate,
    suspension_gate,
    workflow_parallelism_gate,
    fail_fast_gate,
    template_parallelism_gate,
    lock_gate,
    memo_gate,
)


def admit(turn: Turn, node: Node) -> bool:
    """Return whether a waiting node may start now; if not, it is held, or ended."""
    for gate in GATES:
        verdict = gate(turn, node)
        if verdict is None:
            continue
        if isinstance(verdict, Wait):
            turn.hold(node, verdict.limiter)
        elif isinstance(verdict, Refuse):
            if verdict.is_call_error:
                refused = turn.node(node.number)
                if refused.locks is None:  # Argo has no node yet, and makes one of this type for the error
                    refused = replace(refused, type=NodeType.SKIPPED)
                fail_call(turn, refused, verdict.message, verdict.phase)
            else:
                turn.settle(node, verdict.phase, verdict.message)
        elif isinstance(verdict, Ask):
            if verdict.command is not None:
                turn.ask(verdict.command)
        else:
            turn.assess(node.boundary)
        return False
    return True


def refill(turn: Turn) -> bool:
    """Have another node assessed where one that was let go took no place; return whether there is one.

    Not every node takes the place that it is let go for: it may be ended, be held elsewhere, or not count.
    """
    for limiter in list(turn.freed):
        if turn.is_holding(limiter) and _has_room(turn, limiter):
            turn.let_go(limiter)
            return True
        del turn.freed[limiter]
    return False


def _has_room(turn: Turn, limiter: NodeNumber) -> bool:
    if limiter == SUSPENSION:
        return not turn.state.is_suspended
    if limiter == WORKFLOW:
        allowed, active = turn.run.workflow.spec.parallelism, turn.active_pods
    else:
        allowed = template_of(turn, turn.node(limiter)).template.parallelism
        active = turn.tally(limiter).active
    return allowed is None or active < allowed


def boundary_template(turn: Turn, node: Node) -> Template | None:
    """Return the template that called the node; None for the entry node and exit handlers."""
    if node.boundary < 0:
        return None
    return template_of(turn, turn.node(node.boundary)).template
