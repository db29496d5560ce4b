"""Runs with plugin templates, against a plugin of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from whole_runs import ended, opened

from manifests import workflow
from pinnace.base.errors import RefusedError
from pinnace.bootstrap import Pinnace
from pinnace.engine.node import NodeType
from pinnace.engine.run import Run
from servers import Quiet, serving


class _Plugin(Quiet):
    """Executes templates whose plugin is ``hello``, for who knows the token."""

    def do_POST(self) -> None:  # the name that the base class looks for
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "X-Amz-Invocation-Type" in self.headers:
            self._work(body)
        else:
            self._execute(body["template"])

    def _execute(self, template: dict[str, Any]) -> None:
        node = {"phase": "Succeeded", "outputs": {"parameters": [{"name": "said", "value": "hello"}]}}
        is_known = (
            self.headers["Authorization"] == "Bearer sesame" and self.path == "/api/v1/template.execute"
        )
        self.send_response(200 if is_known else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"node": node} if "hello" in template["plugin"] else {}).encode())

    def _work(self, payload: dict[str, Any]) -> None:
        """Be a function of Lambda that doubles ``x`` and fails without it."""
        self.send_response(200)
        if "x" not in payload:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.end_headers()
        failure = {"errorType": "KeyError", "errorMessage": "'x'"}
        self.wfile.write(json.dumps({"twice": payload["x"] * 2} if "x" in payload else failure).encode())


@pytest.fixture
def address() -> Iterator[str]:
    with serving(_Plugin) as url:
        yield url


def run(pinnace: Pinnace, templates: str) -> Run:
    return ended(pinnace, workflow(templates))


def test_a_plugin_s_outputs_go_on_to_the_next_template(tmp_path: Path, address: str) -> None:
    file = tmp_path / "plugins.yaml"
    file.write_text(f"plugins: [{{name: hello, address: '{address}', token: sesame}}]")
    pinnace = opened(tmp_path, PINNACE_PLUGINS=str(file))
    found = run(
        pinnace,
        """
    - name: main
      steps:
      - - {name: ask, template: ask}
      - - name: again
          template: ask
          when: "{{steps.ask.outputs.parameters.said}} == hello"
      - - {name: other, template: other, continueOn: {failed: true}}
    - name: ask
      outputs: {parameters: [{name: said, valueFrom: {supplied: {}}}]}
      plugin: {hello: {}}
    - {name: other, plugin: {other: {}}}
""",
    )
    nodes = {node.key: node for node in found.nodes.values()}
    assert (found.state.phase, found.state.message) == ("Succeeded", "")
    assert nodes["again"].type is NodeType.PLUGIN
    assert nodes["again"].phase == "Succeeded"
    assert nodes["other"].message == "no plugin executed the template"
    pinnace.close()


def test_without_a_file_of_plugins_what_is_not_built_in_is_refused_before_the_start(tmp_path: Path) -> None:
    pinnace = opened(tmp_path)
    with pytest.raises(RefusedError, match="execute the plugin hello") as caught:
        run(pinnace, "    - {name: main, plugin: {hello: {}}}\n")
    assert "PINNACE_PLUGINS" in caught.value.remedy
    pinnace.close()


def test_a_function_of_lambda_gives_outputs_or_fails_its_node(tmp_path: Path, address: str) -> None:
    pytest.importorskip("botocore", reason="it comes with pinnace[aws]")
    pinnace = opened(tmp_path)
    function = f"functionName: f, region: eu-west-1, endpoint: '{address}'"
    keys = "accessKeySecret: {name: aws, key: id}, secretKeySecret: {name: aws, key: secret}"
    found = run(
        pinnace,
        f"""
    - name: main
      steps:
      - - {{name: good, template: double}}
      - - {{name: bad, template: bad, continueOn: {{failed: true}}}}
      - - {{name: again, template: double, when: "{{{{steps.good.outputs.parameters.twice}}}} == ab"}}
    - name: double
      plugin: {{aws-lambda: {{payload: {{x: a}}, {function}, {keys}}}}}
      outputs: {{parameters: [{{name: twice, valueFrom: {{supplied: {{}}}}}}]}}
    - name: bad
      plugin: {{aws-lambda: {{{function}, {keys}}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: aws}}
stringData: {{id: i, secret: s}}
""",
    )
    nodes = {node.key: node for node in found.nodes.values()}
    assert found.state.phase == "Succeeded"
    assert nodes["good"].outputs.parameters == {"twice": "aa"}
    assert nodes["again"].phase == "Skipped"
    assert (nodes["bad"].phase, nodes["bad"].message) == ("Failed", "the function failed: KeyError: 'x'")
    pinnace.close()
