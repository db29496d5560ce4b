"""What handlers of a container run, and what is said of those that cannot succeed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pinnace.runtime.fidelity import notes_of
from pinnace.runtime.handlers import handler
from pinnace.spec.templates import Container, Template

HOST = "127.0.0.1"
EXEC = {"exec": {"command": ["true"]}}


@pytest.mark.parametrize(
    ("declared", "argv"),
    [
        ({"exec": {"command": ["nginx", "-s", "quit"]}}, ("nginx", "-s", "quit")),
        ({"sleep": {"seconds": 5}}, ("sleep", "5")),
        ({"tcpSocket": {"port": 80}}, ("false",)),
        (None, ()),
    ],
)
def test_a_handler_runs_a_command(declared: Any, argv: tuple[str, ...]) -> None:
    assert handler(Container(lifecycle={"preStop": declared}), "preStop") == argv
    assert handler(Container(lifecycle={"preStop": declared}), "postStart") == ()
    assert handler(Container(), "preStop") == ()


def test_of_handlers_only_those_that_cannot_succeed_are_noted() -> None:
    fine = Container(lifecycle={"postStart": EXEC, "preStop": {"sleep": {}}})
    assert notes_of(Template(name="t", container=fine), ()) == ()
    also_fine = Container(lifecycle={"postStart": {"httpGet": {"port": 80}}})
    assert notes_of(Template(name="t", container=also_fine), ()) == ()
    failing = Container(lifecycle={"postStart": EXEC, "preStop": {"tcpSocket": {"port": 1}}})
    assert notes_of(Template(name="t", container=failing), ()) == (
        "lifecycle: preStop fails, as in Kubernetes: it is not of the kind exec, httpGet or sleep",
    )


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def ends(serve: Serve, **http: Any) -> int:
    """Run an ``httpGet`` handler that asks ``serve``, and return its exit code."""
    listening = await asyncio.start_server(serve, HOST, 0)
    async with listening:
        declared = {"httpGet": {"port": listening.sockets[0].getsockname()[1], **http}}
        argv = handler(Container(lifecycle={"preStop": declared}), "preStop")
        process = await asyncio.create_subprocess_exec(*argv, env={})
        return await process.wait()


@pytest.mark.parametrize(
    ("answer", "code"),
    [("HTTP/1.1 200 OK\r\n\r\n", 0), ("HTTP/1.1 503 Busy\r\n\r\n", 0), ("220 mail\r\n", 1), ("", 1)],
)
async def test_any_answer_over_http_is_a_success(answer: str, code: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.encode())
        writer.close()

    assert await ends(serve) == code


async def test_a_server_without_tls_is_asked_again_without_it_and_without_secrets() -> None:
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read(4096)
        if asked.startswith(b"GET"):
            seen.extend(asked.decode().split("\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    headers = [{"name": "Authorization", "value": "secret"}, {"name": "X-One", "value": "1"}]
    assert await ends(serve, scheme="HTTPS", path="bye", httpHeaders=headers) == 0
    assert seen[0] == "GET /bye HTTP/1.1"
    assert "User-Agent: kube-lifecycle/1" in seen
    assert "X-One: 1" in seen
    assert not any("secret" in line for line in seen)
