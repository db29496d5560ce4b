"""What stands between a call and its start, one at a time and in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from pinnace.engine import gates
from pinnace.engine.advance import advance, apply
from pinnace.engine.events import RunStarted, TaskEnded
from pinnace.engine.gates import Never, Refuse, Wait
from pinnace.engine.index import SUSPENSION, WORKFLOW
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import Node, Phase
from pinnace.engine.run import Run, Shutdown
from pinnace.engine.turn import Turn
from pinnace.testing.builders import bundle_of, document, run_of

WORK = {"name": "work", "container": {"image": "i", "command": ["c"]}}


def begun(spec: dict[str, Any] | None = None, **main: Any) -> Run:
    """Return a run with two tasks, a and b, that are Pending."""
    template = {
        "name": "main",
        "dag": {"tasks": [{"name": name, "template": "work"} for name in "ab"]},
        **main,
    }
    run = run_of(bundle_of(document({"entrypoint": "main", "templates": [template, WORK], **(spec or {})})))
    apply(run, advance(run, [RunStarted()], 0.0))
    return run


def waiting(run: Run, **fields: Any) -> Node:
    """Return a task of the dag that was called and not let in."""
    task = next(node for node in run.nodes.values() if node.name == "wf.a")
    return replace(task, name="wf.c", phase=Phase.WAITING, started_at=None, **fields)


def test_the_order_is_argo_s() -> None:
    assert [gate.__name__ for gate in gates.GATES] == [
        "shutdown_gate",
        "deadline_gate",
        "suspension_gate",
        "workflow_parallelism_gate",
        "fail_fast_gate",
        "template_parallelism_gate",
        "lock_gate",
        "memo_gate",
    ]


@pytest.mark.parametrize("gate", gates.GATES)
def test_nothing_stands_in_the_way_of_an_ordinary_call(gate: Callable[[Turn, Node], Any]) -> None:
    run = begun()
    assert gate(Turn(run, 0.0), waiting(run)) is None


@pytest.mark.parametrize(
    ("shutdown", "is_exit", "is_refused"),
    [
        (Shutdown.STOP, False, True),
        (Shutdown.STOP, True, False),
        (Shutdown.TERMINATE, False, True),
        (Shutdown.TERMINATE, True, True),
    ],
)
def test_a_shutdown_refuses_all_but_exit_handlers(
    shutdown: Shutdown, is_exit: bool, is_refused: bool
) -> None:
    run = begun()
    run.state = replace(run.state, shutdown=shutdown)
    verdict = gates.shutdown_gate(Turn(run, 0.0), waiting(run, is_exit=is_exit))
    message = f"workflow shutdown with strategy: {shutdown.value}"
    assert verdict == (Refuse(Phase.FAILED, message) if is_refused else None)


def test_the_deadline_refuses_all_but_exit_handlers() -> None:
    run = begun({"activeDeadlineSeconds": 10})
    assert gates.deadline_gate(Turn(run, 9.9), waiting(run)) is None
    assert gates.deadline_gate(Turn(run, 10.0), waiting(run)) == Refuse(Phase.FAILED, gates.STEP_DEADLINE)
    assert gates.deadline_gate(Turn(run, 10.0), waiting(run, is_exit=True)) is None


def test_a_suspended_workflow_makes_everything_wait() -> None:
    run = begun()
    run.state = replace(run.state, is_suspended=True)
    assert gates.suspension_gate(Turn(run, 0.0), waiting(run)) == Wait(SUSPENSION)


@pytest.mark.parametrize(("limit", "verdict"), [(2, Wait(WORKFLOW)), (3, None)])
def test_the_workflow_s_parallelism_counts_pods(limit: int, verdict: Wait | None) -> None:
    run = begun({"parallelism": limit})
    assert gates.workflow_parallelism_gate(Turn(run, 0.0), waiting(run)) == verdict


@pytest.mark.parametrize(("limit", "is_held"), [(2, True), (3, False)])
def test_a_template_s_parallelism_counts_its_children(limit: int, is_held: bool) -> None:
    run = begun(parallelism=limit)
    node = waiting(run)
    verdict = gates.template_parallelism_gate(Turn(run, 0.0), node)
    assert verdict == (Wait(node.boundary) if is_held else None)


@pytest.mark.parametrize("fails_fast", [True, False])
def test_failing_fast_starts_nothing_after_a_failure(fails_fast: bool) -> None:
    run = begun(failFast=fails_fast)
    task = next(node for node in run.nodes.values() if node.name == "wf.a")
    end = TaskEnded(node=task.number, attempt_id=attempt_id(run.info.uid, task), at=1.0, exit_code=1)
    apply(run, advance(run, [end], 1.0))
    verdict = gates.fail_fast_gate(Turn(run, 1.0), waiting(run))
    assert verdict == (Never() if fails_fast else None)
