"""What a user asks of a run that goes on: the requests that its owner takes in.

Each function returns a request's kind and payload, or says why it makes no sense. Source: Argo workflow/util.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

from pinnace.base.errors import RefusedError, UsageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import template_of
from pinnace.engine.node import Node
from pinnace.engine.outputs import supplied
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn
from pinnace.service.selectors import is_waiting_for_somebody, parse_field_selector, select_nodes
from pinnace.spec.overrides import parse_parameter

#: The phases that a waiting step can be given. Source: Argo, node set.
SETTABLE = ("Succeeded", "Failed", "Error")


class Ask(NamedTuple):
    """A request, as the store keeps it."""

    kind: str
    payload: dict[str, Any]


def stop(run: Run, *, selector: str = "", message: str = "") -> Ask:
    """Return the request to stop a run, or with a selector to fail the waiting steps that it means.

    Raises:
        RefusedError: the run has ended.
        UsageError: the selector is wrong or means no waiting step.
    """
    if selector:
        return Ask("stop", {"nodes": _waiting(run, selector), "message": message})
    _refuse_ended(run, "shutdown")
    return Ask("stop", {})


def terminate(run: Run) -> Ask:
    """Return the request to end a run at once.

    Raises:
        RefusedError: the run has ended.
    """
    _refuse_ended(run, "shutdown")
    return Ask("terminate", {})


def suspend(run: Run) -> Ask:
    """Return the request to let nothing new start.

    Raises:
        RefusedError: the run has ended.
    """
    _refuse_ended(run, "suspend")
    return Ask("suspend", {})


def resume(run: Run, *, selector: str = "") -> Ask:
    """Return the request to end a run's suspension and its waits, or only the waits that a selector means.

    Raises:
        RefusedError: the run has ended, or an output that nobody supplied has no default.
        UsageError: the selector is wrong or means no waiting step.
    """
    _refuse_ended(run, "resume")
    nodes = [node for node in run.nodes.values() if is_waiting_for_somebody(node)]
    payload: dict[str, Any] = {}
    if selector:
        payload["nodes"] = _waiting(run, selector)
        nodes = [run.nodes[number] for number in payload["nodes"]]
    for node in nodes:
        _require_outputs(run, node)
    return Ask("resume", payload)


def node_set(
    run: Run, *, selector: str, phase: str = "", message: str = "", parameters: Sequence[str] = ()
) -> Ask:
    """Return the request to give waiting steps outputs (NAME=VALUE each), a message or an end.

    Raises:
        RefusedError: the run has ended, or a step does not expect such an output, or has it already.
        UsageError: an option is wrong, or the selector means no waiting step.
    """
    if not phase and not message and not parameters:
        message = "nothing to set"
        raise UsageError(message, remedy="Give --output-parameter, --message or --phase.")
    _refuse_ended(run, "set")
    given = {name: _unquoted(value) for name, value in map(parse_parameter, parameters)}
    numbers = _waiting(run, selector)
    for number in numbers:
        _require_expected(run, run.nodes[number], given)
    return Ask("node-set", {"nodes": numbers, "phase": phase, "message": message, "parameters": given})


def _refuse_ended(run: Run, verb: str) -> None:
    if run.state.is_finished:
        message = f"cannot {verb} a completed workflow: {run.info.name} {run.state.phase}"
        raise RefusedError(message, remedy=f"Run it again with `pinnace resubmit {run.info.name}`.")


def _waiting(run: Run, selector: str) -> list[NodeNumber]:
    """Return the numbers of the waiting steps that the selector means."""
    meant = [
        node for node in select_nodes(run, parse_field_selector(selector)) if is_waiting_for_somebody(node)
    ]
    if not meant:
        message = (
            "currently, set only targets suspend nodes: "
            f"no suspend nodes matching nodeFieldSelector: {selector}"
        )
        raise UsageError(message, remedy=f"See the steps with `pinnace get {run.info.name}`.")
    return [node.number for node in meant]


def _require_outputs(run: Run, node: Node) -> None:
    """Make sure that every supplied output has a value or a default.

    Source: Argo OverrideOutputParametersWithDefault.
    """
    given = node.outputs.parameters if node.outputs is not None else {}
    for parameter in supplied(template_of(Turn(run, 0.0), node).template):
        source = parameter.value_from
        if source is None or parameter.name in given or source.default is not None:
            continue
        message = (
            f"raw output parameter '{parameter.name}' has not been set and does not have a default value"
        )
        remedy = (
            f"Give it first: pinnace node set {run.info.name} --node-field-selector name={node.name} "
            f"-p {parameter.name}=VALUE"
        )
        raise RefusedError(message, remedy=remedy)


def _require_expected(run: Run, node: Node, given: dict[str, str]) -> None:
    """Make sure that the step waits for each of the outputs. Source: Argo updateSuspendedNode."""
    declared = {each.name: each for each in template_of(Turn(run, 0.0), node).template.outputs.parameters}
    if given and not declared:
        message = "cannot set output parameters because node is not expecting any raw parameters"
        raise RefusedError(message)
    have = node.outputs.parameters if node.outputs is not None else {}
    for name in given:
        if name not in declared:
            known = ", ".join(declared)
            raise RefusedError(
                f"node is not expecting output parameter '{name}'", remedy=f"It expects: {known}."
            )
        source = declared[name].value_from
        if source is None or source.supplied is None or name in have:
            message = (
                f"cannot set output parameter '{name}' because it does not use valueFrom.raw or it was "
                "already set"
            )
            raise RefusedError(message)


def _unquoted(value: str) -> str:
    """Return a value without the quotes of a quoted one. Source: Argo cmd/argo/commands/node.go."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'`":
        try:
            text = ast.literal_eval(value) if value[0] != "`" else value[1:-1]
        except (SyntaxError, ValueError):
            return value
        return text if isinstance(text, str) else value
    return value
