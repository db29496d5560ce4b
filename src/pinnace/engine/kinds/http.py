"""An HTTP request, sent by the engine's own process.

A request whose answer was not saved before a crash is sent again: at least once, as Argo's agent does.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.commands import SendRequest
from pinnace.engine.events import RequestEnded
from pinnace.engine.leaf import attempt, fail_to_start, let_in, limits, prepared, timed_out
from pinnace.engine.node import Node, NodeOutputs, Phase
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Let it in, send it (again, after a crash), or time it out."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.PENDING)
        if admitted is None:
            return
        node = admitted
    if timed_out(turn, node):
        return
    try:
        template = prepared(turn, node)
        _, whole = limits(template, node)
    except PinnaceError as error:
        fail_to_start(turn, node, error)
        return
    deadlines = [each for each in (whole, node.deadline) if each is not None]
    deadline = min(deadlines) if deadlines else None
    if node.wake_at != whole:
        node = turn.put(replace(node, wake_at=whole))
    turn.ask(
        SendRequest(
            node=node.number,
            attempt_id=attempt(turn, node),
            node_name=node.name,
            template=template,
            deadline=deadline,
        )
    )


def ended(turn: Turn, node: Node, event: RequestEnded) -> None:
    """Settle as the answer says. Source: Argo we/agent.go executeHTTPTemplate."""
    outputs = NodeOutputs(result=event.result) if event.result is not None else None
    phase = Phase.SUCCEEDED if event.is_success else Phase.FAILED
    turn.settle(node, phase, event.message, outputs)
