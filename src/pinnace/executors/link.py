"""The connection to the supervisor of one run, and how such a process is started. Used by ``process``."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pinnace.base.errors import EnvironmentFailure
from pinnace.executors.supervisor import wire
from pinnace.executors.supervisor.start import SOCKET_NAME, Config
from pinnace.ports.executor import TaskEnded, TaskProgressed, TaskStarted, TaskUpdate

_UPDATES = msgspec.json.Decoder(list[TaskStarted | TaskProgressed | TaskEnded])
_MESSAGE = msgspec.json.Decoder(list[msgspec.Raw])
#: Where ``supervisor`` can be imported from without Pinnace.
PACKAGE_FOLDER = str(Path(__file__).parent)
#: The supervisor is loaded on its own, so that it has neither Pinnace's imports nor their memory.
_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from supervisor.start import main; main()"


def decode_updates(data: bytes | msgspec.Raw) -> list[TaskUpdate]:
    """Return the updates in a JSON array of the supervisor."""
    return list(_UPDATES.decode(data))


class Link(asyncio.Protocol):
    """An open connection: requests with their answers, and updates as they come.

    Args:
        on_updates: called with each batch of updates.
        on_trouble: called with what everything waits for, and with "" when it goes on.
        on_lost: called when the supervisor hangs up and ``close`` was not called.
    """

    def __init__(
        self,
        on_updates: Callable[[Sequence[TaskUpdate]], None],
        on_trouble: Callable[[str], None],
        on_lost: Callable[[Link], None],
    ) -> None:
        self.is_open = False
        self._on_updates = on_updates
        self._on_trouble = on_trouble
        self._on_lost = on_lost
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()
        self._requests = itertools.count()
        self._answers: dict[int, asyncio.Future[msgspec.Raw]] = {}

    async def ask(self, name: str, *arguments: Any) -> msgspec.Raw:
        """Send a request and return its answer, still encoded.

        Raises:
            EnvironmentFailure: the supervisor hung up before it answered.
        """
        if not self.is_open or self._transport is None:
            raise _hung_up()
        request = next(self._requests)
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        self._transport.write(wire.frame(msgspec.json.encode([name, request, *arguments])))
        return await answer

    def close(self) -> None:
        """Hang up; the supervisor goes on."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (called by asyncio)."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Take in what has come (called by asyncio)."""
        self._received += data
        for body in wire.split(self._received):
            name, *rest = _MESSAGE.decode(body)
            if bytes(name) == b'"updates"':
                self._on_updates(decode_updates(rest[0]))
                continue
            if bytes(name) == b'"trouble"':
                self._on_trouble(msgspec.json.decode(rest[0], type=str))
                continue
            waiting = self._answers.pop(msgspec.json.decode(rest[0], type=int), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(rest[1])

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits for an answer (called by asyncio)."""
        del exc
        was_open, self.is_open = self.is_open, False
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(_hung_up())
        self._answers.clear()
        if was_open:
            self._on_lost(self)


def _hung_up() -> EnvironmentFailure:
    return EnvironmentFailure(
        "the supervisor of the run's tasks ended unexpectedly",
        remedy="run `pinnace recover`: what had ended is known, what ran is reported as lost",
    )


def connect(folder: Path) -> socket.socket | None:
    """Return a connection to the living supervisor of the run in ``folder``, or None when there is none."""
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        # A socket's path has at most 107 bytes; through the descriptor it is short however deep the home is.
        through = Path(f"/proc/self/fd/{directory}")
        connection.connect(str((through if through.exists() else folder) / SOCKET_NAME))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    finally:
        os.close(directory)
    connection.setblocking(False)
    return connection


def launch(python: str, config: Config) -> None:
    """Start a supervisor and return when it accepts connections; it outlives this process. Blocks.

    Raises:
        EnvironmentFailure: it cannot be started.
    """
    arguments = [python, "-I", "-S", "-X", "utf8", "-c", _PROGRAM, PACKAGE_FOLDER]
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,  # not an argument: tasks see those of their warden
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={},
            start_new_session=True,
        )
    except OSError as error:
        message = f"the supervisor of the run's tasks cannot be started: {python}: {error.strerror}"
        raise EnvironmentFailure(message) from error
    with process:
        output, _nothing = process.communicate(json.dumps(config).encode())
    said = output.decode("utf-8", "replace").strip()
    if not said.endswith("ready"):
        last_line = said.rpartition("\n")[2] or "it said nothing"
        message = f"the supervisor of the run's tasks cannot be started: {last_line}"
        raise EnvironmentFailure(message, remedy=f"check that {config['root']} can be written")


def hidden_folders(home: Path) -> list[str]:
    """Return the folders that no isolated task may look into: Pinnace's own and the user's homes."""
    hidden = {str(home), "/root"}
    with contextlib.suppress(RuntimeError):
        hidden.add(str(Path.home()))
    return sorted(os.path.realpath(folder) for folder in hidden if folder != "/")


def visible_folders(python: str, more: Sequence[Path]) -> list[str]:
    """Return what must be seen even where it lies in a hidden folder: the Python in use, and ``more``."""
    interpreter = {sys.prefix, sys.base_prefix, str(Path(python).parent.parent)}
    return sorted(os.path.realpath(folder) for folder in {*interpreter, *map(str, more)})
