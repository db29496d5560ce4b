from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.spec.bundle import Bundle
from pinnace.spec.decode import decode
from pinnace.spec.documents import Document, Positions, read_documents
from pinnace.spec.encode import encode
from pinnace.spec.problems import Problem
from pinnace.spec.workflow import ConfigMap, Secret, Workflow, WorkflowTemplate

ReadWorkflow = Callable[[str], tuple[Workflow, list[Problem]]]


def document_of(value: Any) -> Document:
    return Document(value, Positions(value, {}), "f.yaml", 0)


def lines(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def test_every_problem_is_told_at_once_with_its_place(read_workflow: ReadWorkflow) -> None:
    _, problems = read_workflow(
        "spec:\n"
        "  entrypoint: [a]\n"
        "  onexit: a\n"
        "  templates:\n"
        "  - name: main\n"
        "    argz: [a]\n"
        "    inputs: {parameters: [{value: 1}]}\n"
        "  priority: x\n"
    )
    assert lines(problems) == [
        "w.yaml:4:15: error[wrong-type]: spec.entrypoint: expected a text, found a list",
        "w.yaml:5:3: error[unknown-field]: spec.onexit: unknown field 'onexit' (did you mean 'onExit'?)",
        "w.yaml:8:5: error[unknown-field]: spec.templates[0].argz: unknown field 'argz'",
        "w.yaml:9:27: error[missing-field]: spec.templates[0].inputs.parameters[0]: name is required",
        "w.yaml:10:13: error[wrong-type]: spec.priority: expected an integer, found the text 'x'",
    ]
    _, problems = read_workflow("spec: {parallelism: '3'}")
    assert problems[0].hint == "write it without quotes"


def test_of_a_very_long_word_only_the_beginning_is_repeated() -> None:
    word = "x" * 20_000
    value = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {word: 1}}
    _, [problem] = decode(document_of(value))
    assert (problem.path, problem.message) == (f"spec.{'x' * 195}…", f"unknown field '{'x' * 199}…")


def test_of_very_many_unknown_fields_only_the_first_are_guessed_at() -> None:
    value = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow"}
    spec = {f"onExit{number}": "main" for number in range(1100)}
    _, problems = decode(document_of(value | {"spec": spec}))
    assert len(problems) == 1100
    assert [problem.hint for problem in problems] == ["did you mean 'onExit'?"] * 1000 + [""] * 100


def test_a_tag_where_only_a_number_can_stand_is_explained(read_workflow: ReadWorkflow) -> None:
    _, problems = read_workflow("spec: {parallelism: '{{workflow.parameters.n}}'}")
    assert problems[0].hint == "this field cannot hold a variable"


def test_fields_that_argo_4_removed_name_their_successor(read_workflow: ReadWorkflow) -> None:
    _, problems = read_workflow("spec: {synchronization: {mutex: {name: a}}}")
    assert problems[0].hint == "write 'mutexes:' with a list"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", "1"), ("1.10", "1.1"), ("1e3", "1000"), ("0755", "493"), ("true", "true"), ("yes", "true"),
        ("12345678901234567890", "12345678901234567000"), ("2001-01-01", "2001-01-01"), ('"1.10"', "1.10"),
        ("", None), ("~", None), ("[a]", ""), ("{a: 1}", ""), ('""', ""),
    ],
)  # fmt: skip
def test_a_parameter_value_is_kept_as_any_string_prints_it(
    read_workflow: ReadWorkflow, written: str, read: str | None
) -> None:
    workflow, _ = read_workflow(f"spec: {{arguments: {{parameters: [{{name: a, value: {written}}}]}}}}")
    assert workflow.spec.arguments.parameters[0].value == read


@pytest.mark.parametrize(
    ("written", "read", "code"),
    [
        ("1.10", "1.1", "number-as-text"), ("10000000.0", "1e+07", "number-as-text"),
        ("10000000", "10000000", "number-as-text"), ("n", "false", "boolean-as-text"),
        ("true", "true", "boolean-as-text"), ("12:30", "12:30", None), ("'n'", "n", None),
    ],
)  # fmt: skip
def test_a_number_or_boolean_in_a_text_field_becomes_text_with_a_warning(
    read_workflow: ReadWorkflow, written: str, read: str, code: str | None
) -> None:
    text = f"spec: {{templates: [{{name: a, container: {{image: x, args: [{written}]}}}}]}}"
    workflow, problems = read_workflow(text)
    container = workflow.spec.templates[0].container
    assert container is not None
    assert container.args == (read,)
    assert [problem.code for problem in problems] == ([code] if code else [])
    assert not any(problem.is_error for problem in problems)


def test_a_name_that_yaml_reads_as_a_boolean_is_told_by_its_word(read_workflow: ReadWorkflow) -> None:
    workflow, problems = read_workflow("spec: {arguments: {parameters: [{name: n, value: y}]}}")
    assert workflow.spec.arguments.parameters[0].name == "false"
    assert [problem.message for problem in problems] == [
        "n without quotes is a boolean in YAML, read as the text 'false'",
        "y without quotes is a boolean in YAML, read as the text 'true'",
    ]


