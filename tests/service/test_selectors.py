from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import UsageError
from pinnace.service.selectors import (
    label_selector,
    node_fields,
    parse_field_selector,
    run_fields,
    select_nodes,
    status_fields,
)
from pinnace.service.status import workflow_object
from pinnace.testing.play import Play


@pytest.mark.parametrize(
    ("selector", "fields", "expected"),
    [
        ("", {}, True),
        ("a=1", {"a": "1"}, True),
        ("a==1", {"a": "1"}, True),
        ("a!=1", {"a": "1"}, False),
        ("a!=1", {}, True),
        ("a=", {}, True),
        ("a=1,b!=2", {"a": "1", "b": "2"}, False),
        (r"a=x\,y\=z", {"a": "x,y=z"}, True),
        ("a=x=y", {"a": "x=y"}, True),
    ],
)
def test_a_field_selector_means_what_kubernetes_means_by_it(
    selector: str, fields: dict[str, str], expected: bool
) -> None:
    assert parse_field_selector(selector).matches(fields) is expected


def test_a_field_selector_without_an_operator_is_refused() -> None:
    with pytest.raises(UsageError, match="can't understand 'phase'"):
        parse_field_selector("a=1,phase")


def test_runs_are_selected_by_few_fields() -> None:
    assert run_fields("metadata.name=x").matches({"metadata.name": "x"})
    with pytest.raises(UsageError, match=r"field label not supported: spec\.x"):
        run_fields("spec.x=1")


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        ("", {}, True),
        ("a=1", {"a": "1"}, True),
        ("a == 1", {"a": "1"}, True),
        ("a!=1", {}, True),
        ("a in (1, 2), b", {"a": "2", "b": ""}, True),
        ("a in (1, 2), b", {"a": "2"}, False),
        ("a notin (1,2)", {"a": "3"}, True),
        ("!a", {"a": "3"}, False),
        ("example.org/x=1", {"example.org/x": "1"}, True),
        ("a>5", {"a": "6"}, True),
        ("a<5", {"a": "six"}, False),
    ],
)
def test_a_label_selector_means_what_kubernetes_means_by_it(
    selector: str, labels: dict[str, str], expected: bool
) -> None:
    assert label_selector(selector)(labels) is expected


@pytest.mark.parametrize("selector", ["a in 1", "=1", "a>x", "a b"])
def test_a_label_selector_that_cannot_be_read_is_refused(selector: str) -> None:
    with pytest.raises(UsageError, match="unable to parse the label selector"):
        label_selector(selector)


def test_nodes_are_selected_by_what_they_are_and_were_given(play: Callable[..., Play]) -> None:
    done = play(
        """
  - name: main
    steps:
    - - {name: a, template: say, arguments: {parameters: [{name: m, value: one}]}}
      - {name: b, template: say, arguments: {parameters: [{name: m, value: two}]}}
"""
    ).end_all()

    def named(selector: str) -> list[str]:
        return [node.name for node in select_nodes(done.run, parse_field_selector(selector))]

    assert named("inputs.parameters.m.value=two") == ["wf[0].b"]
    assert named("templateName=say,displayName!=b") == ["wf[0].a"]
    assert named("phase=Running") == []


def test_a_node_and_its_status_have_the_same_fields(play: Callable[..., Play]) -> None:
    done = play("\n  - {name: main, steps: [[{name: a, template: say}]]}\n").end_all()
    statuses = workflow_object(done.run)["status"]["nodes"]

    for node in done.run.nodes.values():
        fields = node_fields(done.run, node)
        assert status_fields(statuses[fields["id"]]) == fields
