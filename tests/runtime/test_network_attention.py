"""Handlers and probes over the network, in runs with real tasks, isolated and on the machine as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from socketserver import StreamRequestHandler, TCPServer, ThreadingTCPServer
from threading import Thread

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.run import Run

Go = Callable[[str], Run]

pytestmark = pytest.mark.parametrize("is_isolated", [True, False], ids=["view", "host"])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder that is ``PLACE`` in templates."""
    return tmp_path / "data"


@pytest.fixture
def port(place: Path) -> Iterator[int]:
    """Return the port of a server that makes a file in ``place`` of each name that it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (place / self.path.lstrip("/")).touch()
            self.send_error(500)  # which is an answer

        def log_message(self, *_arguments: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as found:
        yield found


@pytest.fixture
def nobody() -> Iterator[int]:
    """Return a port at which nobody listens as long as the test runs."""
    with socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def serving(server: TCPServer) -> Iterator[int]:
    """Have the server serve, and yield its port."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


MOUNTED = """
      volumes: [{name: v, hostPath: {path: PLACE}}]
      container:
        image: alpine:3.20
        volumeMounts: [{name: v, mountPath: PLACE}]
"""


def test_a_request_is_sent_right_after_the_start(go: Go, port: int) -> None:
    run = go(f"""
    - name: main{MOUNTED}
        command: [sh, -c, "until [ -e PLACE/begun ]; do sleep 0.01; done"]
        lifecycle: {{postStart: {{httpGet: {{port: {port}, path: begun}}}}}}
""")
    assert run.state.phase == "Succeeded", message_of(run)
    assert not [note for note in run.nodes[NodeNumber(0)].notes if "lifecycle" in note]


def test_a_container_whose_first_request_fails_is_ended(go: Go, nobody: int) -> None:
    run = go(f"""
    - name: main
      container:
        image: alpine:3.20
        command: [sleep, "600"]
        lifecycle: {{postStart: {{httpGet: {{port: {nobody}}}}}}}
""")
    assert run.state.phase == "Failed"
    assert message_of(run) == "main: Error (exit code 143): its postStart handler ended with exit code 1"


def test_a_request_is_sent_before_a_container_is_ended(go: Go, port: int, place: Path) -> None:
    run = go(f"""
    - name: main{MOUNTED}
        command: [sh, -c]
        args: ["trap '[ -e PLACE/ending ] && touch PLACE/after; exit 1' TERM; while :; do sleep 0.01; done"]
        livenessProbe: {{exec: {{command: ["false"]}}, periodSeconds: 1, failureThreshold: 1}}
        lifecycle: {{preStop: {{httpGet: {{port: {port}, path: ending}}}}}}
""")
    assert run.state.phase == "Failed"
    assert sorted(path.name for path in place.iterdir()) == ["after", "ending"]


def test_a_handler_that_kubernetes_does_not_run_ends_the_container(go: Go, port: int) -> None:
    run = go(f"""
    - name: main
      container:
        image: alpine:3.20
        command: [sleep, "600"]
        lifecycle: {{postStart: {{tcpSocket: {{port: {port}}}}}}}
""")
    assert run.state.phase == "Failed"
    (note,) = [note for note in run.nodes[NodeNumber(0)].notes if "lifecycle" in note]
    assert note.startswith("lifecycle: postStart fails, as in Kubernetes")


def test_a_daemon_is_ready_when_it_says_so_over_grpc(go: Go, place: Path) -> None:
    class Health(StreamRequestHandler):
        def handle(self) -> None:
            while b"Health/Check" not in self.request.recv(4096):
                pass
            status = b"\x01" if (place / "open").exists() else b"\x02"
            self.wfile.write(
                bytes.fromhex("0000000400000000000000070001000000010000000002") + b"\x08" + status
            )

    with serving(ThreadingTCPServer(("127.0.0.1", 0), Health)) as port:
        run = go(f"""
    - name: main
      steps:
        - - {{name: server, template: server}}
        - - {{name: after, template: after}}
    - name: server
      daemon: true{MOUNTED}
        command: [sh, -c, "sleep 0.3; touch PLACE/open; exec sleep 600"]
        readinessProbe: {{grpc: {{port: {port}}}, periodSeconds: 1}}
    - name: after{MOUNTED}
        command: [test, -e, PLACE/open]
""")
    assert run.state.phase == "Succeeded", [node.message for node in run.nodes.values()]


def message_of(run: Run) -> str:
    return run.nodes[NodeNumber(0)].message
