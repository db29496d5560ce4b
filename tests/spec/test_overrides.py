from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import UsageError
from pinnace.language.tags import FlatScope, substitute
from pinnace.spec.overrides import Overrides, apply_overrides, read_parameter_file
from pinnace.spec.parameters import Arguments, Parameter
from pinnace.spec.workflow import ObjectMeta, Workflow, WorkflowSpec

WORKFLOW = Workflow(
    metadata=ObjectMeta(generate_name="w-", labels={"a": "1", "b": "1"}),
    spec=WorkflowSpec(
        entrypoint="main",
        arguments=Arguments(parameters=(Parameter(name="x", value="1"), Parameter(name="y", default="2"))),
    ),
)


def parameters(overrides: Overrides) -> list[tuple[str, str | None]]:
    return [
        (item.name, item.value) for item in apply_overrides(WORKFLOW, overrides).spec.arguments.parameters
    ]


def test_nothing_given_changes_nothing() -> None:
    assert apply_overrides(WORKFLOW, Overrides()) == WORKFLOW


def test_given_parameters_come_first_and_unknown_ones_are_added() -> None:
    assert parameters(Overrides(parameters=("z=3", "y=4"))) == [("z", "3"), ("y", "4"), ("x", "1")]


def test_a_value_may_hold_equals_signs_and_be_empty() -> None:
    assert parameters(Overrides(parameters=("x=a=b", "y="))) == [("x", "a=b"), ("y", "")]


def test_the_command_line_wins_over_the_file() -> None:
    overrides = Overrides(parameters=("x=line",), file_parameters=("x=file", "y=file"))
    assert parameters(overrides) == [("x", "line"), ("y", "file")]


@pytest.mark.parametrize("text", ["x", "=1", ""])
def test_a_parameter_without_a_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected parameter of the form: NAME=VALUE"):
        apply_overrides(WORKFLOW, Overrides(parameters=(text,)))


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="parameter 'x' is given twice"):
        apply_overrides(WORKFLOW, Overrides(parameters=("x=1", "x=2")))


def test_the_other_options_replace_what_they_name() -> None:
    workflow = apply_overrides(
        WORKFLOW,
        Overrides(
            entrypoint="e", name="n", generate_name="g-", service_account="s", priority=0, labels="b=2,c=",
            annotations="k=v", pod_priority_class_name="p",
        ),
    )  # fmt: skip
    assert workflow.metadata == ObjectMeta(
        name="n", generate_name="g-", labels={"a": "1", "b": "2", "c": ""}, annotations={"k": "v"}
    )
    spec = workflow.spec
    assert (spec.entrypoint, spec.service_account_name, spec.priority) == ("e", "s", 0)
    assert spec.pod_priority_class_name == "p"


def test_a_malformed_label_is_refused() -> None:
    with pytest.raises(UsageError, match="expected labels of the form: NAME1=VALUE1"):
        apply_overrides(WORKFLOW, Overrides(labels="a"))


def test_a_parameter_file_turns_other_values_than_text_into_json() -> None:
    text = 'a: text\nb: 1.10\nc: [1.0, "x"]\nd: true\ne: {z: "<", k: null}\nf: 12\ng: 1e-7\nh: 1e21\ni: "<"\n'
    assert read_parameter_file(text, "p.yaml") == (
        "a=text", "b=1.1", 'c=[1,"x"]', "d=true", 'e={"k":null,"z":"\\u003c"}', "f=12",
        "g=1e-7", "h=1e+21", "i=<",
    )  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [("- a", "is a mapping"), ("a: [", "p.yaml:2:1")])
def test_a_parameter_file_that_is_no_mapping_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_parameter_file(text, "p.yaml")


def test_an_empty_parameter_file_gives_nothing() -> None:
    assert read_parameter_file("# nothing\n", "p.yaml") == ()


@given(st.text(alphabet="{}=\"' ax", max_size=12))
def test_a_given_value_is_data(value: str) -> None:
    overridden = apply_overrides(WORKFLOW, Overrides(parameters=(f"x={value}",)))
    given_value = overridden.spec.arguments.parameters[0].value
    assert given_value is not None
    assert substitute(given_value, FlatScope(a="replaced")) == value


@pytest.mark.parametrize("labels", ["a=b=c", "a=1;b=2", "a,b", "=a", "a"])
def test_a_label_has_one_name_and_one_value(labels: str) -> None:
    with pytest.raises(UsageError, match="expected labels of the form"):
        apply_overrides(WORKFLOW, Overrides(labels=labels))
