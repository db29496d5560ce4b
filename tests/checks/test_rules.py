"""Every rule on the smallest manifest that breaks it, and the checks as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Told = Callable[..., list[str]]

RULES = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text())
UNSUPPORTED = "unsupported-here "
#: Around templates that are fine, so that a case shows only what it is about.
AROUND = "spec:\n  entrypoint: main\n  templates:\n  - {name: ok, suspend: {}}\n"


def main(text: str) -> str:
    return f"{AROUND}  - {{name: main, {text}}}\n"


@pytest.mark.parametrize("case", RULES, ids=lambda case: case["rule"])
def test_each_rule_is_told_once_at_its_place(told: Told, case: dict[str, Any]) -> None:
    lines = told(case["manifest"])
    if not any(line.startswith(UNSUPPORTED) for line in case["told"]):
        # What cannot run here yet is refused as well: that is no part of the rule.
        lines = [line for line in lines if not line.startswith(UNSUPPORTED)]
    assert lines == case["told"]


def test_a_good_workflow_has_no_problem(told: Told) -> None:
    assert told(main("suspend: {}")) == []
    assert told(main("suspend: {}"), warnings=True) == []


def test_lint_forgives_values_that_submission_gives(told: Told) -> None:
    manifest = main("suspend: {}, inputs: {parameters: [{name: x}]}")
    manifest += "  arguments: {parameters: [{name: x}]}\n"
    assert told(manifest, lint=True) == []
    assert len(told(manifest)) == 1


def test_a_name_beyond_63_characters_is_refused(told: Told) -> None:
    head = f"kind: Workflow\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: {'x' * 64}}}\n"
    (line,) = told(head + main("suspend: {}"))
    assert line.startswith('name-too-long metadata.name: workflow name "xxx')
    assert line.endswith('" must not be more than 63 characters long (currently 64)')


@pytest.mark.parametrize(
    ("metadata", "is_told"),
    [
        ("name: a-1.b", False),
        ("generateName: a-", False),
        ("generateName: a.", False),
        ("name: A", True),
        ("name: a_b", True),
        ("name: a-", True),
        ("generateName: -a", True),
        ("generateName: a_", True),
    ],
)
def test_a_name_that_kubernetes_does_not_take_is_told(told: Told, metadata: str, is_told: bool) -> None:
    head = f"kind: Workflow\napiVersion: argoproj.io/v1alpha1\nmetadata: {{{metadata}}}\n"
    codes = ["object-name"] if is_told else []
    assert [line.split(" ")[0] for line in told(head + main("suspend: {}"))] == codes
    template = head.replace("Workflow", "WorkflowTemplate") + main("suspend: {}")
    assert told(template) == []
    assert [line.split(" ")[0] for line in told(template, warnings=True)] == codes


def test_a_workflow_that_takes_its_templates_over_is_checked_in_its_own_words(told: Told) -> None:
    template = "kind: WorkflowTemplate\napiVersion: argoproj.io/v1alpha1\nmetadata: {name: t}\n"
    template += "spec: {templates: [{name: main, container: {args: [x]}}]}\n"
    user = f"kind: Workflow\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: {'x' * 64}}}\n"
    user += "spec: {entrypoint: main, podGC: {strategy: x}, workflowTemplateRef: {name: t}}\n"
    assert [line.split(":")[0] for line in told(template, user)] == [
        "missing-field spec.templates[0].container",
        "name-too-long metadata.name",
        "invalid-value spec.podGC.strategy",
    ]


#: What no store of ours has.
HDFS = "suspend: {}, inputs: {artifacts: [{name: a, hdfs: {addresses: [x], path: /y, hdfsUser: z}}]}"


def test_a_template_that_no_run_gets_to_only_warns_that_it_is_not_run_here(told: Told) -> None:
    manifest = main("suspend: {}") + f"  - {{name: never, {HDFS}}}\n"
    assert told(manifest) == []
    assert [line.split()[0] for line in told(manifest, warnings=True)] == ["unsupported-here"]


def test_a_template_of_another_file_that_is_not_run_here_is_told_at_the_call(told: Told) -> None:
    other = "kind: WorkflowTemplate\napiVersion: argoproj.io/v1alpha1\nmetadata: {name: t}\n"
    other += f"spec: {{templates: [{{name: d, {HDFS}}}]}}\n"
    (line,) = told(other, main("steps: [[{name: a, templateRef: {name: t, template: d}}]]"))
    assert line.startswith("unsupported-here spec.templates[1].steps[0][0]: template 'd' of namespaced/t: ")


def test_the_image_may_come_from_the_defaults(told: Told) -> None:
    assert told(main("container: {command: [x]}") + "  templateDefaults: {container: {image: y}}\n") == []


def test_problems_of_all_files_are_told_in_the_order_of_the_files(told: Told) -> None:
    bad = main("http: {}, timeout: x")
    lines = told(bad, bad.replace("entrypoint: main", "entrypoint: other"))
    assert [line.split()[0] for line in lines] == [
        "missing-field", "invalid-duration", "unknown-template", "missing-field", "invalid-duration",
    ]  # fmt: skip


def test_a_field_that_the_decoder_missed_is_told_once(told: Told) -> None:
    assert told(main("suspend: {}, inputs: {parameters: [{value: x}]}")) == [
        "missing-field spec.templates[1].inputs.parameters[0]: name is required"
    ]


def test_labels_and_annotations_are_such_as_kubernetes_takes(told: Told) -> None:
    metadata = """
        name: wf
        labels: {good: "", example.com/also-good: v1.2_x, "a b": c, a/b/c: d, e: "f g"}
        annotations: {Good: 'any {{text}}', "a b": c}
    """
    head = f"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:{metadata}\n"
    found = [line.partition(": ")[::2] for line in told(head + main("suspend: {}"), warnings=True)]

    assert told(head + main("suspend: {}")) == []
    assert [place.removeprefix("invalid-label metadata.") for place, _ in found] == [
        "labels['a b']",
        "labels['a/b/c']",
        "labels.e",
        "annotations['a b']",
    ]
    assert [why.partition(":")[0] for _, why in found] == [
        "'a b' is no label",
        "'a/b/c' is no label",
        "'f g' is no value of a label",
        "'a b' is no label",
    ]
