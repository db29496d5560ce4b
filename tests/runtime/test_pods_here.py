"""What a pod asks of its node, in runs with real, isolated tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node
from pinnace.engine.run import Run

Go = Callable[[str], Run]


def only(run: Run) -> Node:
    (node,) = (node for node in run.nodes.values() if node.key in {"", "main"})
    return node


def test_a_host_path_that_is_allowed_is_the_machines_own_folder(go: Go, tmp_path: Path) -> None:
    run = go(
        """
    - name: main
      volumes: [{name: v, hostPath: {path: PLACE, type: Directory}}]
      container:
        image: alpine:3.20
        command: [sh, -c, "echo done > /data/made"]
        volumeMounts: [{name: v, mountPath: /data}]
"""
    )
    assert run.state.phase == "Succeeded", only(run).message
    assert (tmp_path / "data" / "made").read_text() == "done\n"


def test_a_host_path_that_is_not_allowed_ends_its_node_with_the_remedy(go: Go) -> None:
    run = go(
        """
    - name: main
      volumes: [{name: v, hostPath: {path: /etc}}]
      container:
        image: alpine:3.20
        command: ["true"]
        volumeMounts: [{name: v, mountPath: /data}]
"""
    )
    assert run.state.phase == "Error"
    assert "hostPath /etc is not among the folders" in only(run).message
    assert "PINNACE_HOST_PATHS" in only(run).message


def test_who_writes_more_than_its_ephemeral_storage_is_ended(go: Go) -> None:
    run = go(
        """
    - name: main
      container:
        image: alpine:3.20
        command: [sh, -c]
        args: ["for i in 1 2 3 4; do head -c 600000 /dev/zero > /tmp/$i; done; sleep 600"]
        resources: {limits: {ephemeral-storage: 2Mi}}
"""
    )
    node = only(run)
    assert run.state.phase == "Failed"
    assert node.message == 'Container main exceeded its local ephemeral storage limit "2Mi". '
    assert not any("resources" in note for note in node.notes)


def test_a_step_says_how_far_it_is(go: Go) -> None:
    run = go(
        """
    - name: main
      container:
        image: alpine:3.20
        command: [sh, -c, "echo 30/100 > $ARGO_PROGRESS_FILE; exit 1"]
"""
    )
    assert only(run).progress == "30/100"


ANNOTATED = """
    - name: main
      inputs: {parameters: [{name: size, value: "7"}]}
      metadata: {annotations: {workflows.argoproj.io/progress: "0/{{inputs.parameters.size}}"}}
"""


SAYS = """
      container:
        image: alpine:3.20
        command: [sh, -c, "echo 3/8 > $ARGO_PROGRESS_FILE; exit 1"]
"""
GETS = "      resource: {action: get, manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}'}"


@pytest.mark.parametrize(
    ("body", "progress"),
    [
        ("      container: {image: 'alpine:3.20', command: ['false']}", "0/7"),
        (SAYS, "3/8"),
        ("      containerSet: {containers: [{name: main, image: 'alpine:3.20', command: ['false']}]}", "0/7"),
        (GETS, "0/7"),
        ("      http: {url: 'http://127.0.0.1:1'}", ""),
    ],
)
def test_an_annotation_says_how_far_a_step_is_to_begin_with(go: Go, body: str, progress: str) -> None:
    run = go(f"{ANNOTATED}{body}\n")
    assert run.state.phase in {"Failed", "Error"}
    assert run.nodes[NodeNumber(0)].progress == progress


def test_an_annotation_that_is_no_progress_says_nothing(go: Go) -> None:
    container = "      container: {image: 'alpine:3.20', command: ['false']}\n"
    run = go(ANNOTATED.replace('"0/', '"nearly ') + container)
    assert run.nodes[NodeNumber(0)].progress == ""


def test_a_daemon_is_ready_when_its_command_says_so(go: Go) -> None:
    run = go(
        """
    - name: main
      steps:
        - - {name: server, template: server}
        - - {name: after, template: after}
    - name: server
      daemon: true
      volumes: [{name: v, hostPath: {path: PLACE}}]
      container:
        image: alpine:3.20
        command: [sh, -c, "sleep 0.3; touch /data/open; touch /ready; exec sleep 600"]
        readinessProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1}
        volumeMounts: [{name: v, mountPath: /data}]
    - name: after
      volumes: [{name: v, hostPath: {path: PLACE}}]
      container:
        image: alpine:3.20
        command: [test, -e, /data/open]
        volumeMounts: [{name: v, mountPath: /data}]
