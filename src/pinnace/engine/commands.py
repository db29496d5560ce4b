"""What a run asks of the world. Performed only after the outcome that holds them is saved.

Every command may be performed again after a crash: ``StartTask`` and ``SendRequest`` carry a deterministic
attempt id that makes starting idempotent.
"""

from __future__ import annotations

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.spec.templates import Template


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something to do."""

    node: NodeNumber
    attempt_id: str


class StartTask(Command, frozen=True, kw_only=True, gc=False):
    """Run the template's container or script."""

    node_name: str
    template: Template
    """Every tag replaced; its inputs hold the bound values and artifacts."""
    want_result: bool = False
    """Somebody refers to its standard output."""
    deadline: float | None = None
    """Unix seconds at which it is stopped."""
    timeout: float | None = None
    """Seconds from its start after which it is stopped."""
    is_exit: bool = False


class SendRequest(Command, frozen=True, kw_only=True, gc=False):
    """Send the template's HTTP request."""

    node_name: str
    template: Template
    deadline: float | None = None


class CancelTask(Command, frozen=True, kw_only=True, gc=False):
    """End the attempt: it does not matter any more."""
