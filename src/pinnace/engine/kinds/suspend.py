"""A wait, for a time or for somebody.

Source: Argo operator.go executeSuspend, workflow/util ResumeWorkflow.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.quantities import parse_duration
from pinnace.engine.calling import template_of
from pinnace.engine.leaf import fail_to_start, let_in, prepared
from pinnace.engine.node import Node, NodeOutputs, Phase
from pinnace.engine.outputs import succeeded
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Begin to wait, or stop waiting when the time has come."""
    if node.phase is Phase.WAITING:
        _begin(turn, node)
    elif node.wake_at is not None and node.wake_at <= turn.now:
        resume(turn, node)


def _begin(turn: Turn, node: Node) -> None:
    admitted = let_in(turn, node, Phase.RUNNING)
    if admitted is None:
        return
    try:
        suspend = prepared(turn, admitted).suspend
        duration = suspend.duration if suspend is not None else ""
        if duration:
            turn.put(replace(admitted, wake_at=turn.now + parse_duration(duration)))
    except PinnaceError as error:
        fail_to_start(turn, admitted, error)


def resume(turn: Turn, node: Node) -> None:
    """End the wait; supplied outputs that nobody supplied take their defaults."""
    plan = template_of(turn, node)
    given = node.outputs or NodeOutputs()
    parameters = dict(given.parameters)
    try:
        for declared in plan.template.outputs.parameters:
            if declared.name in parameters or declared.value_from is None:
                continue
            if declared.value_from.default is None:
                message = (
                    f"raw output parameter '{declared.name}' has not been set and does not have a "
                    "default value"
                )
                raise ManifestError(message)
            parameters[declared.name] = declared.value_from.default
    except ManifestError as error:
        turn.settle(node, Phase.ERROR, error.message)
        return
    outputs = NodeOutputs(parameters=parameters) if parameters else None
    succeeded(turn, node, plan, outputs)
