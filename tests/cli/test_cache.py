"""Memoized templates through the command line, and ``pinnace cache``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from terminals import Cli

MEMOIZED = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: wf-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: text, value: hello world}]}
  templates:
  - name: main
    steps:
    - - {name: a, template: work}
    - - name: b
        template: show
        arguments:
          parameters: [{name: said, value: "{{steps.a.outputs.parameters.said}} {{steps.a.outputs.result}}"}]
          artifacts: [{name: file, from: "{{steps.a.outputs.artifacts.file}}"}]
  - name: work
    memoize:
      key: "{{=sprig.sha256sum(workflow.parameters.text)}}"
      cache: {configMap: {name: kept}}
    outputs:
      parameters: [{name: said, valueFrom: {path: /tmp/said}}]
      artifacts: [{name: file, path: /tmp/said}]
    script:
      image: alpine
      command: [sh]
      source: "printf '{{workflow.name}}' > /tmp/said; echo ran"
  - name: show
    inputs:
      parameters: [{name: said}]
      artifacts: [{name: file, path: /tmp/file}]
    script: {image: alpine, command: [sh], source: "echo {{inputs.parameters.said}}; cat /tmp/file"}
"""


def nodes(cli: Cli, name: str) -> dict[str, Any]:
    found = json.loads(cli("get", name, "-o", "json")[1])["status"]["nodes"].values()
    return {node["displayName"]: node for node in found}


def test_what_one_run_did_another_need_not_do(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wf.yaml").write_text(
        MEMOIZED.replace("/tmp/", f"{tmp_path}/")
    )  # tasks share the machine here

    def run(name: str, *more: str) -> dict[str, Any]:
        assert cli("run", "--quiet", "--name", name, *more, str(tmp_path / "wf.yaml"))[0] == 0
        return nodes(cli, name)

    first, second = run("one"), run("two")
    assert [each["a"]["memoizationStatus"]["hit"] for each in (first, second)] == [False, True]
    assert second["a"]["outputs"] == first["a"]["outputs"]
    assert "one ran" in cli("logs", "two", "--no-color")[1]
    assert (second["a"]["type"], second["a"]["phase"]) == ("Pod", "Succeeded")
    assert not {"hostNodeName", "resourcesDuration", "message"} & second["a"].keys()
    assert second["[0]"]["children"] == [second["a"]["id"]]
    assert second["a"]["children"] == [second["[1]"]["id"]]
    assert "the cache kept" in cli("explain", "two", "a")[1]
    other = run("three", "-p", "text=other")
    assert other["a"]["memoizationStatus"]["hit"] is False


def test_what_a_cache_holds_is_listed_and_forgotten(cli: Cli, tmp_path: Path) -> None:
    assert cli("cache", "list")[:2] == (0, "No entries found\n")
    (tmp_path / "wf.yaml").write_text(
        MEMOIZED.replace("/tmp/", f"{tmp_path}/")
    )  # tasks share the machine here
    assert cli("run", "--quiet", "--name", "one", str(tmp_path / "wf.yaml"))[0] == 0
    assert cli("delete", "one")[0] == 0
    key = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
    assert cli("cache", "list")[1].startswith(f"default  kept  {key}  20")
    status, _, errors = cli("cache", "delete", "kept", "other")
    assert (status, "pinnace cache list" in errors) == (2, True)
    assert cli("cache", "delete", "kept", key, "-n", "elsewhere")[0] == 2
    assert cli("cache", "delete", "kept")[:2] == (0, f"default/kept/{key} deleted\n")
    assert cli("cache", "list")[:2] == (0, "No entries found\n")
    assert cli("run", "--quiet", "--name", "two", str(tmp_path / "wf.yaml"))[0] == 0
    assert nodes(cli, "two")["a"]["memoizationStatus"]["hit"] is False