"""
    )
    assert run.state.phase == "Succeeded", [node.message for node in run.nodes.values()]


@pytest.mark.parametrize("kind", ["livenessProbe", "startupProbe"])
def test_a_container_that_fails_its_probe_is_ended(go: Go, kind: str) -> None:
    run = go(
        f"""
    - name: main
      container:
        image: alpine:3.20
        command: [sleep, "600"]
        {kind}: {{exec: {{command: ["false"]}}, periodSeconds: 1, failureThreshold: 1}}
"""
    )
    node = only(run)
    assert run.state.phase == "Failed"
    assert node.message.startswith(f"main: Error (exit code 143): its {kind} failed")
    assert not [note for note in node.notes if kind in note]


def test_a_sidecar_that_fails_its_probe_does_not_fail_the_pod(go: Go) -> None:
    run = go(
        """
    - name: main
      volumes: [{name: v, hostPath: {path: PLACE}}]
      sidecars:
        - name: beside
          image: alpine:3.20
          command: [sh, -c, "trap 'touch /data/ended; exit 143' TERM; while :; do sleep 0.01; done"]
          livenessProbe: {exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 1}
          mirrorVolumeMounts: true
      container:
        image: alpine:3.20
        command: [sh, -c, "until [ -e /data/ended ]; do sleep 0.01; done"]
        volumeMounts: [{name: v, mountPath: /data}]
"""
    )
    assert run.state.phase == "Succeeded", only(run).message


def test_why_a_container_failed_is_in_its_termination_log(go: Go) -> None:
    run = go(
        """
    - name: main
      steps:
        - - {name: default, template: default, continueOn: {failed: true}}
          - {name: own, template: own, continueOn: {failed: true}}
          - {name: log, template: log, continueOn: {failed: true}}
    - name: default
      container: {image: "alpine:3.20", command: [sh, -c, "echo no way > /dev/termination-log; exit 1"]}
    - name: own
      container:
        image: alpine:3.20
        command: [sh, -c, "echo no file > /words/last; exit 1"]
        terminationMessagePath: /words/last
    - name: log
      container:
        image: alpine:3.20
        command: [sh, -c, "echo no log; exit 1"]
        terminationMessagePolicy: FallbackToLogsOnError
"""
    )
    messages = {node.key: node.message for node in run.nodes.values()}
    assert messages["default"] == "main: Error (exit code 1): no way"
    assert messages["own"] == "main: Error (exit code 1): no file"
    assert messages["log"] == "main: Error (exit code 1): no log"


def test_a_command_runs_right_after_the_start(go: Go) -> None:
    run = go(
        """
    - name: main
      container:
        image: alpine:3.20
        command: [sh, -c, "until [ -e /tmp/there ]; do sleep 0.01; done"]
        lifecycle: {postStart: {exec: {command: [touch, /tmp/there]}}}
"""
    )
    assert run.state.phase == "Succeeded", only(run).message


def test_a_patch_may_limit_what_a_container_writes(go: Go) -> None:
    run = go(
        """
    - name: main
      podSpecPatch: 'containers: [{name: main, resources: {limits: {ephemeral-storage: 1Mi}}}]'
      container:
        image: alpine:3.20
        command: [sh, -c, "for i in 1 2; do head -c 800000 /dev/zero > /tmp/$i; done; sleep 600"]
"""
    )
    assert only(run).message == 'Container main exceeded its local ephemeral storage limit "1Mi". '
