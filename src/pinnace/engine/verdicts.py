"""What a gate says of a node that would start."""

from __future__ import annotations

from msgspec import Struct

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import Command
from pinnace.engine.node import Phase


class Wait(Struct, frozen=True):
    """Not now: ``limiter`` has the node assessed again when a place is free."""

    limiter: NodeNumber


class Refuse(Struct, frozen=True):
    """Never: the node ends."""

    phase: Phase
    message: str
    is_call_error: bool = False


class Never(Struct, frozen=True):
    """Never, and Argo would not even have a node: it stays as it is and nobody waits for it."""


class Ask(Struct, frozen=True):
    """Not before an event has come: the answer to ``command``; None was asked before."""

    command: Command | None = None


Verdict = Wait | Refuse | Never | Ask | None
