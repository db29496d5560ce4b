"""What is too much: recursion, items; and what must not grow with the run."""

from __future__ import annotations

import sys
from typing import Any

from pinnace.engine.advance import advance, apply, next_wake, reassess
from pinnace.engine.events import Event, RunStarted, TaskEnded, WorkEnded
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import Phase
from pinnace.engine.run import Run
from pinnace.testing.builders import bundle_of, document, run_of

WORK = {"name": "work", "container": {"image": "i", "command": ["c"]}}


def begun(main: dict[str, Any]) -> Run:
    spec = {"entrypoint": "main", "templates": [{"name": "main", **main}, WORK]}
    run = run_of(bundle_of(document(spec)))
    apply(run, advance(run, [RunStarted()], 0.0))
    return run


def test_a_template_that_calls_itself_without_end_is_an_error_at_argo_s_depth() -> None:
    run = begun({"steps": [[{"name": "a", "template": "main"}]]})
    assert run.state.phase == "Failed"
    deepest = max(run.nodes.values(), key=lambda node: node.depth)
    assert (deepest.depth, deepest.phase) == (99, Phase.ERROR)
    assert deepest.message.startswith("Maximum recursion depth exceeded. See ")
    group = run.nodes[deepest.parent]
    assert (group.phase, group.message.startswith("child 'wf-")) == (Phase.FAILED, True)


def test_a_chain_longer_than_python_s_stack_is_no_recursion() -> None:
    count = sys.getrecursionlimit() * 2
    tasks = [{"name": f"t{n}", "template": "work", "when": "1 == 2"} for n in range(count)]
    for place in range(1, count):
        tasks[place]["dependencies"] = [f"t{place - 1}"]  # type: ignore[assignment]  # JSON values
    run = begun({"dag": {"tasks": tasks}})
    assert run.state.phase == "Succeeded"
    assert len(run.nodes) == count + 1


def test_an_end_of_an_attempt_that_is_not_this_run_s_changes_nothing() -> None:
    run = begun({"dag": {"tasks": [{"name": "a", "template": "work"}]}})
    task = next(node for node in run.nodes.values() if node.name == "wf.a")
    for number, name in ((task.number, "other.1.0"), (99, attempt_id(run.info.uid, task))):
        event = TaskEnded(node=number, attempt_id=name, at=1.0, exit_code=0)  # type: ignore[arg-type]  # any number
        assert advance(run, [event], 1.0).is_empty


def test_advance_does_not_change_the_run() -> None:
    run = run_of(bundle_of(document({"entrypoint": "work", "templates": [WORK]})))
    outcome = advance(run, [RunStarted()], 5.0)
    assert (run.nodes, run.state.phase, next_wake(run)) == ({}, "", None)
    apply(run, outcome)
    assert run.state.phase == "Running"
    assert reassess(run, 5.0).nodes == []


def test_an_end_that_is_told_twice_changes_nothing_whatever_it_says() -> None:
    fetch = {"name": "fetch", "http": {"url": "http://there"}}
    tasks = [{"name": name, "template": "work"} for name in "ac"] + [{"name": "b", "template": "fetch"}]
    spec = {"entrypoint": "main", "templates": [{"name": "main", "dag": {"tasks": tasks}}, WORK, fetch]}
    run = run_of(bundle_of(document(spec)))
    apply(run, advance(run, [RunStarted()], 0.0))
    task, request = (next(n for n in run.nodes.values() if n.name == name) for name in ("wf.a", "wf.b"))

    def ends(at: float, exit_code: int) -> list[Event]:
        first, second = (attempt_id(run.info.uid, node) for node in (task, request))
        phase = Phase.FAILED if exit_code else Phase.SUCCEEDED
        return [
            TaskEnded(node=task.number, attempt_id=first, at=at, exit_code=exit_code),
            WorkEnded(node=request.number, attempt_id=second, at=at, phase=phase),
        ]

    apply(run, advance(run, ends(1.0, 0), 1.0))
    assert run.nodes[task.number].phase is run.nodes[request.number].phase is Phase.SUCCEEDED
    assert advance(run, ends(2.0, 0), 2.0).is_empty
    assert advance(run, ends(2.0, 1), 2.0).is_empty