@pytest.mark.parametrize(
    ("written", "is_told"),
    [
        ("1.10", True), ("1.0", True), ("0755", True), ("1_000", True), ("12345678901234567890", True),
        ("1.1", False), ("-5", False), ("0", False), ('"0755"', False), ("1.10.2", False),
    ],
)  # fmt: skip
def test_a_number_as_a_value_that_is_read_in_another_form_is_told(
    read_workflow: ReadWorkflow, written: str, is_told: bool
) -> None:
    text = f"spec: {{arguments: {{parameters: [{{name: a, value: {written}, enum: [{written}]}}]}}}}"
    _, problems = read_workflow(text)
    assert [problem.code for problem in problems] == (["number-as-text"] * 2 if is_told else [])
    assert all(problem.message.startswith(f"{written} without quotes") for problem in problems)


def test_a_list_as_a_value_warns_that_it_is_lost(read_workflow: ReadWorkflow) -> None:
    _, problems = read_workflow("spec: {arguments: {parameters: [{name: a, value: [1, 2]}]}}")
    assert [problem.code for problem in problems] == ["value-lost"]


def test_null_is_as_if_the_field_were_not_there(read_workflow: ReadWorkflow) -> None:
    workflow, problems = read_workflow("metadata: {creationTimestamp: null, labels: }\nspec: {templates: ~}")
    assert problems == []
    assert workflow == Workflow()


@pytest.mark.parametrize(("written", "read"), [("2", "2"), ("'2'", "2"), ("'{{x}}'", "{{x}}"), ("3.0", "3")])
def test_an_int_or_string_is_kept_as_text(read_workflow: ReadWorkflow, written: str, read: str) -> None:
    workflow, problems = read_workflow(f"spec: {{retryStrategy: {{limit: {written}}}}}")
    assert workflow.spec.retry_strategy is not None
    assert workflow.spec.retry_strategy.limit == read
    assert problems == []


def test_items_are_carried_as_json_prints_them_from_go(read_workflow: ReadWorkflow) -> None:
    items = "[1.0, 1e3, 0x10, y, a, 1.5, {b: 2.0}, [~]]"
    text = f"spec: {{templates: [{{name: a, steps: [[{{name: b, template: c, withItems: {items}}}]]}}]}}"
    workflow, problems = read_workflow(text)
    steps = workflow.spec.templates[0].steps
    assert steps is not None
    assert steps[0][0].with_items is not None
    assert repr(steps[0][0].with_items) == "(1, 1000, 16, True, 'a', 1.5, {'b': 2}, [None])"
    assert problems == []


def test_not_strict_forgives_unknown_fields() -> None:
    (document,), _ = read_documents("kind: Workflow\napiVersion: argoproj.io/v1alpha1\nsepc: {}\n", "f.yaml")
    assert [problem.severity for problem in decode(document)[1]] == ["error"]
    assert [problem.severity for problem in decode(document, strict=False)[1]] == ["warning"]


def test_a_field_in_other_case_is_read_with_a_warning_only_when_not_strict() -> None:
    value = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "spec": {"EntryPoint": "main", "onexit": "main", "onExit": "other"},
    }
    assert [(each.severity, each.hint) for each in decode(document_of(value))[1]] == [
        ("error", "did you mean 'entrypoint'?"),
        ("error", "did you mean 'onExit'?"),
    ]
    workflow, problems = decode(document_of(value), strict=False)
    assert isinstance(workflow, Workflow)
    assert (workflow.spec.entrypoint, workflow.spec.on_exit) == ("main", "other")
    assert [(each.severity, each.message) for each in problems] == [
        ("warning", "'EntryPoint' is read as 'entrypoint', but a cluster does not know it"),
        ("warning", "unknown field 'onexit'"),
    ]


@pytest.mark.parametrize(
    ("kind", "cls"),
    [
        ("Workflow", Workflow), ("WorkflowTemplate", WorkflowTemplate), ("ConfigMap", ConfigMap),
        ("ClusterWorkflowTemplate", WorkflowTemplate), ("Secret", Secret),
    ],
)  # fmt: skip
def test_each_kind_becomes_its_type(kind: str, cls: type[msgspec.Struct]) -> None:
    version = "v1" if kind in {"ConfigMap", "Secret"} else "argoproj.io/v1alpha1"
    manifest, problems = decode(document_of({"apiVersion": version, "kind": kind}))
    assert type(manifest) is cls
    assert manifest.kind == kind
    assert problems == []


