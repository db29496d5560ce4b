"""A wait, for a time or for somebody.

Source: Argo operator.go executeSuspend, workflow/util ResumeWorkflow.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.quantities import parse_duration
from pinnace.engine.calling import body_scope, fail_call, template_of
from pinnace.engine.leaf import let_in, prepared
from pinnace.engine.node import Node, NodeOutputs, Phase
from pinnace.engine.outputs import succeeded, supplied
from pinnace.engine.turn import Turn
from pinnace.language.tags import substitute
from pinnace.spec.parameters import Parameter


def assess(turn: Turn, node: Node) -> None:
    """Begin to wait, or stop waiting when the time has come."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.RUNNING)
        if admitted is not None:
            _begin(turn, admitted)
    elif node.wake_at is None:
        _begin(turn, node)  # again, or after its cache was asked
    elif node.wake_at <= turn.now:
        resume(turn, node)


def _begin(turn: Turn, node: Node) -> None:
    """Say when the wait is over: the wait for its locks counts, as in Argo."""
    try:
        suspend = prepared(turn, node, template_of(turn, node)).suspend
        duration = suspend.duration if suspend is not None else ""
        if duration:
            since = turn.now if node.started_at is None else node.started_at
            turn.put(replace(node, wake_at=since + parse_duration(duration)))
            turn.assess(node.number)  # it may be over at once
    except PinnaceError as error:
        fail_call(turn, node, error.message)


def resume(turn: Turn, node: Node) -> None:
    """End the wait; supplied outputs that nobody supplied take their defaults."""
    plan = template_of(turn, node)
    parameters = dict(node.outputs.parameters) if node.outputs is not None else {}
    scope = body_scope(turn, node, plan.template)
    try:
        for expected in supplied(plan.template):
            if expected.name not in parameters:
                parameters[expected.name] = substitute(_default(expected), scope)
    except PinnaceError as error:
        fail_call(turn, node, error.message)
        return
    outputs = NodeOutputs(parameters=parameters) if parameters else None
    succeeded(turn, node, plan, outputs)


def _default(expected: Parameter) -> str:
    default = expected.value_from.default if expected.value_from is not None else None
    if default is None:
        message = f"raw output parameter '{expected.name}' has not been set and does not have a default value"
        raise ManifestError(message)
    return default
