"""Runs with ``http`` templates, against a server of the test's own."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from whole_runs import ended, why

from manifests import workflow
from pinnace.bootstrap import Pinnace
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from servers import Quiet, serving

Go = Callable[..., Run]

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: api}\nstringData: {token: s3cret}\n"


class _Handler(Quiet):
    """Echoes a request as JSON; ``/flaky/N`` is 503 the first N times.

    ``/slow`` answers before a request without a time of its own is given up, and after any that has one here.
    """

    protocol_version = "HTTP/1.1"
    visits: ClassVar[Counter[str]]
    closing: ClassVar[threading.Event]

    def answer(self) -> None:
        """Answer any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.visits[self.path] += 1
        _, what, *rest = self.path.split("/")
        if what == "slow":
            self.closing.wait(20)
        fails = what == "flaky" and self.visits[self.path] <= int(rest[0])
        seen = {
            "method": self.command,
            "path": self.path,
            "body": body.decode(),
            "headers": dict(self.headers.items()),
        }
        text = json.dumps(seen).encode()
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer  # the names that the base class looks for


@pytest.fixture
def url() -> Iterator[str]:
    class Handler(_Handler):
        visits: ClassVar[Counter[str]] = Counter()
        closing: ClassVar[threading.Event] = threading.Event()

    with serving(Handler) as address:
        yield address
        Handler.closing.set()


@pytest.fixture
def go(pinnace: Pinnace, url: str) -> Go:
    """Return what runs a manifest to its end; ``URL`` in it is the server's."""

    def run(templates: str, *, more: str = "") -> Run:
        text = workflow(templates, metadata="{generateName: test-}")
        return ended(pinnace, text.replace("URL", url), more.replace("URL", url))

    return run


def node(run: Run, tail: str) -> Node:
    """Return the node whose name ends in ``tail``."""
    return next(each for each in run.nodes.values() if each.name.endswith(tail))


def result(run: Run, tail: str) -> str:
    outputs = node(run, tail).outputs
    assert outputs is not None, node(run, tail).message
    assert outputs.result is not None, node(run, tail).message
    return outputs.result


def test_a_request_is_sent_as_its_template_says_with_inputs_and_secrets_filled_in(go: Go) -> None:
    run = go(
        """
    - name: main
      dag:
        tasks:
          - {name: send, template: send, arguments: {parameters: [{name: id, value: 'a "quoted" id'}]}}
          - name: again
            template: again
            dependencies: [send]
            arguments:
              parameters: [{name: seen, value: "{{=jsonpath(tasks.send.outputs.result, '$.method')}}"}]
    - name: send
      inputs: {parameters: [{name: id}]}
      http:
        method: PUT
        url: "URL/things"
        headers:
          - {name: x-id, value: "{{inputs.parameters.id}}"}
          - {name: Authorization, valueFrom: {secretKeyRef: {name: api, key: token}}}
        body: '{"id": "{{inputs.parameters.id}}"}'
        successCondition: >-
          response.statusCode == 200 && request.method == "PUT" && request.headers["x-id"][0] != ""
          && !("Authorization" in request.headers) && response.headers["Content-Length"][0] != "0"
    - name: again
      inputs: {parameters: [{name: seen}]}
      http: {url: "URL/saw/{{inputs.parameters.seen}}"}
""",
        more=SECRET,
    )
    assert run.state.phase == "Succeeded", why(run)
    seen = json.loads(result(run, ".send"))
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/things", '{"id": "a "quoted" id"}')
    assert seen["headers"]["X-Id"] == 'a "quoted" id'
    assert seen["headers"]["Authorization"] == "s3cret"
    assert json.loads(result(run, ".again"))["path"] == "/saw/PUT"