@pytest.mark.parametrize(
    ("value", "code", "severity"),
    [
        ({"apiVersion": "v1", "kind": "Service"}, "kind-skipped", "warning"),
        ({"apiVersion": "argoproj.io/v1alpha1", "kind": "Sensor"}, "kind-skipped", "warning"),
        ({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflov"}, "unknown-kind", "error"),
        ({"a": 1}, "no-kind", "warning"),
        (["a"], "not-an-object", "error"),
        ({"kind": 3}, "no-kind", "warning"),
    ],
)
def test_what_is_not_read_is_named(value: Any, code: str, severity: str) -> None:
    manifest, problems = decode(document_of(value))
    assert manifest is None
    assert [(problem.code, problem.severity) for problem in problems] == [(code, severity)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"kind": "Secret"}, "no apiVersion: Kubernetes would refuse this Secret"),
        ({"kind": "Secret", "apiVersion": "v9"}, "'v9' is not an API version of Secret"),
    ],
)
def test_an_api_version_that_is_wrong_or_missing_is_warned_of(value: Any, message: str) -> None:
    _, problems = decode(document_of(value))
    assert [(each.message, each.hint) for each in problems] == [(message, "write apiVersion: v1")]


def test_encoding_gives_kubernetes_names_and_leaves_out_what_is_empty(read_workflow: ReadWorkflow) -> None:
    workflow, _ = read_workflow(
        "metadata: {generateName: a-}\nspec: {podGC: {strategy: OnPodSuccess}, priority: 0}"
    )
    assert encode(workflow) == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "a-"},
        "spec": {"podGC": {"strategy": "OnPodSuccess"}, "priority": 0},
    }


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
#: Values with the right names in the right places, so that they get past the first level.
_names = [
    "spec",
    "metadata",
    "templates",
    "name",
    "steps",
    "dag",
    "tasks",
    "arguments",
    "parameters",
    "value",
]
_names += ["container", "args", "withItems", "inline", "retryStrategy", "limit", "hooks", "labels", "kind"]
_likely = st.recursive(
    _json,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_names), inner, max_size=4),
)


@given(
    st.dictionaries(st.sampled_from(_names), _likely, max_size=5),
    st.sampled_from(["Workflow", "Secret", "ConfigMap"]),
)
def test_no_value_raises_and_a_manifest_without_errors_survives_a_round_trip(value: Any, kind: str) -> None:
    manifest, problems = decode(document_of({**value, "apiVersion": "v1", "kind": kind}))
    if manifest is not None and not any(problem.is_error for problem in problems):
        again, told = decode(document_of(encode(manifest)))
        assert again == manifest
        assert told == []


def test_an_unknown_field_of_a_step_is_an_error_even_when_not_strict() -> None:
    step = {"name": "a", "template": "t", "wen": "x"}
    task = {"name": "a", "template": "t", "dependson": "x"}
    templates = [{"name": "s", "steps": [[step]]}, {"name": "d", "dag": {"tasks": [task]}}]
    value = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {"templates": templates}}
    assert [(problem.severity, problem.hint) for problem in decode(document_of(value), strict=False)[1]] == [
        ("error", "did you mean 'when'?"),
        ("warning", "did you mean 'depends'?"),
    ]


CRON = """
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly, namespace: ops}
spec:
  schedules: ["0 3 * * *"]
  timezone: Europe/London
  startingDeadlineSeconds: 30
  workflowMetadata: {labels: {team: x}}
  workflowSpec: {entrypoint: main, templates: [{name: main, suspend: {}}]}
"""


def test_a_cron_workflow_is_a_schedule_and_the_workflow_that_runs_by_it(
    bundle_of: Callable[..., Bundle],
) -> None:
    bundle = bundle_of(CRON)
    assert bundle.problems == ()
    (cron,) = bundle.cron_workflows
    assert (cron.spec.schedules, cron.spec.timezone) == (("0 3 * * *",), "Europe/London")
    workflow = cron.as_workflow()
    assert (workflow.metadata.generate_name, workflow.metadata.namespace) == ("nightly-", "ops")
    assert workflow.metadata.labels == {"team": "x"}
    assert workflow.spec.entrypoint == "main"


def test_an_event_binding_and_a_claim_are_read(bundle_of: Callable[..., Bundle]) -> None:
    binding = """
    apiVersion: argoproj.io/v1alpha1
    kind: WorkflowEventBinding
    metadata: {name: b}
    spec:
      event: {selector: payload.a == "b"}
      submit:
        workflowTemplateRef: {name: t}
        arguments: {parameters: [{name: p, valueFrom: {event: payload.a}}]}
    """
    claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {resources: {}}}"
    bundle = bundle_of(textwrap.dedent(binding), claim)
    assert bundle.problems == ()
    assert bundle.event_bindings[0].spec.event.selector == 'payload.a == "b"'
    assert [claim.metadata.name for claim in bundle.volume_claims] == ["c"]


def test_an_unknown_field_of_a_schedule_is_told_with_its_place(bundle_of: Callable[..., Bundle]) -> None:
    (problem,) = bundle_of(CRON.replace("schedules: [", "schedule: [")).problems
    assert (problem.path, problem.hint) == ("spec.schedule", "write 'schedules:' with a list")
