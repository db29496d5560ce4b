"""Mail to a server of the test's own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from pinnace.base.errors import EnvironmentFailure, ManifestError, PinnaceError, RefusedError
from pinnace.executors.mail import SmtpMailer
from pinnace.ports.mail import Letter


class _Handler(socketserver.StreamRequestHandler):
    """Takes mail; what is for ``nobody`` not, and what is for ``later`` not now."""

    taken: ClassVar[list[str]]

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                self.taken.append("\n".join(lines))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif "nobody" in line:
                self.say("550 no such user")
            elif word == "MAIL" and "later" in line:
                self.say("451 come back later")
            else:
                self.say("250 good")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def server() -> Iterator[tuple[int, list[str]]]:
    class Handler(_Handler):
        taken: ClassVar[list[str]] = []

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as serving:
        serving.daemon_threads = True
        thread = threading.Thread(target=serving.serve_forever, args=(0.05,))
        thread.start()
        yield serving.server_address[1], Handler.taken
        serving.shutdown()
        thread.join()


def letter(port: int, *, host: str = "localhost", sender: str = "a@b.c", to: str = "d@e.f") -> Letter:
    return Letter(
        host=host,
        port=port,
        tls="none",
        sender=sender,
        to=(to,),
        subject="Tide",
        body="high\n.\nlow",
        timeout=60,
    )


def test_a_message_arrives(server: tuple[int, list[str]]) -> None:
    port, taken = server
    SmtpMailer().send(letter(port))
    [text] = taken
    assert "From: a@b.c\nTo: d@e.f\nSubject: Tide" in text
    assert "high\n..\nlow" in text  # a dot alone is doubled on its way


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"to": "nobody@e.f"}, ManifestError, "nobody@e.f: 550 no such user"),
        ({"sender": "later@b.c"}, EnvironmentFailure, "451 come back later"),
        ({"host": "169.254.169.254"}, RefusedError, "link-local"),
        ({"host": "metadata.google.internal"}, RefusedError, "a cloud metadata service"),
        ({"sender": "a\nBcc: x@y"}, ManifestError, "cannot be sent"),
    ],
)
def test_what_is_not_taken_says_why(
    server: tuple[int, list[str]], changed: dict[str, str], error: type[PinnaceError], why: str
) -> None:
    with pytest.raises(error, match=why):
        SmtpMailer().send(letter(server[0], **changed))


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with pytest.raises(EnvironmentFailure, match="localhost"):
        SmtpMailer().send(letter(1))
