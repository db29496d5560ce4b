"""What sends mail."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message, and the server that takes it; all values final."""

    host: str
    port: int
    tls: str
    """``starttls``, ``tls`` or ``none``."""
    username: str = ""
    password: str = ""
    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    timeout: float = 30.0
    """Seconds."""


class Mailer(Protocol):
    """Sends mail. Blocks: it is called on worker threads."""

    def send(self, letter: Letter) -> None:
        """Hand the message over.

        Raises:
            EnvironmentFailure: the server did not take it, but may take it later.
            PinnaceError: it will not take it.
        """
