"""When a container has started, is ready and is alive, asked of servers and commands."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import StartTask
from pinnace.runtime.probes import Probe, Probes, attend, is_answered, probes_of
from pinnace.spec.templates import Container, Template, UserContainer
from processes import PATIENCE

HOST = "127.0.0.1"


@asynccontextmanager
async def server(answer: str, seen: list[str] | None = None) -> AsyncIterator[int]:
    """Serve ``answer`` to whoever asks; yield the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.read(4096)).decode()
        if seen is not None:
            seen.append(asked)
        writer.write(answer.encode())
        writer.close()

    listening = await asyncio.start_server(serve, HOST, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [
        ("HTTP/1.1 200 OK\r\n\r\n", True),
        ("HTTP/1.1 302 Found\r\n\r\n", True),
        ("HTTP/1.1 404 Not Found\r\n\r\n", False),
        ("HTTP/1.1 503 Busy\r\n\r\n", False),
        ("220 mail\r\n", False),
        ("\r\n", False),
        ("x" * 10_000, False),
        ("", False),
    ],
)
async def test_an_answer_below_400_is_a_good_one(answer: str, is_good: bool) -> None:
    async with server(answer) as port:
        assert await is_answered(Probe(HOST, port, "/", timeout=PATIENCE)) is is_good


async def test_a_connection_is_enough_where_nothing_is_asked_for() -> None:
    async with server("") as port:
        assert await is_answered(Probe(HOST, port, timeout=PATIENCE))
    with socket.socket() as deaf:
        deaf.bind((HOST, 0))  # nobody else can listen there now
        assert not await is_answered(Probe(HOST, deaf.getsockname()[1], timeout=PATIENCE))
    assert not await is_answered(Probe(HOST, 0, timeout=PATIENCE))


async def test_a_probe_asks_as_it_is_declared() -> None:
    seen: list[str] = []
    async with server("HTTP/1.1 204 \r\n\r\n", seen) as port:
        declared = {
            "timeoutSeconds": PATIENCE,
            "httpGet": {
                "path": "healthz?a=b",
                "port": "web",
                "httpHeaders": [{"name": "X-One", "value": "1\r\nX-Two: 2"}],
            },
        }
        container = Container(readiness_probe=declared, ports=[{"name": "web", "containerPort": port}])
        probe = only(probes_of(starting(container)))
        assert await is_answered(probe)
    lines = seen[0].split("\r\n")
    assert lines[:2] == ["GET /healthz?a=b HTTP/1.1", "X-One: 1X-Two: 2"]
    assert f"Host: {HOST}:{port}" in lines


def starting(container: Container, **more: Any) -> StartTask:
    template = Template(name="t", daemon=True, container=container, **more)
    return StartTask(node=NodeNumber(0), attempt_id="a", node_name="wf", template=template)


def only(probes: Probes | None) -> Probe:
    """Return the one probe that there is."""
    assert probes is not None
    (found,) = (each for each in (probes.startup, probes.readiness, probes.liveness) if each is not None)
    return found


def test_a_container_is_asked_as_it_says() -> None:
    probe = {"tcpSocket": {"port": 80}, "periodSeconds": 30, "initialDelaySeconds": 5, "failureThreshold": 2}
    command = {"exec": {"command": ["test", "-e", "/ready"]}, "timeoutSeconds": 4, "successThreshold": 3}
    container = Container(
        startup_probe={"tcpSocket": {"port": 81}}, readiness_probe=command, liveness_probe=probe
    )
    probes = probes_of(starting(container))
    assert probes == Probes(
        startup=Probe(HOST, 81),
        readiness=Probe(command=("test", "-e", "/ready"), timeout=4.0, successes=3),
        liveness=Probe(HOST, 80, delay=5.0, period=30.0, failures=2),
    )
    grpc = {"grpc": {"port": 81, "service": "shop"}}
    assert only(probes_of(starting(Container(liveness_probe=grpc)))) == Probe(HOST, 81, service="shop")
    assert probes_of(starting(Container(liveness_probe={}))) is None


def test_only_of_daemons_it_is_asked_whether_they_are_ready() -> None:
    probe = {"tcpSocket": {"port": 80}}
    template = Template(name="t", container=Container(readiness_probe=probe, liveness_probe=probe))
    probes = probes_of(StartTask(node=NodeNumber(0), attempt_id="a", node_name="wf", template=template))
    assert probes == Probes(liveness=Probe(HOST, 80))


def test_each_container_of_a_pod_has_its_own_probes() -> None:
    beside = UserContainer(name="beside", readiness_probe={"tcpSocket": {"port": 82}})
    command = starting(Container(), sidecars=(beside,))
    assert probes_of(command) is None
    other = StartTask(
        node=NodeNumber(0), attempt_id="a", node_name="wf", template=command.template, container="beside"
    )
    assert only(probes_of(other)).port == 82


class Answers:
    """Gives the answers to each probe in turn, and then says that nobody wants to know any more."""

    def __init__(self, **answers: str) -> None:
        self.left = {name: list(text) for name, text in answers.items()}
        self.order: list[str] = []

    async def __call__(self, probe: Probe) -> bool | None:
        (name,) = probe.command
        if not self.left[name]:
            return None
        answer = self.left[name].pop(0)
        self.order.append(name + answer)
        return answer == "+"

    def ready(self) -> None:
        self.order.append("ready")


def quick(name: str, **more: Any) -> Probe:
    return Probe(command=(name,), period=0.001, **more)


async def test_it_is_ready_when_it_has_answered_well_often_enough() -> None:
    answers = Answers(r="-+-++")
    assert await attend(Probes(readiness=quick("r", successes=2)), answers, answers.ready) == ""
    assert answers.order == ["r-", "r+", "r-", "r+", "r+", "ready"]


async def test_it_is_not_ready_when_nobody_wants_to_know() -> None:
    answers = Answers(r="--")
    assert await attend(Probes(readiness=quick("r")), answers, answers.ready) == ""
    assert answers.order == ["r-", "r-"]


async def test_nothing_else_is_asked_before_it_has_started() -> None:
    answers = Answers(s="--+", r="+", l="+---")
    probes = Probes(quick("s", failures=1000), quick("r"), quick("l"))
    assert await attend(probes, answers, answers.ready) == "its livenessProbe failed 3 times"
    assert answers.order[:3] == ["s-", "s-", "s+"]
    assert sorted(answers.order[3:]) == ["l+", "l-", "l-", "l-", "r+", "ready"]


async def test_it_has_failed_when_it_has_not_started_in_its_time() -> None:
    answers = Answers(s="-" * 1000, r="+")
    probes = Probes(quick("s", failures=3), quick("r"))
    assert await attend(probes, answers, answers.ready) == "its startupProbe failed"
    assert "ready" not in answers.order


async def test_only_bad_answers_one_after_another_are_a_failure() -> None:
    answers = Answers(l="--+--+--")
    assert await attend(Probes(liveness=quick("l")), answers, answers.ready) == ""
    assert answers.order.count("l-") == 6


async def test_without_more_to_ask_it_is_ready_when_it_has_started() -> None:
    answers = Answers(s="+")
    assert await attend(Probes(startup=quick("s")), answers, answers.ready) == ""
    assert answers.order == ["s+", "ready"]
