"""Arguments: what is handed over has a value, and what is asked for is handed over.

Source: Argo validate.go, validateArguments; common/util.go, ProcessArgs.
"""

from __future__ import annotations

from collections.abc import Mapping

from pinnace.base.errors import ManifestError
from pinnace.checks.context import ARGUMENTS, CallSite, Context, calls_of, is_dynamic
from pinnace.spec.catalogue import MissingTemplateError
from pinnace.spec.parameters import LOCATION_FIELDS, Arguments, Artifact, Parameter
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.templates import Call, LifecycleHook, Template
from pinnace.spec.workflow import WorkflowSpec

_ALLOWED_SOURCES = "valueFrom only allows: default, configMapKeyRef and supplied"


def check_arguments(context: Context) -> None:
    """Report calls of templates that do not exist, and arguments that are missing or have no value."""
    spec = context.spec
    _check_values(context, spec.arguments, ARGUMENTS, may_be_empty=context.lint or context.is_template)
    _check_entrypoint(context)
    if "exit" in spec.hooks and spec.hooks["exit"].expression:
        message = "does not count: the exit handler of a workflow always runs"
        path: Path = ("spec", "hooks", "exit", "expression")
        hint = "ask for {{workflow.status}} in the when of a step of the handler"
        context.findings.warn("unused-hook", message, path, hint)
    _check_hooks(context, spec, ("spec",))
    if context.merged:
        return
    for site in context.sites():
        for place in calls_of(site):
            _check_site(context, place)


def _check_entrypoint(context: Context) -> None:
    spec = context.spec
    if not spec.entrypoint:
        if not context.is_template:
            context.findings.error("missing-field", "spec.entrypoint is required", ("spec",))
        return
    _check_call(context, LifecycleHook(template=spec.entrypoint), ("spec", "entrypoint"), spec.arguments)


def _check_site(context: Context, place: CallSite) -> None:
    call, path, _ = place
    _check_values(context, call.arguments, (*path, "arguments"), may_be_empty=False)
    _check_call(context, call, path, call.arguments)
    _check_hooks(context, call, path)


def _check_hooks(context: Context, owner: Call | WorkflowSpec, path: Path) -> None:
    """Check the hooks of a step, a task or the workflow.

    An exit handler without arguments of its own gets the workflow's, other hooks get nothing.
    """
    workflow = context.spec.arguments
    if owner.on_exit:
        _check_call(context, LifecycleHook(template=owner.on_exit), (*path, "onExit"), workflow)
    for name, hook in owner.hooks.items():
        place = (*path, "hooks", name)
        if name == "exit" and owner.on_exit:
            message = "never runs: onExit is given too, and is what counts"
            context.findings.warn("unused-hook", message, place, "leave one of the two out")
        if name != "exit" and not hook.expression:
            context.findings.error("missing-field", "Expression required", place)
        _check_values(context, hook.arguments, (*place, "arguments"), may_be_empty=False)
        given = workflow if name == "exit" and not _any(hook.arguments) else hook.arguments
        _check_call(context, hook, place, given)


def _any(arguments: Arguments) -> bool:
    return bool(arguments.parameters or arguments.artifacts)


def _check_call(context: Context, call: Call | LifecycleHook, path: Path, given: Arguments) -> None:
    """Report that ``call`` means no template, or does not hand over what the template asks for."""
    if is_dynamic(call):
        return
    try:
        template = context.lookup.resolve(call).template
    except ManifestError as error:
        where = path
        if path[-1] not in {"entrypoint", "onExit"}:
            where = (*path, "templateRef" if call.template_ref is not None else "template")
        code = "missing-template" if isinstance(error, MissingTemplateError) else "unknown-template"
        context.findings.error(code, error.message, where, error.remedy)
        return
    parameters = {parameter.name: parameter for parameter in given.parameters}
    artifacts = {artifact.name for artifact in given.artifacts}
    if context.is_template and not isinstance(call, Call):
        # Who uses the WorkflowTemplate hands over what is missing here.
        return
    for parameter in template.inputs.parameters:
        if not _is_supplied(parameter, parameters):
            if parameter.name in parameters:
                # That the argument has no value is told where it is written.
                continue
            message = f"inputs.parameters.{parameter.name} was not supplied"
            context.findings.error("missing-argument", message, path, _hint(parameter.name, parameters))
    for artifact in template.inputs.artifacts:
        if not artifact.optional and not has_location(artifact) and artifact.name not in artifacts:
            message = f"inputs.artifacts.{artifact.name} was not supplied"
            context.findings.error("missing-argument", message, path, _hint(artifact.name, artifacts))
    if isinstance(call, Call):
        _check_unused(context, template, call, path)


