from __future__ import annotations

import pytest

from pinnace.base.errors import UsageError
from pinnace.service.intake import take_in
from pinnace.spec.overrides import Overrides

WORKFLOW = b"""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s}
spec:
  entrypoint: main
  arguments:
    parameters:
    - {name: a, value: "1"}
    - {name: b}
  templates:
  - {name: main, container: {image: i, command: [c], args: ["{{workflow.parameters.b}}"]}}
---
"""
ONE, TWO = WORKFLOW % b"one", WORKFLOW % b"two"
GIVEN = Overrides(parameters=("b=2",))


def test_all_workflows_are_taken_with_what_the_command_line_changes() -> None:
    intake = take_in([("f.yaml", ONE + TWO)], GIVEN, namespace="argo")

    assert intake.is_sound
    assert [workflow.metadata.name for workflow in intake.workflows] == ["one", "two"]
    assert intake.workflows[0].metadata.namespace == "argo"
    assert intake.workflows[0].spec.arguments.parameters[0].value == "2"


def test_workflows_are_chosen_by_name() -> None:
    intake = take_in([("f.yaml", ONE + TWO)], GIVEN, chosen=["two"])

    assert [workflow.metadata.name for workflow in intake.workflows] == ["two"]
    assert intake.is_sound


def test_a_workflow_that_is_not_there_is_refused_with_a_similar_one() -> None:
    with pytest.raises(UsageError, match="no workflow 'tow'") as caught:
        take_in([("f.yaml", ONE + TWO)], GIVEN, chosen=["tow"])
    assert "did you mean 'two'?" in str(caught.value)


def test_a_missing_argument_is_told_with_its_own_line_whatever_is_overridden() -> None:
    intake = take_in([("f.yaml", ONE)], Overrides(parameters=("c=3",)))

    (problem,) = [problem for problem in intake.problems if problem.is_error]
    assert (problem.file, problem.line) == ("f.yaml", 10)


def test_problems_of_all_files_come_at_once_and_in_order() -> None:
    bad = ONE.replace(b"image:", b"imgae:")
    intake = take_in([("a.yaml", bad), ("b.yaml", b"kind: ["), ("c.yaml", TWO)], GIVEN, chosen=["one"])

    assert not intake.is_sound
    assert list(dict.fromkeys(problem.file for problem in intake.problems)) == ["a.yaml", "b.yaml"]


def test_arguments_without_a_value_are_refused() -> None:
    assert not take_in([("f.yaml", ONE)], Overrides()).is_sound


def test_unknown_fields_only_warn_when_asked_to() -> None:
    text = ONE.replace(b"entrypoint: main", b"entrypoint: main\n  entrypont: x")

    assert not take_in([("f.yaml", text)], GIVEN).is_sound
    assert take_in([("f.yaml", text)], GIVEN, strict=False).is_sound


def test_a_schedule_beside_a_workflow_is_skipped_and_told() -> None:
    cron = b"""
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec: {schedules: ["@daily"], workflowSpec: {entrypoint: main, templates: [{name: main, suspend: {}}]}}
"""
    intake = take_in([("f.yaml", ONE), ("c.yaml", cron)], GIVEN)
    assert intake.is_sound
    assert [str(problem) for problem in intake.problems] == [
        "c.yaml:3:7: warning[kind-skipped]: kind: a CronWorkflow is a schedule, not a run: it is skipped here"
    ]
