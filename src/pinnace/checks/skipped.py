"""Outputs of steps that may be skipped: something stands in for them wherever they are used.

A step whose ``when`` is false has no outputs, and what needs one fails in the run. Warnings only.
Source: Argo scope.go, addSkippedNodeOutputsToScope and markAbsentOptionalArgs; steps.go, resolveReferences.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pinnace.checks.context import CallSite, Context, Site, calls_of
from pinnace.checks.graph import Ancestors, ancestors_of
from pinnace.language.depends import TaskResults, parse_depends
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import analyse
from pinnace.language.tags import mentions
from pinnace.spec.parameters import Artifact
from pinnace.spec.problems import Path
from pinnace.spec.templates import Call, DAGTask

#: What a skipped step does not have.
_OF_A_RUN = ("outputs.", "exitCode", "ip")
#: So far back is followed what becomes of tasks when one before them is skipped.
_FARTHEST = 50

_FOR_PARAMETERS = "give the output valueFrom.default, the input a default, or use '??' in an expression"
_FOR_ARTIFACTS = "make the argument optional: true, or give this step a when of its own"
_FOR_TEXTS = "give the output valueFrom.default, or use '??' in an expression"


class _Use(NamedTuple):
    """A text in which outputs of other steps stand."""

    text: str
    path: Path
    hint: str
    is_expression: bool = False


def check_skipped(context: Context) -> None:
    """Warn about outputs that are absent when their step is skipped, where nothing stands in for them."""
    for site in context.sites():
        calls = list(calls_of(site))
        producers = {place.call.name: place.call for place in calls if _may_be_skipped(place.call)}
        if not producers:
            continue
        tasks = _Tasks(site)
        for place in calls:
            for use in _uses_of_call(context, place):
                for name, fact in _siblings_in(use):
                    if name in producers and tasks.may_run(place.call.name, without=name):
                        _check_use(context, producers[name], fact, use)
        for use in _uses_of_outputs(site):
            for name, fact in _siblings_in(use):
                if name in producers:
                    _check_use(context, producers[name], fact, use)


def _may_be_skipped(call: Call) -> bool:
    """Return whether the whole call may be skipped: of a loop, single items are."""
    return bool(call.when) and not call.is_loop


def _check_use(context: Context, producer: Call, fact: str, use: _Use) -> None:
    if not fact.startswith(_OF_A_RUN) or _output_has_default(context, producer, fact):
        return
    message = (
        f"'{producer.name}' may be skipped by its when, and then {fact} does not exist: the run fails here"
    )
    context.findings.warn("skipped-output", message, use.path, use.hint)


def _output_has_default(context: Context, call: Call, fact: str) -> bool:
    resolved = context.resolve(call)
    if resolved is None:
        return True
    name = fact.removeprefix("outputs.parameters.")
    return any(
        parameter.name == name
        and parameter.value_from is not None
        and parameter.value_from.default is not None
        for parameter in resolved.template.outputs.parameters
    )


def _uses_of_call(context: Context, place: CallSite) -> Iterator[_Use]:
    """Yield the texts of a call that fail when an output in them is absent.

    Where the call has a ``when``, it is read first, and is taken to keep the rest from being looked at.
    """
    call, path, _ = place
    if call.when:
        yield _Use(call.when, (*path, "when"), _FOR_TEXTS)
        return
    if call.with_param:
        yield _Use(call.with_param, (*path, "withParam"), _FOR_TEXTS)
    sequence = call.with_sequence
    if sequence is not None:
        for field in ("count", "start", "end"):
            yield _Use(getattr(sequence, field) or "", (*path, "withSequence", field), _FOR_TEXTS)
    for index, parameter in enumerate(call.arguments.parameters):
        text = parameter.value or ""
        if not (_is_one_tag(text) and _input_has_default(context, call, parameter.name)):
            yield _Use(text, (*path, "arguments", "parameters", index, "value"), _FOR_PARAMETERS)
    yield from _uses_of_artifacts(call.arguments.artifacts, (*path, "arguments"))


def _uses_of_outputs(site: Site) -> Iterator[_Use]:
    path = (*site.path, "outputs")
    for index, parameter in enumerate(site.template.outputs.parameters):
        source = parameter.value_from
        if source is not None and source.default is None:
            place = (*path, "parameters", index, "valueFrom")
            yield _Use(source.parameter, (*place, "parameter"), _FOR_PARAMETERS)
            yield _Use(source.expression, (*place, "expression"), _FOR_PARAMETERS, is_expression=True)
    yield from _uses_of_artifacts(site.template.outputs.artifacts, path)


def _uses_of_artifacts(artifacts: tuple[Artifact, ...], path: Path) -> Iterator[_Use]:
    for index, artifact in enumerate(artifacts):
        place = (*path, "artifacts", index)
        yield _Use(artifact.sub_path, (*place, "subPath"), _FOR_TEXTS)
        if artifact.raw is not None:
            yield _Use(artifact.raw.data, (*place, "raw", "data"), _FOR_TEXTS)
        if not artifact.optional:
            yield _Use(artifact.from_, (*place, "from"), _FOR_ARTIFACTS)
            expression = artifact.from_expression
            yield _Use(expression, (*place, "fromExpression"), _FOR_ARTIFACTS, is_expression=True)


def _is_one_tag(text: str) -> bool:
    """Return whether a value is one reference and nothing else: only then a default takes its place."""
    return text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1 and text[2:3] != "="


def _input_has_default(context: Context, call: Call, name: str) -> bool:
    resolved = context.resolve(call)
    inputs = resolved.template.inputs.parameters if resolved is not None else ()
    return resolved is None or any(
        item.name == name and (item.default is not None or item.value is not None) for item in inputs
    )


def _siblings_in(use: _Use) -> Iterator[tuple[str, str]]:
    """Yield name and fact of every ``steps.name.fact`` that a text cannot do without."""
    for key in _needed(use.text) if use.is_expression else _needed_by_tags(use.text):
        parts = key.split(".", 2)
        if len(parts) == 3 and parts[0] in {"steps", "tasks"}:
            yield parts[1], parts[2]


def _needed_by_tags(text: str) -> Iterator[str]:
    if "{{" not in text:
        return
    try:
        tags = mentions(text)
    except ExpressionError:
        return  # told with the variables
    for tag in tags:
        if tag.kind == "simple":
            yield tag.content
        elif tag.kind == "expression":
            yield from _needed(tag.content)


def _needed(expression: str) -> Iterator[str]:
    """Yield the variables that an expression always needs; one that decides something knows what it does."""
    if not expression or "?" in expression or ".status" in expression:
        return
    try:
        keys = analyse(expression).required
    except ExpressionError:
        return  # told with the variables
    yield from (key for key in keys if not any(other.startswith(f"{key}.") for other in keys))


class _Tasks:
    """What becomes of the calls of a template when one of them is skipped and nothing fails."""

    def __init__(self, site: Site) -> None:
        dag = site.template.dag
        self._tasks: dict[str, DAGTask] = {task.name: task for task in dag.tasks} if dag is not None else {}
        self._ancestors: Ancestors = ancestors_of(self._tasks.values())

    def may_run(self, name: str, *, without: str) -> bool:
        """Return whether ``name`` is called although ``without`` was skipped: steps always are."""
        return name not in self._tasks or self._runs(name, without, {}, _FARTHEST)

    def _runs(self, name: str, skipped: str, known: dict[str, bool], far: int) -> bool:
        if name in known:
            return known[name]
        task = self._tasks[name]

        def ended(other: str) -> TaskResults:
            if other == skipped:
                return TaskResults(skipped=True)
            if far and other in self._tasks and self._ancestors.holds(other, skipped):
                runs = self._runs(other, skipped, known, far - 1)
                return TaskResults(succeeded=runs, omitted=not runs)
            return TaskResults(succeeded=True)

        try:
            depends = parse_depends(task.depends or " && ".join(task.dependencies) or "true")
            runs = depends.evaluate({each: ended(each) for each in depends.tasks})
        except ExpressionError:
            runs = False  # told with the graph
        known[name] = runs
        return runs
