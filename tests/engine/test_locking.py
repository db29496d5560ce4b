"""Locks of templates and workflows, as the engine sees them: what it claims, says, and gives back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import advance, apply
from pinnace.engine.commands import ClaimLocks, Command, ReleaseLocks, StartTask
from pinnace.engine.events import (
    Event,
    LocksAnswered,
    ResumeAsked,
    RunStarted,
    ShutdownAsked,
    SuspendAsked,
    TaskEnded,
    TaskStarted,
    TimePassed,
)
from pinnace.engine.node import NOBODY, Node
from pinnace.engine.run import Run, Shutdown
from pinnace.service.status import workflow_object
from pinnace.testing.builders import bundle_of, document, run_of

MUTEX = {"mutexes": [{"name": "m"}]}
WORK = {"name": "work", "synchronization": MUTEX, "container": {"image": "i", "command": ["c"]}}
LIMITS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "limits"},
    "data": {"two": "2", "none": "0", "odd": "many"},
}


class Told:
    """A run that is told events by hand."""

    def __init__(self, templates: list[dict[str, Any]], **spec: Any) -> None:
        workflow = document({"entrypoint": "main", "templates": templates, **spec})
        self.run: Run = run_of(bundle_of(f"{json.dumps(workflow)}\n---\n{json.dumps(LIMITS)}"))
        self.now = 100.0
        self.commands: list[Command] = []
        self.tell(RunStarted())

    def tell(self, *events: Event) -> None:
        outcome = advance(self.run, events, self.now)
        apply(self.run, outcome)
        self.commands = outcome.commands

    def node(self, name: str) -> Node:
        return next(node for node in self.run.nodes.values() if node.name == name)

    def answer(self, claim: Command, *, is_granted: bool = True, **fields: Any) -> None:
        self.tell(
            LocksAnswered(node=claim.node, attempt_id=claim.attempt_id, is_granted=is_granted, **fields)
        )

    def status(self, name: str) -> dict[str, Any]:
        nodes = workflow_object(self.run)["status"]["nodes"].values()
        found: dict[str, Any] = next(node for node in nodes if node["name"] == name)
        return found


def main(*names: str, **more: Any) -> dict[str, Any]:
    return {"name": "main", "steps": [[{"name": name, "template": "work"} for name in names]], **more}


def claim_of(told: Told) -> ClaimLocks:
    [claim] = [command for command in told.commands if isinstance(command, ClaimLocks)]
    return claim


def test_a_task_is_started_only_when_its_lock_is_granted() -> None:
    told = Told([main("a"), WORK])
    claim = claim_of(told)
    assert [lock.name for lock in claim.locks] == ["default/Mutex/m"]
    assert claim.holder.startswith("default/wf/wf-")
    told.answer(claim)
    assert [type(command) for command in told.commands] == [StartTask]


def test_who_waits_is_pending_and_says_for_what() -> None:
    told = Told([main("a"), WORK])
    message = "Waiting for default/Mutex/m lock. Lock status: 0/1"
    told.answer(claim_of(told), is_granted=False, message=message, waits_for="default/Mutex/m")
    status = told.status("wf[0].a")
    assert (status["phase"], status["message"]) == ("Pending", message)
    assert status["synchronizationStatus"] == {"waiting": "default/Mutex/m"}
    assert "startedAt" in status
    assert "synchronization" not in workflow_object(told.run)["status"]  # nobody holds it yet


def test_who_holds_is_shown_until_the_end() -> None:
    told = Told([main("a"), WORK])
    claim = claim_of(told)
    told.answer(claim)
    locks = workflow_object(told.run)["status"]["synchronization"]
    assert locks == {"mutex": {"holding": [{"mutex": "default/Mutex/m", "holder": claim.holder}]}}
    told.tell(TaskEnded(node=claim.node, attempt_id=claim.attempt_id, at=101.0, exit_code=0))
    assert told.run.state.phase == "Succeeded"
    assert "synchronization" not in workflow_object(told.run)["status"]


def test_what_is_granted_and_cannot_be_used_is_given_back_and_claimed_again_later() -> None:
    told = Told([main("a"), WORK])
    claim = claim_of(told)
    told.tell(SuspendAsked())
    told.answer(claim)
    assert [type(command) for command in told.commands] == [ReleaseLocks]
    told.tell(ResumeAsked())
    assert claim_of(told).node == claim.node


def test_a_node_that_waits_for_a_lock_takes_no_place() -> None:
    told = Told([main("a", "b", parallelism=1), WORK])
    first, second = (command for command in told.commands if isinstance(command, ClaimLocks))
    told.answer(second)
    assert [command.node for command in told.commands] == [second.node]
    told.answer(first)
    assert [type(command) for command in told.commands] == [ReleaseLocks]
    told.tell(TaskEnded(node=second.node, attempt_id=second.attempt_id, at=101.0, exit_code=0))
    assert claim_of(told).node == first.node


def test_a_retried_node_keeps_its_lock_over_all_attempts() -> None:
    told = Told([main("a"), {**WORK, "retryStrategy": {"limit": 1}}])
    told.answer(claim_of(told))
    [start] = told.commands
    told.tell(TaskEnded(node=start.node, attempt_id=start.attempt_id, at=101.0, exit_code=1))
    [again] = told.commands
    assert isinstance(again, StartTask)
    assert told.node("wf[0].a").locks is not None
    assert told.node("wf[0].a(1)").locks is None


def test_a_template_that_calls_others_waits_too() -> None:
    told = Told([main("a"), {"name": "work", "synchronization": MUTEX, "suspend": {}}], parallelism=5)
    claim = claim_of(told)
    assert told.node("wf[0].a").phase == ""
    told.answer(claim)
    assert told.node("wf[0].a").phase == "Running"


@pytest.mark.parametrize("how", [Shutdown.STOP, Shutdown.TERMINATE])
def test_who_waits_when_the_run_is_stopped_fails(how: Shutdown) -> None:
    told = Told([main("a"), WORK])
    told.tell(ShutdownAsked(shutdown=how))
    assert told.node("wf[0].a").phase == "Failed"
    assert told.node("wf[0].a").message == f"Stopped with strategy '{how.value}'"
    assert told.run.state.phase == "Failed"


@pytest.mark.parametrize("field", ["timeout", "pendingTimeout"])
def test_the_wait_counts_against_a_template_s_timeouts(field: str) -> None:
    told = Told([main("a"), {**WORK, field: "5s"}])
    told.now += 5
    told.tell(TimePassed())
    assert (told.node("wf[0].a").phase, told.node("wf[0].a").message) == ("Failed", "timeout")


def test_the_wait_ends_with_the_workflow_s_time() -> None:
    tasks = [{"name": "x", "template": "nothing"}]
    inner = {"name": "work", "synchronization": MUTEX, "dag": {"tasks": tasks}}
    nothing = {"name": "nothing", "suspend": {}}
    told = Told([main("a"), inner, nothing], activeDeadlineSeconds=5)
    told.now += 5
    told.tell(TimePassed())
    assert told.run.state.phase == "Failed"


def test_a_name_may_hold_inputs() -> None:
    mutex = {"name": "{{inputs.parameters.x}}", "namespace": "n", "database": True}
    inputs = {"parameters": [{"name": "x", "default": "y"}]}
    told = Told([main("a"), {**WORK, "inputs": inputs, "synchronization": {"mutexes": [mutex]}}])
    assert [lock.name for lock in claim_of(told).locks] == ["n/Database/y"]


def test_a_daemon_gives_its_lock_back_when_it_is_ready() -> None:
    pause = {"name": "pause", "suspend": {}}
    steps = [{"name": "a", "template": "work"}, {"name": "b", "template": "pause"}]
    told = Told([{"name": "main", "steps": [steps]}, {**WORK, "daemon": True}, pause])
    claim = claim_of(told)
    told.answer(claim)
    told.tell(TaskStarted(node=claim.node, attempt_id=claim.attempt_id, at=100.0))
    assert [type(command) for command in told.commands if command.node == claim.node] == [ReleaseLocks]


@pytest.mark.parametrize(("key", "limit"), [("two", 2), ("none", None), ("odd", None), ("absent", None)])
def test_a_semaphore_s_limit_is_a_number_in_a_config_map(key: str, limit: int | None) -> None:
    semaphore = {"configMapKeyRef": {"name": "limits", "key": key}}
    told = Told([main("a"), {**WORK, "synchronization": {"semaphores": [semaphore]}}])
    name = f"default/ConfigMap/limits/{key}"
    if limit is not None:
        [lock] = claim_of(told).locks
        assert (lock.name, lock.limit) == (name, limit)
    else:
        node = told.node("wf[0].a")
        assert node.phase == "Error"
        assert node.message.startswith(f"failed to initialize semaphore {name} with limit")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"mutexes": [{"name": "m"}, {"name": "m"}]}, "duplicate synchronization item found"),
        ({"semaphores": [{}]}, "cannot get LockName for a Semaphore without a ConfigMapRef or Database"),
        (
            {"semaphores": [{"database": {"key": "k"}, "configMapKeyRef": {"name": "limits", "key": "two"}}]},
            "invalid semaphore with both ConfigMapKeyRef and Database",
        ),
    ],
)
def test_what_cannot_be_meant_is_an_error_of_the_node(declared: dict[str, Any], message: str) -> None:
    told = Told([main("a"), {**WORK, "synchronization": declared}])
    node = told.node("wf[0].a")
    assert (node.phase, node.message) == ("Error", f"requested configuration is invalid: {message}")


def test_an_error_of_the_store_is_one_of_the_node() -> None:
    told = Told([main("a"), WORK])
    told.answer(claim_of(told), is_granted=False, error="no limit")
    assert (told.node("wf[0].a").phase, told.node("wf[0].a").message) == ("Error", "no limit")


# The workflow's own -----------------------------------------------------------------------------------------


def test_a_workflow_with_locks_is_pending_until_it_has_them() -> None:
    told = Told([main("a"), {**WORK, "synchronization": None}], synchronization=MUTEX)
    claim = claim_of(told)
    assert (claim.node, claim.holder) == (NOBODY, "default/wf")
    assert (told.run.state.phase, told.run.nodes) == ("Pending", {})
    told.answer(claim, is_granted=False, message="Waiting", waits_for="default/Mutex/m")
    assert (told.run.state.phase, told.run.state.message) == ("Pending", "Waiting")
    told.answer(claim)
    assert (told.run.state.phase, told.run.state.message) == ("Running", "")
    assert told.node("wf[0].a").phase == "Pending"
    locks = workflow_object(told.run)["status"]["synchronization"]
    assert locks == {"mutex": {"holding": [{"mutex": "default/Mutex/m", "holder": "default/wf"}]}}


def test_a_workflow_that_is_stopped_while_it_waits_fails() -> None:
    told = Told([main("a"), WORK], synchronization=MUTEX)
    told.tell(ShutdownAsked(shutdown=Shutdown.STOP))
    assert (told.run.state.phase, told.run.state.message) == ("Failed", "Stopped with strategy 'Stop'")


def test_a_workflow_whose_locks_are_wrong_fails() -> None:
    told = Told([main("a"), WORK], synchronization={"semaphores": [{}]})
    assert told.run.state.phase == "Failed"
    assert told.run.state.message.startswith("Failed to acquire the synchronization lock. ")


def test_an_answer_to_a_node_of_the_past_changes_nothing() -> None:
    told = Told([main("a"), WORK])
    before = dict(told.run.nodes)
    told.tell(LocksAnswered(node=NodeNumber(2), attempt_id="another", is_granted=True))
    assert told.run.nodes == before
