"""What is fixed about a dag: the order of its tasks, its targets, and who may run after what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import ManifestError
from pinnace.engine.dagplan import DagPlan, forgives
from pinnace.engine.node import Phase
from pinnace.language.depends import TaskResults
from pinnace.spec.templates import DAG, ContinueOn, DAGTask


def plan(target: str = "", **tasks: str) -> DagPlan:
    """Return the plan of tasks with their dependencies, as ``c="a b"``."""
    made = [DAGTask(name=name, dependencies=tuple(needs.split())) for name, needs in tasks.items()]
    return DagPlan(DAG(tasks=tuple(made)), target)


def test_targets_are_the_tasks_that_nobody_needs() -> None:
    assert plan(a="", b="a", c="a", d="").targets == ("b", "c", "d")


def test_only_what_targets_need_is_needed_each_after_what_it_needs() -> None:
    assert plan("d b", a="", b="a", c="b", d="a").needed == ("a", "d", "b")


def test_ancestors_are_found_through_others() -> None:
    assert sorted(plan(a="", b="a", c="b", d="").ancestors("c")) == ["a", "b"]


@pytest.mark.parametrize(
    ("target", "tasks", "text"),
    [
        ("", {"a": "b", "b": "a", "c": "a"}, "dependency cycle detected at task"),
        ("", {"a": "who"}, "task 'a' depends on 'who', which is not a task of this dag"),
        ("who", {"a": ""}, "target 'who' is not a task of this dag"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(target: str, tasks: dict[str, str], text: str) -> None:
    with pytest.raises(ManifestError, match=text):
        plan(target, **tasks)


def test_a_chain_of_any_length_is_ordered() -> None:
    tasks = {f"t{place}": f"t{place - 1}" if place else "" for place in range(20_000)}
    assert plan(**tasks).needed[-1] == "t19999"


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=30))
def test_every_task_comes_after_what_it_needs(edges: list[list[int]]) -> None:
    tasks = {
        f"t{place}": " ".join(f"t{need}" for need in needs if need < place)
        for place, needs in enumerate(edges)
    }
    made = plan(**tasks)
    order = {name: place for place, name in enumerate(made.needed)}
    assert set(order) == set(tasks)
    for name, needs in made.dependencies.items():
        assert all(order[need] < order[name] for need in needs)


@pytest.mark.parametrize(
    ("phase", "plain", "failed", "error"),
    [
        (Phase.SUCCEEDED, True, True, True),
        (Phase.SKIPPED, True, True, True),
        (Phase.OMITTED, False, False, False),
        (Phase.FAILED, False, True, False),
        (Phase.ERROR, False, False, True),
    ],
)
def test_dependencies_want_success_or_what_continue_on_forgives(
    phase: Phase, plain: bool, failed: bool, error: bool
) -> None:
    for continue_on, expected in (
        (None, plain),
        (ContinueOn(failed=True), failed),
        (ContinueOn(error=True), error),
    ):
        first = DAGTask(name="a", continue_on=continue_on)
        made = DagPlan(DAG(tasks=(first, DAGTask(name="b", dependencies=("a",)))), "")
        assert made.allows("b", _nothing, lambda _: phase) is expected
        assert forgives(continue_on, phase) is (expected and phase.is_bad)


def _nothing(name: str) -> TaskResults:
    raise AssertionError(name)
