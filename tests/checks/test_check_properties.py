"""No manifest, however odd, makes the checks fail or take long."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pinnace.checks.check import check_bundle
from pinnace.checks.graph import ancestors_of
from pinnace.checks.loops import count_items
from pinnace.spec.bundle import read_bundle
from pinnace.spec.parameters import Sequence
from pinnace.spec.problems import Problem
from pinnace.spec.templates import DAGTask


def optional(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return mappings of some of ``fields``."""
    return st.fixed_dictionaries({}, optional=fields)


_names = st.sampled_from(["a", "b", "c", "", "1x", "a_b", "{{workflow.name}}"])
_texts = st.sampled_from(
    [
        "x", "", "{{", "{{steps.a.outputs.result}}", "{{tasks.b.outputs.parameters.o}}", "{{item}}",
        "{{inputs.parameters.i}}", "{{= 1 +}}", "{{= steps.a.id}}", "{{workflow.failures}}", "{{item.k}}",
        "a && b.Failed", "5s",
    ]
)  # fmt: skip
_parameter = optional({
    "name": _names, "value": _texts, "default": _texts, "globalName": _names,
    "valueFrom": optional({
        "path": _texts, "parameter": _texts, "expression": _texts, "default": _texts, "supplied": st.just({}),
    }),
})  # fmt: skip
_arguments = optional({
    "parameters": st.lists(_parameter, max_size=2),
    "artifacts": st.lists(optional({
        "name": _names, "path": _texts, "from": _texts, "raw": st.just({"data": "x"}), "git": st.just({}),
    }), max_size=2),
})  # fmt: skip
_sequence = st.fixed_dictionaries(
    {}, optional={"count": _texts, "start": st.integers(), "end": st.integers()}
)
_hook = st.fixed_dictionaries(
    {}, optional={"template": _names, "expression": _texts, "arguments": _arguments}
)


def _call(inline: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return optional({
        "name": _names, "template": _names, "when": _texts, "arguments": _arguments, "onExit": _names,
        "withItems": st.lists(st.just({"k": 1}) | st.integers() | st.none(), max_size=2), "withParam": _texts,
        "withSequence": _sequence,
        "hooks": st.dictionaries(st.sampled_from(["exit", "h"]), _hook, max_size=1),
        "templateRef": optional({"name": _names, "template": _names}),
        "inline": inline, "continueOn": st.just({"failed": True}),
    })  # fmt: skip


def _template(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    task = st.builds(
        lambda call, more: {**call, **more},
        _call(inner),
        optional({"dependencies": st.lists(_names, max_size=2), "depends": _texts}),
    )
    return optional({
        "name": _names, "inputs": _arguments, "outputs": _arguments, "timeout": _texts,
        "daemon": st.just(True),
        "container": optional({"image": _texts, "args": st.lists(_texts, max_size=2)}),
        "steps": st.lists(st.lists(_call(inner), max_size=2), max_size=2),
        "dag": optional({"tasks": st.lists(task, max_size=3), "target": _texts}),
        "retryStrategy": optional({"limit": _texts, "expression": _texts}),
        "http": optional({"url": _texts, "successCondition": _texts}),
        "data": st.just({}), "parallelism": st.integers(0, 2), "activeDeadlineSeconds": _texts,
    })  # fmt: skip


_templates = st.lists(_template(_template(st.just({}))), max_size=3)
_specs = st.fixed_dictionaries({"templates": _templates}, optional={
    "entrypoint": _names, "onExit": _names, "arguments": _arguments,
    "hooks": st.dictionaries(st.sampled_from(["exit", "h"]), _hook, max_size=1),
    "templateDefaults": _template(st.just({})),
    "workflowTemplateRef": st.fixed_dictionaries({"name": _names}),
})  # fmt: skip


def document(kind: str, spec: Any) -> str:
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": "a"}}
    return msgspec.json.encode({**head, "spec": spec}).decode()


@settings(max_examples=60, deadline=None)
@given(_specs, _specs, _texts)
def test_any_manifest_gives_problems_and_nothing_else(workflow: Any, template: Any, text: str) -> None:
    cron = {"schedules": [text], "timezone": text, "when": text, "workflowSpec": workflow}
    binding = {"event": {"selector": text}, "submit": {"arguments": template.get("arguments", {})}}
    sources = [
        ("w", document("Workflow", workflow)),
        ("t", document("WorkflowTemplate", template)),
        ("c", document("CronWorkflow", cron)),
        ("e", document("WorkflowEventBinding", binding)),
    ]
    problems = check_bundle(read_bundle(sources))
    assert all(isinstance(problem, Problem) and problem.line and problem.file for problem in problems)
    assert len({str(problem) for problem in problems}) == len(problems)


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), max_size=8))
def test_ancestors_are_what_a_walk_along_the_dependencies_finds(graph: list[list[int]]) -> None:
    # Only earlier tasks, so that there is an order.
    depends_on = {index: {other for other in others if other < index} for index, others in enumerate(graph)}
    tasks = [
        DAGTask(name=f"t{index}", dependencies=tuple(f"t{other}" for other in others))
        for index, others in depends_on.items()
    ]
    ancestors = ancestors_of(reversed(tasks))
    expected: dict[int, set[int]] = {}
    for index, others in depends_on.items():
        expected[index] = others.union(*(expected[other] for other in others))
    for index in depends_on:
        held = {other for other in depends_on if ancestors.holds(f"t{index}", f"t{other}")}
        assert held == expected[index]


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_the_count_of_a_sequence_is_the_number_of_its_items(start: int, other: int) -> None:
    def items(first: int, last: int) -> int:
        return len(range(first, last + 1) if first <= last else range(first, last - 1, -1))

    assert count_items(Sequence(start=str(start), end=str(other))) == items(start, other)
    expected = items(start, start + other - 1) if other else 0
    assert count_items(Sequence(start=str(start), count=str(other))) == expected
