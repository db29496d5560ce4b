"""Volumes that can only be read, in runs with real tasks, isolated and on the machine as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.run import Run

Go = Callable[[str], Run]

FACTS = "downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}"


CLAIM = "persistentVolumeClaim: {claimName: c}"


@pytest.mark.parametrize(
    ("volume", "more", "change"),
    [
        (FACTS, "", "echo x > /v/name"),
        (FACTS, "", "echo x > /v/new"),
        (FACTS, "", "rm /v/name"),
        (FACTS, ", subPath: name", "echo x > /v"),
        (CLAIM, ", readOnly: true", "echo x > /v/new"),
        (CLAIM, ", readOnly: true", "chmod 777 /v"),
    ],
)
def test_an_isolated_task_cannot_change_them(go: Go, volume: str, more: str, change: str) -> None:
    run = go(f"""
    - name: main
      volumes: [{{name: v, {volume}}}]
      container:
        image: alpine:3.20
        command: [sh, -c, "test -e /v && ! {{ {change}; }}"]
        volumeMounts: [{{name: v, mountPath: /v{more}}}]
""")
    assert run.state.phase == "Succeeded", run.nodes[NodeNumber(0)].message


@pytest.mark.parametrize("is_isolated", [True, False], ids=["view", "host"])
def test_tasks_may_mount_the_same_at_the_same_time_and_leave_nothing(go: Go, tmp_path: Path) -> None:
    run = go(f"""
    - name: main
      steps: [[{{name: each, template: each, withSequence: {{count: 4}}}}]]
    - name: each
      volumes: [{{name: v, {FACTS.replace("metadata.name", "metadata.namespace")}}}]
      container:
        image: alpine:3.20
        command: [sh, -c, "touch PLACE/v/new; test $(cat PLACE/v/name) = default && sleep 0.3"]
        volumeMounts: [{{name: v, mountPath: PLACE/v}}]
""")
    assert run.state.phase == "Succeeded", [node.message for node in run.nodes.values()]
    assert list((tmp_path / "data").iterdir()) == []
