"""Selectors: which nodes, and which runs, a user means.

Field selectors are ``a=b,c!=d``; ``pinnace.language.labels`` reads label selectors.
Source: Kubernetes apimachinery fields/selector.go; Argo workflow/util SelectorMatchesNode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pinnace.base.errors import UsageError
from pinnace.engine.naming import display_name, node_id
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.language.errors import ExpressionError
from pinnace.language.labels import parse_label_selector

_OPERATORS = re.compile(r"!=|==|=")
_SPLIT = re.compile(r"((?:\\.|[^,\\])*)(?:,|$)", re.DOTALL)
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


def label_selector(text: str) -> Callable[[Mapping[str, str]], bool]:
    """Return what says whether labels meet every condition of ``text``; an empty text is always met.

    Raises:
        UsageError: a condition cannot be read.
    """
    try:
        return parse_label_selector(text).matches
    except ExpressionError as error:
        raise UsageError(
            f"unable to parse the label selector {text!r}: {error.reason}",
            remedy="Write key=value, key!=value, key in (a,b), key notin (a,b), key or !key.",
        ) from None
