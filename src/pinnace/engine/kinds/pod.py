"""A container or script: one task of the executor."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.calling import template_of
from pinnace.engine.commands import StartTask
from pinnace.engine.events import TaskEnded, TaskProblem, TaskStarted
from pinnace.engine.leaf import attempt, fail_to_start, let_in, limits, prepared, timed_out
from pinnace.engine.node import Node, NodeOutputs, Phase
from pinnace.engine.outputs import export
from pinnace.engine.results import is_result_wanted
from pinnace.engine.turn import Turn
from pinnace.spec.parameters import Parameter
from pinnace.spec.templates import Template

_NO_OUTPUTS = NodeOutputs()
POD_DEADLINE = "Pod was active on the node longer than the specified deadline"


def assess(turn: Turn, node: Node) -> None:
    """Let it in, start it (again, after a crash: starting is idempotent), or time it out."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.PENDING)
        if admitted is None:
            return
        node = admitted
    if node.phase is Phase.PENDING and not timed_out(turn, node):
        _start(turn, node)


def _start(turn: Turn, node: Node) -> None:
    try:
        template = prepared(turn, node)
        pending, _ = limits(template, node)
        command = _command(turn, node, template)
    except PinnaceError as error:
        fail_to_start(turn, node, error)
        return
    if pending != node.wake_at:
        turn.put(replace(node, wake_at=pending))
    turn.ask(command)


def start_command(turn: Turn, node: Node) -> StartTask | None:
    """Return the command that started the node, None when its template cannot be prepared any more."""
    try:
        return _command(turn, node, prepared(turn, node))
    except PinnaceError:
        return None


def _command(turn: Turn, node: Node, template: Template) -> StartTask:
    _, whole = limits(template, node)
    deadlines = [each for each in (whole, node.deadline) if each is not None]
    active = template.active_deadline_seconds
    return StartTask(
        node=node.number,
        attempt_id=attempt(turn, node),
        node_name=node.name,
        template=template,
        want_result=is_result_wanted(turn, node),
        deadline=min(deadlines) if deadlines else None,
        timeout=_seconds(active) if active and whole is None else None,
        is_exit=node.is_exit,
    )


def _seconds(text: str) -> float:
    try:
        return float(int(text))
    except ValueError:
        message = f"activeDeadlineSeconds is {text!r}, not a whole number"
        raise ManifestError(message) from None


def started(turn: Turn, node: Node, event: TaskStarted) -> None:
    """Believe the executor that the command runs."""
    if node.phase is Phase.PENDING:
        turn.put(replace(node, phase=Phase.RUNNING, wake_at=None, notes=event.notes or node.notes))


class Judgement(Struct, frozen=True, gc=False):
    """What an end means."""

    phase: Phase
    message: str
    outputs: NodeOutputs | None


def ended(turn: Turn, node: Node, event: TaskEnded) -> None:
    """Judge the end, and settle. An end that is told twice changes nothing."""
    if node.phase.is_fulfilled:
        return
    plan = template_of(turn, node)
    verdict = judge(plan.template, event)
    if event.notes:
        node = turn.put(replace(node, notes=event.notes))
    new = turn.settle(node, verdict.phase, verdict.message, verdict.outputs)
    if plan.has_exports:
        try:
            export(turn, new, prepared(turn, node))
        except PinnaceError as error:
            turn.put(replace(new, phase=Phase.ERROR, message=error.message))


def judge(template: Template, event: TaskEnded) -> Judgement:
    """Return the phase, message and outputs that the end means.

    Source: Argo operator.go inferFailedReason; a failed command says so before a missing output does.
    """
    parameters: dict[str, str] = {}
    missing: list[str] = []
    for parameter in template.outputs.parameters:
        value = _value(parameter, event)
        if value is None:
            missing.append(parameter.name)
        else:
            parameters[parameter.name] = value
    outputs = NodeOutputs(parameters, event.artifacts, event.result, event.exit_code)
    phase, message = _phase(template, event, missing)
    return Judgement(phase, message, outputs if outputs != _NO_OUTPUTS else None)


def _value(parameter: Parameter, event: TaskEnded) -> str | None:
    value = event.parameters.get(parameter.name)
    if value is not None:
        return value
    if parameter.value_from is not None and parameter.value_from.default is not None:
        return parameter.value_from.default
    return parameter.value


def _phase(template: Template, event: TaskEnded, missing: list[str]) -> tuple[Phase, str]:
    if event.problem is TaskProblem.NONE and event.exit_code == 0:
        return _kept(template, event, missing)
    if event.problem is TaskProblem.DEADLINE:
        return Phase.FAILED, POD_DEADLINE
    if event.problem is TaskProblem.LOST:
        return Phase.ERROR, "pod deleted"
    if event.problem is TaskProblem.CANCELLED:
        return Phase.FAILED, event.message or "main: Error (exit code 143)"
    if event.problem is TaskProblem.EVICTED:
        return Phase.FAILED, f"main: Evicted: {event.message}" if event.message else "main: Evicted"
    if event.problem is TaskProblem.NOT_STARTED:
        return Phase.FAILED, f"main: {event.message}"
    if event.problem is TaskProblem.PREPARATION:
        return Phase.ERROR, event.message
    if event.exit_code != 0:
        detail = f": {event.message}" if event.message else ""
        return Phase.FAILED, f"main: Error (exit code {event.exit_code}){detail}"
    return Phase.ERROR, event.message  # it ended well, but an output could not be kept


def _kept(template: Template, event: TaskEnded, missing: list[str]) -> tuple[Phase, str]:
    """Return what an end without any problem means: outputs may still be missing."""
    if missing:
        paths = {each.name: each.value_from.path for each in template.outputs.parameters if each.value_from}
        name = missing[0]
        return Phase.ERROR, f"output parameter {name}: there is no file {paths.get(name, '')}"
    optional = {artifact.name for artifact in template.outputs.artifacts if artifact.optional}
    absent = [artifact for artifact in event.missing if artifact not in optional]
    if absent:
        artifact_paths = {artifact.name: artifact.path for artifact in template.outputs.artifacts}
        return Phase.ERROR, f"output artifact {absent[0]}: nothing at {artifact_paths.get(absent[0], '')}"
    return Phase.SUCCEEDED, ""
