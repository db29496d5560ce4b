"""A container or script: one task of the executor; where a pod has several, each has a node and a task."""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import fail_call, template_of
from pinnace.engine.containers import container_of, is_probed
from pinnace.engine.daemons import became_ready, ended_as
from pinnace.engine.events import TaskEnded, TaskReady, TaskStarted
from pinnace.engine.judgement import judge
from pinnace.engine.leaf import let_in, limits, prepared, timed_out, with_progress
from pinnace.engine.multipod import go_on
from pinnace.engine.node import Node, Phase
from pinnace.engine.outputs import export
from pinnace.engine.tasks import pod_command
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Let it in, start it (again, after a crash: starting is idempotent), or time it out."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.PENDING)
        if admitted is None:
            return
        node = admitted
    if node.phase is Phase.PENDING and timed_out(turn, node):
        return
    plan = template_of(turn, node)
    if plan.parts:
        go_on(turn, node, plan)
    elif node.phase is Phase.PENDING:
        _start(turn, node, plan)


def _start(turn: Turn, node: Node, plan: TemplatePlan) -> None:
    try:
        template = prepared(turn, node, plan)
        pending, _ = limits(template, node)
        command = pod_command(turn, node, template)
    except PinnaceError as error:
        fail_call(turn, node, error.message)
        return
    node = with_progress(turn, node, template)
    if pending != node.wake_at:
        turn.put(replace(node, wake_at=pending))
    turn.ask(command)


def started(turn: Turn, node: Node, event: TaskStarted) -> None:
    """Believe the executor that the command runs."""
    if node.phase is not Phase.PENDING:
        return
    running = replace(node, phase=Phase.RUNNING, wake_at=None, notes=event.notes or node.notes)
    plan = template_of(turn, node)
    if plan.template.daemon and not is_probed(container_of(plan.template)):
        running = became_ready(running)
    turn.put(running)


def ready(turn: Turn, node: Node, _event: TaskReady) -> None:
    """Believe the runtime that the daemon can be used."""
    if node.phase is Phase.RUNNING and not node.daemoned:
        turn.put(became_ready(node))


def ended(turn: Turn, node: Node, event: TaskEnded) -> None:
    """Judge the end, and settle. An end that is told twice changes nothing."""
    if node.phase.is_fulfilled:
        return
    plan = template_of(turn, node)
    verdict = judge(plan.template, event)
    if event.notes:
        node = turn.put(replace(node, notes=event.notes))
    phase = ended_as(plan.template, verdict.phase)
    new = turn.settle(node, phase, verdict.message, verdict.outputs)
    if plan.has_exports:
        try:
            export(turn, new, prepared(turn, node, plan))
        except PinnaceError as error:
            turn.put(replace(new, phase=Phase.ERROR, message=error.message))
