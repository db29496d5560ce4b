"""Fan-in: the outputs of a loop's children as JSON lists.

Computed once for a finished group and kept in the run's memo; the text is then passed on by reference.
Source: Argo operator.go processAggregateNodeOutputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, Phase
from pinnace.engine.turn import Turn
from pinnace.language.gojson import decode_json, encode_json, html_safe
from pinnace.language.json_syntax import syntax_error
from pinnace.language.values import Failure
from pinnace.spec.parameters import Parameter, ValueFrom

#: A node that was skipped has outputs if its work was done in the run before: Differs from Argo, which drops
#: them where a resubmitted run gathers the outputs of a loop.
_GIVING = frozenset({Phase.SUCCEEDED, Phase.SKIPPED})


def of_loop(turn: Turn, group: NodeNumber, name: str) -> Mapping[str, object]:
    """Return ``outputs.result``, ``outputs.parameters`` and ``outputs.parameters.<p>`` of a loop.

    Args:
        turn: the turn that asks.
        group: the node whose children include the loop's.
        name: what the loop's children are called.

    Raises:
        ManifestError: a child's result is not JSON.
    """
    key = ("aggregate", group, name)
    memo = turn.run.memo
    if key in memo:
        found: Mapping[str, object] = memo[key]
        return found
    result = _aggregate(loop_children(turn, group, name))
    if turn.node(group).phase.is_fulfilled:
        memo[key] = result
    return result


def loop_children(turn: Turn, group: NodeNumber, name: str) -> list[Node]:
    """Return the loop's nodes in the order of its items, without hooks and attempts."""
    children = (turn.node(number) for number in turn.children(group))
    found = [node for node in children if node.index >= 0 and node.key == name and not node.is_hook]
    return sorted(found, key=lambda node: node.index)


def _aggregate(children: list[Node]) -> dict[str, object]:
    results: list[str] = []
    parameters: list[dict[str, str]] = []
    values: dict[str, list[str]] = {}
    for node in children:
        if node.outputs is None or node.phase not in _GIVING:
            continue
        if node.outputs.parameters:
            parameters.append(node.outputs.parameters)
            for name, value in node.outputs.parameters.items():
                values.setdefault(name, []).append(value)
        if node.outputs.result is not None:
            results.append(_as_json(node.name, node.outputs.result))
    if not children:
        return {}
    found: dict[str, object] = {
        "outputs.result": f"[{','.join(results)}]",
        "outputs.parameters": encode_json(parameters),
    }
    for name, texts in values.items():
        found[f"outputs.parameters.{name}"] = _list_of(texts)
    return found


def _as_json(node_name: str, text: str) -> str:
    """Return a child's result as compact JSON, its numbers and the order of its keys untouched."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
        msgspec.json.decode(text)
        return html_safe(msgspec.json.format(text, indent=-1))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        why = syntax_error(text) or "exceeded max depth"
        message = f"the result of {node_name} cannot be put into the loop's list: it is not JSON: {why}"
        raise ManifestError(message, remedy="Print JSON: a text needs quotes around it.") from None


def _list_of(texts: list[str]) -> str:
    """Return a JSON list of ``texts``: of what they hold if each is a JSON object or list, else of texts.

    Source: Argo operator.go aggregatedJSONValueList.
    """
    decoded = []
    for text in texts:
        try:
            value = decode_json(text)
        except Failure:
            return encode_json(texts)
        if not isinstance(value, dict | list):
            return encode_json(texts)
        decoded.append(value)
    return encode_json(decoded)


def parameters_as_json(declared: Iterable[Parameter], values: Mapping[str, str]) -> str:
    """Return parameters with their values as the JSON list of them that Argo makes.

    One whose value comes from elsewhere has none there, as in Argo.
    """
    rows = []
    for each in declared:
        given = {
            "name": each.name,
            "default": each.default,
            "value": None if each.value_from is not None else values.get(each.name, each.value),
            "valueFrom": each.value_from,
            "globalName": each.global_name or None,
            "enum": each.enum,
            "description": each.description,
        }  # the fields in the order of Argo's struct
        fields = (f'"{name}":{_field(value)}' for name, value in given.items() if value is not None)
        rows.append(f"{{{','.join(fields)}}}")
    return f"[{','.join(rows)}]"


def _field(value: str | tuple[str, ...] | ValueFrom) -> str:
    if isinstance(value, ValueFrom):
        return html_safe(msgspec.json.encode(value).decode())
    return encode_json(list(value) if isinstance(value, tuple) else value)
