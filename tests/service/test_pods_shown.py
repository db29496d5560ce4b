"""How pods of several containers, daemons and claims show: status, logs, retry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pinnace.base.errors import UsageError
from pinnace.engine.advance import apply, reassess, restore
from pinnace.engine.naming import attempt_id
from pinnace.engine.run import Run
from pinnace.service.logs import LogRequest, read_logs, require_container
from pinnace.service.retry import retry
from pinnace.service.status import workflow_object
from pinnace.testing.play import Play
from pinnace.testing.simulation import verify

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  volumeClaimTemplates: [{metadata: {name: work}}]
  templates:
  - name: main
    steps:
    - - {name: server, template: server}
    - - {name: set, template: set}
    - - {name: last, template: helped}
  - name: server
    daemon: true
    container: {image: i, command: [c]}
  - name: set
    containerSet:
      containers:
      - {name: a, image: i, command: [c]}
      - {name: b, image: i, command: [c], dependencies: [a]}
  - name: helped
    container: {image: i, command: [c]}
    sidecars: [{name: beside, image: i, command: [c]}]
"""
SET, LAST = "wf[1].set", "wf[2].last"


@pytest.fixture
def play() -> Play:
    """Return a run whose daemon runs and whose set is over."""
    play = Play(MANIFEST).start().begin("wf[0].server")
    for name in (f"{SET}.a", f"{SET}.b"):
        play.begin(name).end(name)
    return play


def status_of(run: Run) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the status and the nodes in it by name."""
    status = workflow_object(run)["status"]
    return status, {each["name"]: each for each in status["nodes"].values()}


def test_a_daemon_at_work_says_so_and_where_it_is(play: Play) -> None:
    _, nodes = status_of(play.run)
    server = nodes["wf[0].server"]
    assert (server["phase"], server["daemoned"], server["podIP"]) == ("Running", True, "127.0.0.1")
    play.end(f"{LAST}.main").end(f"{LAST}.beside", exit_code=143)
    status, nodes = status_of(play.run)
    assert (status["phase"], nodes["wf[0].server"]["phase"]) == ("Succeeded", "Succeeded")
    assert "daemoned" not in nodes["wf[0].server"]


def test_containers_of_a_set_follow_what_they_depend_on(play: Play) -> None:
    status, nodes = status_of(play.run)

    def after(name: str) -> list[str]:
        return [status["nodes"][id_]["name"] for id_ in nodes[name].get("children", ())]

    assert (after(SET), after(f"{SET}.a")) == ([f"{SET}.a"], [f"{SET}.b"])
    assert after(f"{SET}.b") == ["wf[2]"]
    container = nodes[f"{SET}.b"]
    assert (container["type"], container["displayName"]) == ("Container", "b")
    assert container["boundaryID"] == nodes[SET]["id"]
    assert "outputs" not in container


def test_containers_before_and_beside_are_no_nodes(play: Play) -> None:
    _, nodes = status_of(play.run)
    assert LAST in nodes
    assert not [name for name in nodes if name.startswith(f"{LAST}.")]


def test_claims_show_until_they_are_collected(play: Play) -> None:
    status, _ = status_of(play.run)
    assert status["persistentVolumeClaims"] == [
        {"name": "work", "persistentVolumeClaim": {"claimName": "wf-work"}}
    ]
    play.end(f"{LAST}.main").end(f"{LAST}.beside", exit_code=143)
    assert "persistentVolumeClaims" not in status_of(play.run)[0]


def log(play: Play, folder: Path, name: str, text: str) -> None:
    node = next(node for node in play.run.nodes.values() if node.name == name)
    path = folder / f"{attempt_id(play.run.info.uid, node)}.log"
    path.write_text(f"2026-01-01T00:00:00.000000000Z stdout F {text}\n")


def test_logs_are_the_main_containers_or_those_asked_for(play: Play, tmp_path: Path) -> None:
    play.begin(f"{LAST}.main").begin(f"{LAST}.beside")
    for name in (f"{SET}.a", f"{SET}.b", f"{LAST}.main", f"{LAST}.beside"):
        log(play, tmp_path, name, name.rpartition(".")[2])

    def said(**asked: Any) -> list[str]:
        return sorted(entry.text for entry in read_logs(play.run, tmp_path, LogRequest(**asked)))

    assert said() == ["a", "b", "main"]
    assert said(container="beside") == ["beside"]
    assert said(container="a") == ["a"]
    assert said(container="main") == ["main"]
    assert said(container="main", pod="last") == ["main"]
    require_container(play.run, "beside")
    with pytest.raises(UsageError, match="there is no container 'wait'"):
        require_container(play.run, "wait")


def test_a_retry_makes_the_containers_of_a_failed_pod_anew(play: Play) -> None:
    play.end(f"{LAST}.main", exit_code=1).end(f"{LAST}.beside", exit_code=143)
    run = play.run
    assert run.state.phase == "Failed"

    retried = retry(run, play.now)
    nodes = {number: node for number, node in run.nodes.items() if number not in retried.removed}
    nodes.update((node.number, node) for node in retried.nodes)
    again = Run(retried.info, run.workflow, run.lookup)
    restore(again, retried.state, nodes.values())
    apply(again, reassess(again, play.now))
    verify(again, play.now)

    made = {node.name: attempt_id(again.info.uid, node) for node in again.nodes.values()}
    assert made[f"{SET}.b"].endswith(".0-b")
    assert made[f"{LAST}.main"].endswith(".1-main")