def test_the_results_of_a_loop_of_requests_become_one_list(go: Go) -> None:
    run = go(
        """
    - name: main
      steps:
        - - name: fetch
            template: fetch
            withSequence: {count: "40"}
            arguments: {parameters: [{name: number, value: "{{item}}"}]}
        - - name: join
            template: join
            arguments: {parameters: [{name: all, value: "{{steps.fetch.outputs.result}}"}]}
    - name: fetch
      inputs: {parameters: [{name: number}]}
      http: {url: "URL/{{inputs.parameters.number}}"}
    - name: join
      inputs: {parameters: [{name: all}]}
      http: {method: POST, url: "URL/join", body: "{{inputs.parameters.all}}"}
"""
    )
    assert run.state.phase == "Succeeded", why(run)
    joined = json.loads(json.loads(result(run, ".join"))["body"])
    assert [each["path"] for each in joined] == [f"/{n}" for n in range(40)]


def test_a_request_is_retried_and_each_attempt_keeps_its_message_and_body(go: Go) -> None:
    run = go(
        """
    - name: main
      retryStrategy: {limit: 5, expression: 'lastRetry.message == "received non-2xx response code: 503"'}
      http: {url: "URL/flaky/2"}
"""
    )
    assert run.state.phase == "Succeeded", why(run)
    attempts = [node(run, f"({n})") for n in range(3)]
    assert [(each.phase.value, each.message) for each in attempts] == [
        ("Failed", "received non-2xx response code: 503"),
        ("Failed", "received non-2xx response code: 503"),
        ("Succeeded", ""),
    ]
    assert all(json.loads(result(run, f"({n})"))["path"] == "/flaky/2" for n in range(3))


def test_a_failed_request_hands_on_its_body_when_the_run_goes_on(go: Go) -> None:
    run = go(
        """
    - name: main
      steps:
        - - {name: fetch, template: fetch, continueOn: {failed: true}}
        - - name: tell
            template: tell
            arguments:
              parameters: [{name: body, value: "{{steps.fetch.status}} {{steps.fetch.outputs.result}}"}]
    - name: fetch
      http: {url: "URL/x", successCondition: "response.statusCode == 201"}
    - name: tell
      inputs: {parameters: [{name: body}]}
      http: {method: POST, url: "URL/tell", body: "{{inputs.parameters.body}}"}
"""
    )
    assert run.state.phase == "Succeeded", why(run)
    assert node(run, ".fetch").message == "successCondition 'response.statusCode == 201' evaluated false"
    assert json.loads(result(run, ".tell"))["body"] == f"Failed {result(run, '.fetch')}"


def test_a_request_of_another_workflow_template_is_sent(go: Go) -> None:
    run = go(
        """
    - name: main
      steps:
        - - name: fetch
            templateRef: {name: web, template: fetch}
            arguments: {parameters: [{name: code, value: "200"}]}
""",
        more="""
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: web}
spec:
  templates:
    - name: fetch
      inputs: {parameters: [{name: code}]}
      http: {url: "URL/there", successCondition: "response.statusCode == {{inputs.parameters.code}}"}
""",
    )
    assert run.state.phase == "Succeeded", why(run)
    assert json.loads(result(run, ".fetch"))["path"] == "/there"


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_request_fails_when_its_time_is_over(go: Go, url: str, seconds: int) -> None:
    run = go(f'    - {{name: main, http: {{url: "URL/slow", timeoutSeconds: {seconds}}}}}\n')
    assert run.state.phase == "Failed"
    assert node(run, "").message == f'Get "{url}/slow": context deadline exceeded'


def test_bytes_are_sent_from_base64_in_lines(go: Go) -> None:
    run = go(
        """
    - name: main
      http:
        method: POST
        url: URL/bytes
        bodyFrom:
          bytes: |
            aGVs
            bG8=
        successCondition: request.body == "" && len(request.bodyBytes) == 5
"""
    )
    assert run.state.phase == "Succeeded", why(run)
    assert json.loads(result(run, ""))["body"] == "hello"


def test_a_secret_that_is_not_there_fails_the_node(go: Go) -> None:
    run = go(
        """
    - name: main
      http:
        url: URL/x
        headers: [{name: A, valueFrom: {secretKeyRef: {name: none, key: k}}}]
"""
    )
    assert run.state.phase == "Failed"
    assert 'secret "none" not found' in node(run, "").message
