"""What a template gives back, and what it exports. Source: Argo operator.go getTemplateOutputsFromScope."""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.artifacts import follow
from pinnace.engine.node import Node, NodeOutputs, Phase
from pinnace.engine.substitute import value_of
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn
from pinnace.language.goformat import format_value
from pinnace.language.tags import MISSING, Scope, mentions, substitute
from pinnace.spec.parameters import Artifact, Parameter, ValueFrom
from pinnace.spec.templates import Template


def gather(template: Template, scope: Scope) -> NodeOutputs | None:
    """Return the outputs of a steps or dag template, None when it declares none.

    Raises:
        ManifestError: an output has neither a value nor a default.
    """
    declared = template.outputs
    if not declared.parameters and not declared.artifacts:
        return None
    parameters = {parameter.name: _value(parameter, scope) for parameter in declared.parameters}
    artifacts = []
    for artifact in declared.artifacts:
        found = _artifact(artifact, scope)
        if found is not None:
            artifacts.append(found)
    return NodeOutputs(parameters=parameters, artifacts=tuple(artifacts))


def supplied(template: Template) -> list[Parameter]:
    """Return the outputs that somebody gives a wait, each with its default.

    One without a default of its own has that of the input of its name. Source: Argo operator.go
    addRawOutputFields.
    """
    defaults = {each.name: each.default for each in template.inputs.parameters}
    found = []
    for parameter in template.outputs.parameters:
        source = parameter.value_from
        if source is None or source.supplied is None:
            continue
        if source.default is None:
            source = replace(source, default=defaults.get(parameter.name))
        found.append(replace(parameter, value_from=source))
    return found


def _value(parameter: Parameter, scope: Scope) -> str:
    source = parameter.value_from
    if source is None:
        message = "output parameters must have a valueFrom specified"
        raise ManifestError(message)
    try:
        value = _resolved(source, scope)
    except PinnaceError:
        if source.default is None:
            raise
        return source.default
    if value is None:
        if source.default is not None:
            return source.default
        message = (
            f'output parameter "{parameter.name}": "{source.parameter}" is an absent optional '
            "(skipped/omitted node output with no default)"
        )
        raise ManifestError(message)
    return value


def _resolved(source: ValueFrom, scope: Scope) -> str | None:
    if source.expression:
        value = value_of(source.expression, scope)
        if value is None:
            message = f'failed to evaluate expression "{source.expression}"'
            raise ManifestError(message)
        return value if isinstance(value, str) else format_value(value)
    if not source.parameter:
        return ""
    tags = mentions(source.parameter)
    if len(tags) == 1 and tags[0].kind == "simple":
        found = scope.get(tags[0].content)
        if found is MISSING:
            message = f'Unable to resolve: "{tags[0].content}"'
            raise ManifestError(message)
        return found if isinstance(found, str) or found is None else format_value(found)
    return substitute(source.parameter, scope)


def _artifact(artifact: Artifact, scope: Scope) -> Artifact | None:
    if not artifact.from_ and not artifact.from_expression:
        return None
    try:
        return replace(follow(artifact, scope), name=artifact.name, global_name=artifact.global_name)
    except PinnaceError as error:
        if artifact.optional:
            return None
        message = f"unable to resolve outputs from scope: {error.message}"
        raise ManifestError(message) from None


def export(turn: Turn, node: Node, template: Template) -> None:
    """Put what the node's outputs export by ``globalName`` into the run's outputs."""
    outputs = node.outputs
    if outputs is None:
        return
    parameters = dict(turn.state.outputs.parameters)
    for declared in template.outputs.parameters:
        if declared.global_name and declared.name in outputs.parameters:
            parameters[declared.global_name] = outputs.parameters[declared.name]
    artifacts = {artifact.name: artifact for artifact in turn.state.outputs.artifacts}
    for artifact in outputs.artifacts:
        if artifact.global_name:
            name = artifact.global_name
            artifacts[name] = replace(artifact, name=name, global_name="", path="")
    new = NodeOutputs(parameters=parameters, artifacts=tuple(artifacts.values()))
    if new != turn.state.outputs:
        turn.state = replace(turn.state, outputs=new)


def succeeded(turn: Turn, node: Node, plan: TemplatePlan, outputs: NodeOutputs | None) -> Node:
    """End ``node`` well, with its outputs and exports."""
    new = turn.settle(node, Phase.SUCCEEDED, node.message, outputs)
    if outputs is not None and plan.has_exports:
        export(turn, new, plan.template)
    return new