def _is_supplied(wanted: Parameter, given: Mapping[str, Parameter]) -> bool:
    """Return whether the input gets a value: the argument's, else its own."""
    argument = given.get(wanted.name)
    if argument is not None:
        return argument.value is not None or argument.default is not None or argument.value_from is not None
    return wanted.value is not None or wanted.default is not None or wanted.value_from is not None


def _hint(name: str, given: Mapping[str, Parameter] | set[str]) -> str:
    return did_you_mean(name, given)


def _check_unused(context: Context, template: Template, call: Call, path: Path) -> None:
    """Warn about arguments that the template does not declare: Argo drops them silently."""
    given = {
        "parameters": [parameter.name for parameter in call.arguments.parameters],
        "artifacts": [artifact.name for artifact in call.arguments.artifacts],
    }
    inputs = {
        "parameters": {parameter.name for parameter in template.inputs.parameters},
        "artifacts": {artifact.name for artifact in template.inputs.artifacts},
    }
    for kind, names in given.items():
        for index, name in enumerate(names):
            if name and name not in inputs[kind]:
                message = f"the template has no input '{name}' among its {kind}: the argument is ignored"
                place = (*path, "arguments", kind, index)
                context.findings.warn("unused-argument", message, place, did_you_mean(name, inputs[kind]))


def _check_values(context: Context, arguments: Arguments, path: Path, *, may_be_empty: bool) -> None:
    for index, parameter in enumerate(arguments.parameters):
        _check_parameter(context, parameter, (*path, "parameters", index), may_be_empty)
    for index, artifact in enumerate(arguments.artifacts):
        place = (*path, "artifacts", index)
        if not artifact.from_ and not has_location(artifact):
            message = f"{artifact.name}.from, artifact location, or key is required"
            context.findings.error("missing-value", message, place)
        if artifact.from_ and artifact.from_expression:
            message = f"{artifact.name} shouldn't have both `from` and `fromExpression` in Artifact"
            context.findings.error("conflicting-fields", message, place)


def _check_parameter(context: Context, parameter: Parameter, place: Path, may_be_empty: bool) -> None:
    name, source = parameter.name, parameter.value_from
    if source is None and parameter.value is None and not may_be_empty:
        message = f"{name}.value or {name}.valueFrom is required"
        hint = f"give it here, or with -p {name}=VALUE" if place[:2] == ("spec", "arguments") else ""
        context.findings.error("missing-value", message, place, hint)
    if source is not None:
        allowed = source.config_map_key_ref is not None or source.event or source.supplied is not None
        forbidden = source.path or source.json_path or source.parameter or source.expression
        if forbidden or not allowed:
            context.findings.error("invalid-value-from", f"{name}.{_ALLOWED_SOURCES}", (*place, "valueFrom"))
    if parameter.enum is None:
        return
    if not parameter.enum:
        message = f"{name}.enum should contain at least one value"
        context.findings.error("invalid-enum", message, (*place, "enum"))
    elif parameter.value is not None and parameter.value not in parameter.enum:
        message = f"{name}.value should be present in {name}.enum list"
        hint = f"one of {', '.join(parameter.enum)}"
        context.findings.error("invalid-enum", message, (*place, "value"), hint)


def has_location(artifact: Artifact) -> bool:
    """Return whether the artifact says where it is, if only by a key."""
    return any(getattr(artifact, name) is not None for name in LOCATION_FIELDS)
