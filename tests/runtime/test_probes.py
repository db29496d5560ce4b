"""When a daemon is ready, asked of servers that answer, do not, or not yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import StartTask
from pinnace.runtime.probes import Probe, become_ready, probes_of, succeeds
from pinnace.spec.templates import Container, Template, UserContainer

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
        assert await succeeds(Probe(HOST, port, "/")) is is_good


async def test_a_connection_is_enough_where_nothing_is_asked_for() -> None:
    async with server("") as port:
        assert await succeeds(Probe(HOST, port))
    assert not await succeeds(Probe(HOST, port))
    assert not await succeeds(Probe(HOST, 0))


async def test_a_probe_asks_as_it_is_declared() -> None:
    seen: list[str] = []
    async with server("HTTP/1.1 204 \r\n\r\n", seen) as port:
        declared = {
            "httpGet": {
                "path": "healthz?a=b",
                "port": "web",
                "httpHeaders": [{"name": "X-One", "value": "1\r\nX-Two: 2"}],
            }
        }
        container = Container(readiness_probe=declared, ports=[{"name": "web", "containerPort": port}])
        (probe,) = probes_of(starting(container))
        assert await succeeds(probe)
    lines = seen[0].split("\r\n")
    assert lines[:2] == ["GET /healthz?a=b HTTP/1.1", "X-One: 1X-Two: 2"]
    assert f"Host: {HOST}:{port}" in lines


def starting(container: Container, **more: Any) -> StartTask:
    template = Template(name="t", daemon=True, container=container, **more)
    return StartTask(node=NodeNumber(0), attempt_id="a", node_name="wf", template=template)


def test_only_daemons_are_asked_and_only_in_ways_that_can_be_done() -> None:
    probe = {"tcpSocket": {"port": 80}, "periodSeconds": 10, "initialDelaySeconds": 5, "successThreshold": 2}
    asked = starting(Container(startup_probe={"tcpSocket": {"port": 81}}, readiness_probe=probe))
    first, second = probes_of(asked)
    assert (first.port, second.port) == (81, 80)
    assert (second.delay, second.period, second.successes) == (5.0, 1.0, 2)

    assert probes_of(starting(Container(readiness_probe={"exec": {"command": ["true"]}}))) == ()
    assert probes_of(starting(Container(liveness_probe=probe))) == ()
    task = StartTask(
        node=NodeNumber(0),
        attempt_id="a",
        node_name="wf",
        template=Template(name="t", container=Container(readiness_probe=probe)),
    )
    assert probes_of(task) == ()


def test_each_container_of_a_pod_has_its_own_probes() -> None:
    beside = UserContainer(name="beside", readiness_probe={"tcpSocket": {"port": 82}})
    command = starting(Container(), sidecars=(beside,))
    assert probes_of(command) == ()
    (probe,) = probes_of(
        StartTask(
            node=NodeNumber(0), attempt_id="a", node_name="wf", template=command.template, container="beside"
        )
    )
    assert probe.port == 82


async def test_it_is_ready_when_it_answers_and_not_before() -> None:
    listening = await asyncio.start_server(lambda _r, w: w.close(), HOST, 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()

    asked = asyncio.Event()
    asks = 0

    def counting() -> bool:
        nonlocal asks
        asks += 1
        if asks == 3:
            asked.set()
        return True

    waiting = asyncio.create_task(become_ready((Probe(HOST, port, period=0.01),), counting))
    await asked.wait()
    assert not waiting.done()
    listening = await asyncio.start_server(lambda _r, w: w.close(), HOST, port)
    assert await waiting
    listening.close()


async def test_nobody_is_asked_when_nobody_wants_to_know() -> None:
    gone: Callable[[], bool] = lambda: False  # noqa: E731 - named for what it says
    assert not await become_ready((Probe(HOST, 0),), gone)
    assert not await become_ready((), gone)
