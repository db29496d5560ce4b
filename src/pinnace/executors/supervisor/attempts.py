"""What the supervisor knows of one attempt, and the facts it tells, in the form of the executor port."""

from __future__ import annotations

import time
from typing import Any

from .wire import Channel

Update = dict[str, Any]


class Attempt:
    """One attempt: queued while ``last`` is None and ``channel`` too, running while it has a channel."""

    def __init__(self, attempt_id: str, spec: dict[str, Any]) -> None:
        self.attempt_id = attempt_id
        self.spec = spec
        self.is_isolated: bool = spec.get("isolated", False)
        self.channel: Channel | None = None
        #: The last fact; None before it has started.
        self.last: Update | None = None
        #: How far it said it is, told again to who comes later; "" when it has said nothing.
        self.progress = ""
        #: False from a fact until the journal that holds it is on disk.
        self.is_recorded = False
        self.is_ended = False

    @classmethod
    def of_end(cls, update: Update) -> Attempt:
        """Return an attempt that a journal knows to have ended."""
        attempt = cls(update["attempt_id"], {})
        attempt.end(update)
        attempt.is_recorded = True
        return attempt

    @classmethod
    def unseen(cls, attempt_id: str) -> Attempt:
        """Return an attempt of which no more is known than that it was started."""
        return cls(attempt_id, {})

    @property
    def deadline(self) -> float | None:
        """Return when it is stopped at the latest, in Unix seconds."""
        deadline: float | None = self.spec.get("deadline")
        return deadline

    def end(self, update: Update) -> None:
        """Take in its end, which is not on disk yet."""
        self.last = update
        self.is_ended = True
        self.is_recorded = False
        self.spec = {}


def started(attempt_id: str, body: dict[str, Any]) -> Update:
    """Return the fact that the attempt's command runs."""
    return {"type": "started", "attempt_id": attempt_id, **body}


def progressed(attempt_id: str, progress: str) -> Update:
    """Return the fact that the attempt's command says how far it is."""
    return {"type": "progressed", "attempt_id": attempt_id, "progress": progress}


def ended(reason: str, message: str = "") -> dict[str, Any]:
    """Return an end at this moment without an exit code, for want of one."""
    return {"at": time.time(), "reason": reason, "message": message}
