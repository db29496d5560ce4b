"""Memoized templates: what is asked of a cache, what its answers mean, and what it is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinnace.engine.advance import advance, apply
from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.commands import ClaimLocks, Command, LookUpCache, StartTask
from pinnace.engine.events import (
    CacheAnswered,
    Event,
    LocksAnswered,
    ResumeAsked,
    RunStarted,
    ShutdownAsked,
    TaskEnded,
    TaskStarted,
)
from pinnace.engine.naming import node_id
from pinnace.engine.node import Node, NodeOutputs
from pinnace.engine.run import Run, Shutdown
from pinnace.service.status import workflow_object
from pinnace.testing.builders import bundle_of, document, run_of

MEMOIZE = {"key": "the-key", "cache": {"configMap": {"name": "kept"}}}
WORK = {"name": "work", "memoize": MEMOIZE, "container": {"image": "i", "command": ["c"]}}
A = {"name": "a", "template": "work"}
OUTPUTS = NodeOutputs(parameters={"o": "1"}, result="r")
NOW = 1_700_000_000.0


class Told:
    """A run with one memoized step, told by hand."""

    def __init__(
        self,
        work: dict[str, Any],
        *more: dict[str, Any],
        main: dict[str, Any] | None = None,
        entrypoint: str = "main",
    ) -> None:
        templates = [{"name": "main", **(main or {"steps": [[A]]})}, work, *LEAVES]
        workflow = document({"entrypoint": entrypoint, "templates": templates})
        texts = [json.dumps(each) for each in (workflow, *more)]
        self.run: Run = run_of(bundle_of("\n---\n".join(texts)))
        self.commands: list[Command] = []
        self.cached: list[CacheEntry] = []
        self.tell(RunStarted())

    def tell(self, *events: Event) -> None:
        outcome = advance(self.run, events, NOW)
        apply(self.run, outcome)
        self.commands, self.cached, self.frees_locks = outcome.commands, outcome.cached, outcome.frees_locks

    @property
    def node(self) -> Node:
        return next(node for node in self.run.nodes.values() if node.key == "a")

    def answer(self, age: float | None = None) -> None:
        [command] = self.commands
        assert isinstance(command, LookUpCache)
        entry = None
        if age is not None:
            made = NOW - age
            entry = CacheEntry(at=command.at, node_id="n", outputs=OUTPUTS, created_at=made)
        self.tell(CacheAnswered(node=command.node, attempt_id=command.attempt_id, entry=entry))

    def status(self) -> dict[str, Any]:
        nodes = workflow_object(self.run)["status"]["nodes"].values()
        found: dict[str, Any] = next(node for node in nodes if node["displayName"] == "a")
        return found


LEAVES = [{"name": "leaf", "container": {"image": "i", "command": ["c"]}}]
BODIES: list[dict[str, Any]] = [
    {"container": {"image": "i", "command": ["c"]}},
    {"container": {"image": "i", "command": ["c"]}, "retryStrategy": {"limit": 1}},
    {"http": {"url": "http://there"}},
    {"script": {"image": "i", "command": ["c"], "source": "s"}},
    {"containerSet": {"containers": [{"name": "main", "image": "i", "command": ["c"]}]}},
    {
        "data": {
            "source": {"artifactPaths": {"name": "n", "raw": {"data": "d"}}},
            "transformation": [{"expression": "data"}],
        }
    },
    {"resource": {"action": "get", "manifest": "kind: ConfigMap"}},
    {"plugin": {"slack": {}}},
    {"suspend": {}},
    {"steps": [[{"name": "x", "template": "leaf"}]]},
    {"dag": {"tasks": [{"name": "x", "template": "leaf"}]}},
]


@pytest.mark.parametrize("body", BODIES)
def test_every_kind_of_template_takes_what_the_cache_knows(body: dict[str, Any]) -> None:
    told = Told({"name": "work", "memoize": MEMOIZE, **body})
    told.answer(age=5)
    assert (told.node.phase, told.node.outputs) == ("Succeeded", OUTPUTS)
    assert (told.run.state.phase, told.commands, told.cached) == ("Succeeded", [], [])
    expected = {"hit": True, "key": "the-key", "cacheName": "kept"}
    assert told.status()["memoizationStatus"] == expected


@pytest.mark.parametrize("body", BODIES)
def test_every_kind_of_template_begins_when_the_cache_knows_nothing(body: dict[str, Any]) -> None:
    told = Told({"name": "work", "memoize": MEMOIZE, **body})
    told.answer()
    assert told.node.phase.is_active
    assert told.commands or "suspend" in body
    assert told.status()["memoizationStatus"]["hit"] is False


def test_what_succeeds_is_given_to_the_cache_once() -> None:
    told = Told(WORK)
    told.answer()
    [start] = told.commands
    end = TaskEnded(node=start.node, attempt_id=start.attempt_id, at=NOW, exit_code=0, result="r")
    told.tell(end)
    [entry] = told.cached
    assert (entry.at, entry.created_at) == (CacheKey("default", "kept", "the-key"), NOW)
    assert entry.outputs == told.node.outputs
    told.tell(end)
    assert told.cached == []


def test_what_fails_is_not() -> None:
    told = Told(WORK)
    told.answer()
    [start] = told.commands
    told.tell(TaskEnded(node=start.node, attempt_id=start.attempt_id, at=NOW, exit_code=1))
    assert (told.node.phase, told.cached) == ("Failed", [])


def test_a_retried_node_is_memoized_as_a_whole() -> None:
    told = Told({**WORK, "retryStrategy": {"limit": 1}})
    told.answer()
    [start] = told.commands
    assert isinstance(start, StartTask)
    told.tell(TaskEnded(node=start.node, attempt_id=start.attempt_id, at=NOW, exit_code=0, result="r"))
    assert [entry.outputs.result for entry in told.cached] == ["r"]


@pytest.mark.parametrize(("age", "is_hit"), [(60.0, True), (61.0, False)])
def test_what_is_older_than_max_age_does_not_count(age: float, is_hit: bool) -> None:
    told = Told({**WORK, "memoize": {**MEMOIZE, "maxAge": "1m"}})
    told.answer(age)
    assert (told.node.phase == "Succeeded") is is_hit


INVALID = [
    ({"key": "no blanks"}, "invalid cache key: no blanks"),
    ({"key": ""}, "invalid cache key: "),
    ({"key": "-a"}, "invalid cache key: -a"),
    ({"maxAge": "60"}, 'invalid maxAge: time: invalid duration "60"'),
    ({"cache": {}}, "cache could not be found or created"),
]


@pytest.mark.parametrize(("memoize", "message"), INVALID)
def test_what_cannot_be_meant_is_an_error_of_the_call(memoize: dict[str, Any], message: str) -> None:
    told = Told({**WORK, "memoize": {**MEMOIZE, **memoize}})
    assert (told.node.type, told.node.phase, told.node.message) == ("Skipped", "Error", message)
    group = next(node for node in told.run.nodes.values() if node.type == "StepGroup")
    assert group.message == f"step group deemed errored due to child {told.node.name} error: {message}"
    assert "memoizationStatus" not in told.status()


def test_a_task_says_that_it_errored() -> None:
    told = Told({**WORK, "memoize": {**MEMOIZE, "key": ""}}, main={"dag": {"tasks": [A]}})
    assert told.node.message == f"task '{told.node.name}' errored: invalid cache key: "


def test_an_entry_template_says_so() -> None:
    told = Told({**WORK, "memoize": {**MEMOIZE, "key": ""}}, entrypoint="work")
    assert told.run.state.message == "error in entry template execution: invalid cache key: "


def config_map(data: dict[str, str], label: str | None = "Cache") -> dict[str, Any]:
    labels = {} if label is None else {"workflows.argoproj.io/configmap-type": label}
    metadata = {"name": "kept", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_a_config_map_of_that_name_fills_the_cache() -> None:
    entry = {
        "nodeID": "n",
        "outputs": {"parameters": [{"name": "o", "value": "mine"}], "exitCode": "0"},
        "creationTimestamp": "2023-11-14T22:13:19Z",
        "lastHitTimestamp": "2023-11-14T22:13:19Z",
    }
    told = Told(WORK, config_map({"the-key": json.dumps(entry)}))
    told.answer(age=1000)
    assert told.node.outputs == NodeOutputs(parameters={"o": "mine"}, exit_code=0)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (
            config_map({}, None),
            "memoization configmap doesn't have workflows.argoproj.io/configmap-type label",
        ),
        (config_map({}, "Parameter"), "memoization configmap doesn't have label"),
        (config_map({"the-key": "{"}), "malformed cache entry"),
    ],
)
def test_a_config_map_that_is_no_cache_is_an_error_of_the_node(
    documents: dict[str, Any], message: str
) -> None:
    told = Told(WORK, documents)
    assert told.node.phase == "Error"
    assert told.node.message.startswith(message)


def test_attempts_say_that_they_were_not_found() -> None:
    told = Told({**WORK, "retryStrategy": {"limit": 1}})
    told.answer()
    nodes = workflow_object(told.run)["status"]["nodes"].values()
    memoized = {node["type"]: node["memoizationStatus"] for node in nodes if "memoizationStatus" in node}
    unknown = {"hit": False, "key": "the-key", "cacheName": "kept"}
    assert memoized == {"Retry": unknown, "Pod": unknown}


def test_a_success_is_kept_under_the_id_of_the_attempt_that_had_it() -> None:
    told = Told({**WORK, "retryStrategy": {"limit": 1}})
    told.answer()
    for exit_code in (1, 0):
        [start] = told.commands
        told.tell(TaskEnded(node=start.node, attempt_id=start.attempt_id, at=NOW, exit_code=exit_code))
    assert [entry.node_id for entry in told.cached] == [node_id("wf", f"{told.node.name}(1)")]


def test_what_was_found_is_not_given_again_and_not_measured() -> None:
    told = Told({**WORK, "retryStrategy": {"limit": 1}})
    told.answer(age=5)
    assert told.cached == []
    assert not {"children", "hostNodeName", "resourcesDuration"} & told.status().keys()


def test_a_wait_that_somebody_ended_is_not_kept() -> None:
    told = Told({"name": "work", "memoize": MEMOIZE, "suspend": {}})
    told.answer()
    told.tell(ResumeAsked())
    assert (told.node.phase, told.cached) == ("Succeeded", [])


def test_a_wait_that_was_not_known_lasts_from_when_it_was_let_in() -> None:
    told = Told({"name": "work", "memoize": MEMOIZE, "suspend": {"duration": "5s"}})
    told.answer()
    assert told.node.wake_at == NOW + 5


def test_a_daemon_is_not_kept_when_it_has_done_its_work() -> None:
    told = Told({**WORK, "daemon": True})
    told.answer()
    [start] = told.commands
    told.tell(TaskStarted(node=start.node, attempt_id=start.attempt_id, at=NOW))
    assert (told.node.phase, told.cached) == ("Succeeded", [])


def test_the_cache_is_asked_when_the_locks_are_held_and_they_are_given_back_after_a_hit() -> None:
    told = Told({**WORK, "synchronization": {"mutexes": [{"name": "m"}]}})
    [claim] = told.commands
    assert isinstance(claim, ClaimLocks)
    told.tell(LocksAnswered(node=claim.node, attempt_id=claim.attempt_id, is_granted=True))
    told.answer(age=5)
    assert told.node.phase == "Succeeded"
    assert told.frees_locks


def test_a_key_is_made_of_inputs() -> None:
    work = {
        **WORK,
        "inputs": {"parameters": [{"name": "n"}]},
        "memoize": {**MEMOIZE, "key": "x-{{inputs.parameters.n}}"},
    }
    call = {**A, "arguments": {"parameters": [{"name": "n", "value": "{{item}}"}]}, "withItems": [1, 2]}
    told = Told(work, main={"steps": [[call]]})
    assert [command.at.key for command in told.commands if isinstance(command, LookUpCache)] == ["x-1", "x-2"]


def test_a_condition_comes_first() -> None:
    told = Told(WORK, main={"steps": [[{**A, "when": "1 == 2"}]]})
    assert (told.node.phase, told.commands) == ("Skipped", [])


def test_what_was_found_is_exported_and_has_its_exit_handler() -> None:
    parameter = {"name": "o", "globalName": "g", "valueFrom": {"path": "/o"}}
    work = {**WORK, "outputs": {"parameters": [parameter]}}
    main = {"steps": [[{**A, "hooks": {"exit": {"template": "leaf"}}}]]}
    told = Told(work, main=main)
    told.answer(age=5)
    assert told.run.state.outputs.parameters == {"g": "1"}
    assert [type(command) for command in told.commands] == [StartTask]


def test_a_place_that_is_found_out_to_need_nothing_goes_to_the_next() -> None:
    told = Told(WORK, main={"parallelism": 1, "steps": [[{**A, "withItems": [1, 2]}]]})
    told.answer(age=5)
    told.answer()
    assert [type(command) for command in told.commands] == [StartTask]


def test_what_is_stopped_while_its_cache_is_asked_ends_at_once() -> None:
    told = Told(WORK)
    [asked] = told.commands
    told.tell(ShutdownAsked(shutdown=Shutdown.TERMINATE))
    assert told.node.phase == "Failed"
    told.tell(CacheAnswered(node=asked.node, attempt_id=asked.attempt_id, entry=None))
    assert (told.node.phase, told.run.state.phase) == ("Failed", "Failed")


def test_a_config_map_of_another_cluster_hands_on_artifacts() -> None:
    artifact = {"name": "a", "s3": {"bucket": "b", "key": "k"}}
    entry = {"nodeID": "n", "outputs": {"artifacts": [artifact], "result": "r"}}
    told = Told(WORK, config_map({"the-key": json.dumps(entry)}))
    told.answer()
    outputs = told.node.outputs
    assert outputs is not None
    assert outputs.result == "r"
    assert [(each.name, each.s3.key if each.s3 else "") for each in outputs.artifacts] == [("a", "k")]
