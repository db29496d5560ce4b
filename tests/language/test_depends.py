"""``depends``: names, expansion and the result."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.depends import Depends, TaskResults, parse_depends
from pinnace.language.errors import ExpressionError

GOOD, FAILED = TaskResults(succeeded=True), TaskResults(failed=True)


def test_names_come_in_the_order_of_their_first_mention() -> None:
    depends = parse_depends("b && a.Failed || b.Succeeded")
    assert depends.tasks == ("b", "a")
    assert depends.results == (("a", "Failed"), ("b", "Succeeded"))


def test_a_bare_name_means_that_the_task_went_well_enough() -> None:
    assert parse_depends("a-1").expand() == "(a-1.Succeeded || a-1.Skipped || a-1.Daemoned)"
    assert parse_depends("a").expand({"a": (True, True)}).endswith("|| a.Errored || a.Failed)")


@pytest.mark.parametrize(
    ("results", "runs"),
    [
        (TaskResults(succeeded=True), True),
        (TaskResults(skipped=True), True),
        (TaskResults(daemoned=True), True),
        (TaskResults(failed=True), False),
        (TaskResults(errored=True), False),
        (TaskResults(omitted=True), False),
    ],
)
def test_a_bare_name_runs_after_success_skip_or_daemon(results: TaskResults, runs: bool) -> None:
    assert parse_depends("a").evaluate({"a": results}) is runs
    assert parse_depends("(a)").evaluate({"a": results}) is runs


def test_continue_on_admits_errors_and_failures() -> None:
    depends = parse_depends("a && b")
    assert depends.evaluate({"a": FAILED, "b": GOOD}, {"a": (False, True)}) is True
    assert depends.evaluate({"a": FAILED, "b": GOOD}, {"a": (True, False)}) is False


RESULTS = st.builds(
    TaskResults,
    **dict.fromkeys(["succeeded", "failed", "errored", "skipped", "omitted", "daemoned"], st.booleans()),
)
FLAGS = st.tuples(st.booleans(), st.booleans())


@given(RESULTS, RESULTS, FLAGS)
def test_a_conjunction_is_worth_what_the_expression_of_it_is_worth(
    a: TaskResults, b: TaskResults, flags: tuple[bool, bool]
) -> None:
    results, continue_on = {"a": a, "b-2": b}, {"a": flags}
    fast = Depends("a && b-2.Failed").evaluate(results, continue_on)
    assert fast is Depends("(a) && (b-2.Failed)").evaluate(results, continue_on)


def test_operators_and_brackets_combine_results() -> None:
    results = {"a": GOOD, "b": FAILED, "c": TaskResults(any_succeeded=True)}
    assert parse_depends("a && (b.Succeeded || b.Failed) && !b.Errored").evaluate(results) is True
    assert parse_depends("c.AnySucceeded && !c.AllFailed").evaluate(results) is True


@pytest.mark.parametrize(
    "text", ["a and b", "not a", "1a", "a.Nope", "a &&", "a.Succeeded.b", "a.succeeded", ""]
)
def test_what_argo_refuses_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_depends(text).evaluate({"a": GOOD, "b": GOOD})


def test_a_task_without_results_is_unknown() -> None:
    with pytest.raises(ExpressionError, match="unknown name b"):
        parse_depends("a && b").evaluate({"a": GOOD})


@given(st.text(alphabet="ab-.SF&|!() ", max_size=20))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert parse_depends(text).evaluate({"a": GOOD, "b": FAILED}) in (True, False)
