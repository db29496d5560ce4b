"""What stands between a call and its start: small checks, in an order that is data.

Each gate looks at one thing and lets the node pass, makes it wait in a limiter's queue, or ends it. A new
check (a lock, a cache) is a function here and a place in ``GATES``.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import template_of
from pinnace.engine.index import SUSPENSION, WORKFLOW
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Shutdown
from pinnace.engine.turn import Turn
from pinnace.spec.templates import Template

FAIL_FAST = "template has failed or errored children and failFast enabled"
STEP_DEADLINE = "Step exceeded its deadline"


class Wait(Struct, frozen=True):
    """Not now: ``limiter`` has the node assessed again when a place is free."""

    limiter: NodeNumber


class Refuse(Struct, frozen=True):
    """Never: the node ends."""

    phase: Phase
    message: str


class Never(Struct, frozen=True):
    """Never, and Argo would not even have a node: it stays as it is and nobody waits for it."""


Verdict = Wait | Refuse | Never | None
Gate = Callable[[Turn, Node], Verdict]


def shutdown_gate(turn: Turn, node: Node) -> Verdict:
    """End what may not start while the run is being stopped.

    Source: Argo workflowpod.go, and operator.go failNodesWithoutCreatedPodsAfterDeadlineOrShutdown.
    """
    shutdown = turn.state.shutdown
    if not node.type.is_leaf or may_run(shutdown, node):
        return None
    if node.type is NodeType.POD:
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
    caller = boundary_template(turn, node)
    if caller is not None and caller.fail_fast and turn.tally(node.boundary).bad:
        return Never()
    return None


def template_parallelism_gate(turn: Turn, node: Node) -> Verdict:
    """Keep to the calling template's ``parallelism``.

    Differs from Argo: an attempt after the first also waits for a place, so that the limit always holds.
    """
    caller = boundary_template(turn, node)
    if caller is None or caller.parallelism is None:
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
            turn.settle(node, verdict.phase, verdict.message)
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


def may_run(shutdown: Shutdown, node: Node) -> bool:
    """Return whether the node may run in spite of the shutdown. Source: Argo ShouldExecute."""
    if shutdown is Shutdown.NONE:
        return True
    return shutdown is Shutdown.STOP and node.is_exit


def stopped_message(shutdown: Shutdown) -> str:
    """Return what is said of the run, and of a node without a pod, that the shutdown ended."""
    return f"Stopped with strategy '{shutdown.value}'"


def shutdown_message(shutdown: Shutdown) -> str:
    """Return what a pod that the shutdown ended says; the two blanks are Argo's."""
    return f"workflow shutdown with strategy:  {shutdown.value}"


def workflow_deadline(turn: Turn) -> float | None:
    """Return the Unix seconds at which the workflow's time is over, or None."""
    seconds = turn.run.workflow.spec.active_deadline_seconds
    started = turn.state.started_at
    return None if seconds is None or started is None else float(int(started) + seconds)
