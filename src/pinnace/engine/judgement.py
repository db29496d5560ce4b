"""What the end of a task means: the phase, the message and the outputs.

Source: Argo operator.go assessNodeStatus and inferFailedReason.
"""

from __future__ import annotations

from msgspec import Struct

from pinnace.engine.containers import MAIN, outputs_of
from pinnace.engine.events import TaskEnded, TaskProblem
from pinnace.engine.node import NodeOutputs, Phase
from pinnace.spec.parameters import Parameter
from pinnace.spec.templates import Template

_NO_OUTPUTS = NodeOutputs()
POD_DEADLINE = "Pod was active on the node longer than the specified deadline"


class Judgement(Struct, frozen=True, gc=False):
    """What an end means."""

    phase: Phase
    message: str
    outputs: NodeOutputs | None


def judge(template: Template, event: TaskEnded, container: str = MAIN) -> Judgement:
    """Return the phase, message and outputs that the end of a container of the template's pod means.

    Source: Argo operator.go inferFailedReason; a failed command says so before a missing output does.
    """
    parameters: dict[str, str] = {}
    missing: list[str] = []
    for parameter in outputs_of(template, container).parameters:
        value = _value(parameter, event)
        if value is None:
            missing.append(parameter.name)
        else:
            parameters[parameter.name] = value
    outputs = NodeOutputs(parameters, event.artifacts, event.result, event.exit_code)
    phase, message = _phase(template, event, missing, container)
    return Judgement(phase, message, outputs if outputs != _NO_OUTPUTS else None)


def _value(parameter: Parameter, event: TaskEnded) -> str | None:
    value = event.parameters.get(parameter.name)
    if value is not None:
        return value
    if parameter.value_from is not None and parameter.value_from.default is not None:
        return parameter.value_from.default
    return parameter.value


def _phase(template: Template, event: TaskEnded, missing: list[str], container: str) -> tuple[Phase, str]:
    if event.problem is TaskProblem.NONE and event.exit_code == 0:
        return _kept(template, event, missing)
    if event.problem is TaskProblem.DEADLINE:
        return Phase.FAILED, POD_DEADLINE
    if event.problem is TaskProblem.LOST:
        return Phase.ERROR, "pod deleted"
    if event.problem is TaskProblem.CANCELLED:
        return Phase.FAILED, event.message or f"{container}: Error (exit code 143)"
    detail = f": {event.message}" if event.message else ""
    if event.problem is TaskProblem.EVICTED:
        return Phase.FAILED, event.message
    if event.problem is TaskProblem.NOT_STARTED:
        return Phase.FAILED, f"{container}: {event.message}"
    if event.problem is TaskProblem.PREPARATION:
        return Phase.ERROR, event.message
    if event.exit_code != 0:
        return Phase.FAILED, f"{container}: Error (exit code {event.exit_code}){detail}"
    return Phase.ERROR, event.message  # it ended well, but an output could not be kept


def _kept(template: Template, event: TaskEnded, missing: list[str]) -> tuple[Phase, str]:
    """Return what an end without any problem means: outputs may still be missing."""
    if not missing and not event.missing:
        return Phase.SUCCEEDED, ""
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
