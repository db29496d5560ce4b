"""``pinnace resubmit --memoized``: a new run that does not do again what the old one did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from terminals import Cli

from pinnace.engine.naming import node_id

FAILING = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: old}
spec:
  entrypoint: main
  onExit: good
  arguments: {parameters: [{name: code, value: "1"}, {name: who, value: me}]}
  templates:
  - name: main
    steps:
    - - {name: made, template: say, arguments: {parameters: [{name: text, value: x}]}}
      - {name: tried, template: tried}
      - {name: not, template: good, when: "1 == 2"}
    - - name: each
        template: say
        arguments: {parameters: [{name: text, value: "{{steps.made.outputs.parameters.said}}{{item}}"}]}
        withItems: [1, 2]
      - {name: below, template: below}
    - - name: ends
        template: ends
        arguments: {parameters: [{name: all, value: "{{steps.each.outputs.parameters.said}}"}]}
  - name: say
    inputs: {parameters: [{name: text}]}
    outputs:
      parameters: [{name: said, globalName: said, valueFrom: {path: "/tmp/said-{{inputs.parameters.text}}"}}]
    script:
      image: alpine
      command: [sh]
      source: "echo {{workflow.name}}-{{inputs.parameters.text}} | tee '/tmp/said-{{inputs.parameters.text}}'"
  - name: tried
    retryStrategy: {limit: "2"}
    script: {image: alpine, command: [sh], source: "test {{retries}} = 1"}
  - name: below
    dag: {tasks: [{name: good, template: good}, {name: bad, template: bad, depends: good}]}
  - name: good
    container: {image: alpine, command: ["true"]}
  - name: bad
    container: {image: alpine, command: [sh, -c, "exit {{workflow.parameters.code}}"]}
  - name: ends
    inputs: {parameters: [{name: all}]}
    outputs: {parameters: [{name: all, valueFrom: {path: /tmp/all}}]}
    script: {image: alpine, command: [sh], source: "printf '%s' '{{inputs.parameters.all}}' > /tmp/all"}
"""


def nodes(cli: Cli, name: str) -> dict[str, Any]:
    found = json.loads(cli("get", name, "-o", "json")[1])["status"]["nodes"].values()
    return {node["name"].removeprefix(name): node for node in found}


def last(cli: Cli) -> str:
    return cli("list", "-o", "name")[1].split()[0].rsplit("/", 1)[-1]


def test_pods_that_did_not_fail_are_skipped_and_give_what_they_gave(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wf.yaml").write_text(
        FAILING.replace("/tmp/", f"{tmp_path}/")
    )  # tasks share the machine here
    assert cli("run", "--quiet", str(tmp_path / "wf.yaml"))[0] == 1
    old = nodes(cli, "old")
    assert cli("resubmit", "--memoized", "--quiet", "-p", "code=0", "old")[0] == 0
    name = last(cli)
    new = nodes(cli, name)
    kept = {"[0].made", "[1].each(0:1)", "[1].each(1:2)", "[1].below.good"}
    skipped = {each for each, node in new.items() if node.get("message", "").startswith("original pod: ")}
    assert skipped == kept | {"[0].tried(0)"}
    for each in kept:
        assert (new[each]["type"], new[each]["phase"]) == ("Skipped", "Skipped")
        assert new[each]["message"] == f"original pod: {old[each]['id']}"
        assert new[each]["outputs"] == old[each]["outputs"]
        assert new[each]["id"] == node_id(name, name + each)
    assert new["[0].tried(0)"]["message"] == f"original pod: {old['[0].tried(1)']['id']}"
    assert (new["[0].tried"]["phase"], new["[1].below.bad"]["phase"]) == ("Succeeded", "Succeeded")
    assert new["[2].ends"]["outputs"]["parameters"][0]["value"] == '["old-old-x1","old-old-x2"]'
    assert new[".onExit"]["type"] == "Pod"
    status = json.loads(cli("get", name, "-o", "json")[1])
    assert status["metadata"]["labels"]["workflows.argoproj.io/resubmitted-from-workflow"] == "old"
    assert "said" in {each["name"] for each in status["status"]["outputs"]["parameters"]}


def test_what_was_taken_over_is_taken_over_again(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wf.yaml").write_text(
        FAILING.replace("/tmp/", f"{tmp_path}/")
    )  # tasks share the machine here
    cli("run", "--quiet", str(tmp_path / "wf.yaml"))
    assert cli("resubmit", "--memoized", "--quiet", "old")[0] == 1
    second = last(cli)
    assert cli("resubmit", "--memoized", "--quiet", "-p", "code=0", second)[0] == 0
    old, new = nodes(cli, "old"), nodes(cli, last(cli))
    assert new["[0].made"]["message"] == f"original pod: {old['[0].made']['id']}"


def test_a_run_that_did_not_fail_has_nothing_to_take_over(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wf.yaml").write_text(
        FAILING.replace("/tmp/", f"{tmp_path}/")
    )  # tasks share the machine here
    assert cli("run", "--quiet", "-p", "code=0", str(tmp_path / "wf.yaml"))[0] == 0
    status, _, errors = cli("resubmit", "--memoized", "old")
    assert status != 0
    assert "workflow must be Failed/Error to resubmit in memoized mode" in errors
