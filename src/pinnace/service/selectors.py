"""Selectors: which nodes, and which runs, a user means.

Field selectors are ``a=b,c!=d``; label selectors also know ``in``, ``notin`` and the mere presence of a key.
Source: Kubernetes apimachinery fields/selector.go and labels/selector.go; Argo workflow/util
SelectorMatchesNode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pinnace.base.errors import UsageError
from pinnace.engine.naming import display_name, node_id
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run

_OPERATORS = re.compile(r"!=|==|=")
_SPLIT = re.compile(r"((?:\\.|[^,\\])*)(?:,|$)", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?")
_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_COMPARED = re.compile(r"^\s*([^\s!=<>]+)\s*(==|=|!=|<|>)\s*(\S*)\s*$")
_BARE = re.compile(r"^\s*(!?)\s*([^\s!=<>()]+)\s*$")
_RUN_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "status.phase")


class Term(NamedTuple):
    """One condition of a field selector."""

    field: str
    value: str
    is_equal: bool
    """False: the field has any other value."""


class FieldSelector(NamedTuple):
    """Conditions that must all hold; no condition holds always."""

    terms: tuple[Term, ...]

    def matches(self, fields: Mapping[str, str]) -> bool:
        """Return whether the fields meet every condition; a field that is not there is the empty text."""
        return all((fields.get(term.field, "") == term.value) is term.is_equal for term in self.terms)


def parse_field_selector(text: str) -> FieldSelector:
    """Return the selector that ``text`` means; a backslash takes the meaning from ``,``, ``=`` and itself.

    Raises:
        UsageError: a condition has no operator.
    """
    terms = []
    for part in (match[1] for match in _SPLIT.finditer(text)):
        if not part:
            continue
        operator = _OPERATORS.search(part)
        if operator is None:
            message = f"invalid selector: {text!r}; can't understand {part!r}"
            raise UsageError(message, remedy="Write conditions as FIELD=VALUE or FIELD!=VALUE, with commas.")
        value = re.sub(r"\\(.)", r"\1", part[operator.end() :], flags=re.DOTALL)
        terms.append(Term(part[: operator.start()], value, operator[0] != "!="))
    return FieldSelector(tuple(terms))


def node_fields(run: Run, node: Node) -> dict[str, str]:
    """Return what a node field selector can ask of a node."""
    boundary = run.nodes[node.boundary].name if node.boundary >= 0 else ""
    fields = {
        "id": node_id(run.info.name, node.name),
        "name": node.name,
        "displayName": display_name(node, boundary),
        "templateName": node.template or (node.template_ref.template if node.template_ref else ""),
        "phase": node.phase.value,
    }
    if node.template_ref is not None:
        fields["templateRef.name"] = node.template_ref.name
        fields["templateRef.template"] = node.template_ref.template
    if node.inputs is not None:
        fields |= {f"inputs.parameters.{name}.value": text for name, text in node.inputs.parameters.items()}
    return fields


def select_nodes(run: Run, selector: FieldSelector) -> list[Node]:
    """Return the nodes that the selector means, oldest first; those that wait to be let in are not asked."""
    nodes = (run.nodes[number] for number in sorted(run.nodes))
    return [
        node
        for node in nodes
        if node.phase is not Phase.WAITING and not node.is_hidden and selector.matches(node_fields(run, node))
    ]


def is_waiting_for_somebody(node: Node) -> bool:
    """Return whether the node is a suspended one that can be resumed or set."""
    return node.type is NodeType.SUSPEND and node.phase is Phase.RUNNING


def status_fields(status: Mapping[str, object]) -> dict[str, str]:
    """Return what a node field selector can ask of a node of a Workflow object."""
    names = ("id", "name", "displayName", "templateName", "phase")
    fields = {name: str(status.get(name, "")) for name in names}
    ref = status.get("templateRef")
    if isinstance(ref, Mapping):
        fields |= {f"templateRef.{name}": str(ref.get(name, "")) for name in ("name", "template")}
        fields["templateName"] = fields["templateName"] or fields["templateRef.template"]
    inputs = status.get("inputs")
    if isinstance(inputs, Mapping):
        for parameter in inputs.get("parameters", ()):
            fields[f"inputs.parameters.{parameter['name']}.value"] = str(parameter.get("value", ""))
    return fields


def run_fields(text: str) -> FieldSelector:
    """Return a field selector for runs.

    Raises:
        UsageError: it asks for a field that runs cannot be selected by.
    """
    selector = parse_field_selector(text)
    for term in selector.terms:
        if term.field not in _RUN_FIELDS:
            message = f"field label not supported: {term.field}"
            raise UsageError(message, remedy=f"Runs are selected by {', '.join(_RUN_FIELDS)}.")
    return selector


# Labels ----------------------------------------------------------------------------------------------------

#: Says of a run's labels whether it is meant.
LabelSelector = Callable[[Mapping[str, str]], bool]


def parse_label_selector(text: str) -> LabelSelector:
    """Return what says whether labels meet every condition of ``text``; an empty text is always met.

    Raises:
        UsageError: a condition cannot be read.
    """
    conditions = [_condition(part, text) for part in _parts(text) if part.strip()]
    return lambda labels: all(condition(labels) for condition in conditions)


def _parts(text: str) -> list[str]:
    """Return ``text`` split at the commas that are outside parentheses."""
    return re.findall(r"(?:\([^)]*\)|[^,(])+", text)


def _condition(part: str, whole: str) -> LabelSelector:
    if match := _SET.match(part):
        key, values = match[1], {value.strip() for value in match[3].split(",")}
        _check_key(key, whole)
        if match[2] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _COMPARED.match(part):
        return _comparison(match[1], match[2], match[3], whole)
    if match := _BARE.match(part):
        key, is_wanted = match[2], not match[1]
        _check_key(key, whole)
        return lambda labels: (key in labels) is is_wanted
    message = f"unable to parse the label selector {whole!r}: {part.strip()!r}"
    raise UsageError(
        message, remedy="Write key=value, key!=value, key in (a,b), key notin (a,b), key or !key."
    )


def _comparison(key: str, operator: str, value: str, whole: str) -> LabelSelector:
    _check_key(key, whole)
    if operator in {"=", "=="}:
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    if not re.fullmatch(r"-?\d+", value):
        message = f"unable to parse the label selector {whole!r}: {value!r} is not a whole number"
        raise UsageError(message)
    bound = int(value)

    def compared(labels: Mapping[str, str]) -> bool:
        own = labels.get(key, "")
        if not re.fullmatch(r"-?\d+", own):
            return False
        return int(own) > bound if operator == ">" else int(own) < bound

    return compared


def _check_key(key: str, whole: str) -> None:
    if not _LABEL.fullmatch(key):
        message = f"unable to parse the label selector {whole!r}: {key!r} is not the key of a label"
        raise UsageError(message)
