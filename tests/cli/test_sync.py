"""``pinnace sync`` and what ``get`` says of locks."""

from __future__ import annotations

import json
from pathlib import Path

from terminals import Cli

from manifests import workflow

WAITING = workflow("""
  - name: main
    steps: [[{name: a, template: work}, {name: b, template: work}]]
  - name: work
    synchronization: {semaphores: [{database: {key: places}}]}
    container: {image: busybox, command: ["true"]}
""")


def test_the_limit_of_a_database_semaphore_is_set_changed_and_forgotten(cli: Cli) -> None:
    name = "default/Database/places"
    assert cli("sync", "create", "places", "--limit", "2")[:2] == (0, f"{name}: 2\n")
    assert cli("sync", "create", "places", "--limit", "3")[0] != 0
    assert cli("sync", "update", "places", "--limit", "3")[:2] == (0, f"{name}: 3\n")
    assert cli("sync", "get", "places")[:2] == (0, f"{name}: 3\n")
    assert cli("sync", "delete", "places")[:2] == (0, f"{name} deleted\n")
    status, _, errors = cli("sync", "get", "places")
    assert status != 0
    assert "pinnace sync create" in errors


def test_a_limit_that_a_config_map_holds_is_not_set_here(cli: Cli) -> None:
    status, _, errors = cli("sync", "create", "places", "--type", "configmap", "--limit", "1")
    assert status != 0
    assert "ConfigMap" in errors


def test_a_run_takes_a_database_semaphore_of_that_limit(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wf.yaml").write_text(WAITING)
    status, _, _ = cli("run", "--quiet", str(tmp_path / "wf.yaml"))
    assert status == 1
    nodes = json.loads(cli("get", "wf", "-o", "json")[1])["status"]["nodes"].values()
    text = "failed to initialize semaphore default/Database/places with limit"
    assert {node.get("message") for node in nodes if node["displayName"] in "ab"} == {text}
    cli("sync", "create", "places", "--limit", "1")
    assert cli("run", "--quiet", "--name", "again", str(tmp_path / "wf.yaml"))[0] == 0
    assert cli("sync", "list")[:2] == (0, "No locks found\n")
