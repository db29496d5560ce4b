"""Which variables a template sees.

A scope is a chain of layers, asked in order. A layer computes a variable when it is asked for it, so that a
task of a large DAG costs what it mentions and not what it could mention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec.structs import replace

from pinnace.base.ids import NodeNumber
from pinnace.engine import aggregate
from pinnace.engine.naming import host_of, node_id
from pinnace.engine.node import Node, NodeInputs, NodeOutputs, NodeType, Phase
from pinnace.engine.times import rfc3339
from pinnace.engine.turn import Turn
from pinnace.language.tags import MISSING, substitute
from pinnace.spec.templates import Template

#: What is known of a call's node itself, apart from its outputs.
_FACTS = frozenset({"id", "status", "startedAt", "finishedAt", "ip", "hostNodeName"})


class Layer(Protocol):
    """Some of the variables of a scope."""

    def get(self, key: str, /) -> object:
        """Return the variable's value, None for an absent output, or MISSING."""

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return the variables whose first segment is in ``roots``; all of them for ``$env``."""


class Chain:
    """A scope made of layers; an earlier one hides a later one's variables."""

    __slots__ = ("layers",)

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def get(self, key: str, /) -> object:
        """Return the first layer's answer that is not MISSING."""
        for layer in self.layers:
            found = layer.get(key)
            if found is not MISSING:
                return found
        return MISSING

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return the variables of all layers, the hiding ones last."""
        for layer in reversed(self.layers):
            yield from layer.items(roots)

    def variables(self, roots: frozenset[str], /) -> Mapping[str, object]:
        """Return the variables, flat, for an expression."""
        return dict(self.items(roots))


class Values:
    """A layer that is a plain mapping."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def get(self, key: str, /) -> object:
        """Return the value, or MISSING."""
        return self.values.get(key, MISSING)

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return the pairs below ``roots``."""
        if "$env" in roots:
            return self.values.items()
        return [(key, value) for key, value in self.values.items() if key.partition(".")[0] in roots]


class InputsLayer:
    """``inputs.*`` of a node and ``outputs.*.path`` of its template.

    Args:
        template: the node's.
        inputs: what it was given.
        others: the layers beside it: tags in paths are replaced from them, and from the parameters.
    """

    __slots__ = ("inputs", "others", "template")

    def __init__(self, template: Template, inputs: NodeInputs | None, *others: Layer) -> None:
        self.template = template
        self.inputs = inputs or NodeInputs()
        self.others = others

    def get(self, key: str, /) -> object:
        """Return an input's value, or the path that the template gives an input or output."""
        if key.startswith("inputs.parameters."):
            return self.inputs.parameters.get(key[18:], MISSING)
        if key == "inputs.parameters":
            return self._all_parameters()
        if key.startswith(("inputs.artifacts.", "outputs.")):
            return dict(self._paths()).get(key, MISSING)
        return MISSING

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return all of them when ``inputs`` or ``outputs`` is asked for."""
        whole = "$env" in roots
        if whole or "inputs" in roots:
            for name, value in self.inputs.parameters.items():
                yield f"inputs.parameters.{name}", value
            yield "inputs.parameters", self._all_parameters()
        if whole or "inputs" in roots or "outputs" in roots:
            yield from self._paths()

    def _all_parameters(self) -> str:
        declared = (replace(each, value_from=None) for each in self.template.inputs.parameters)
        return aggregate.parameters_as_json(declared, self.inputs.parameters)

    def _paths(self) -> Iterator[tuple[str, object]]:
        bound = {artifact.name: artifact for artifact in self.inputs.artifacts}
        for artifact in self.template.inputs.artifacts:
            yield f"inputs.artifacts.{artifact.name}", bound.get(artifact.name, artifact)
            if artifact.path:
                yield f"inputs.artifacts.{artifact.name}.path", self._filled(artifact.path)
        for artifact in self.template.outputs.artifacts:
            if artifact.path:
                yield f"outputs.artifacts.{artifact.name}.path", self._filled(artifact.path)
        for parameter in self.template.outputs.parameters:
            if parameter.value_from is not None and parameter.value_from.path:
                yield f"outputs.parameters.{parameter.name}.path", self._filled(parameter.value_from.path)

    def _filled(self, path: str) -> str:
        if "{{" not in path:
            return path
        parameters = {f"inputs.parameters.{name}": value for name, value in self.inputs.parameters.items()}
        return substitute(path, Chain(Values(parameters), *self.others))


class CallsLayer:
    """``steps.*`` or ``tasks.*``: what earlier calls of the same template left.

    Args:
        turn: the turn that asks.
        root: ``steps`` or ``tasks``.
        find: the nodes of a call that is visible here: one, or a loop's; None when there is no such call.
        names: all calls that are visible here.
        template_of: the template of a call, for the outputs that a skipped one declared.
    """

    __slots__ = ("find", "names", "own", "root", "template_of", "turn")

    def __init__(
        self,
        turn: Turn,
        root: str,
        find: Callable[[str], Node | tuple[NodeNumber, str] | None],
        names: Callable[[], Iterable[str]],
        template_of: Callable[[str], Template | None],
    ) -> None:
        self.turn = turn
        self.root = root
        self.find = find
        self.names = names
        self.template_of = template_of
        self.own: dict[str, object] = {}
        """Overrides: what a hook is to see of what it belongs to, as ``a.status``."""

    def get(self, key: str, /) -> object:
        """Return the variable, None for an output that a skipped call did not produce."""
        if not key.startswith(self.root + "."):
            return MISSING
        name, _, rest = key[len(self.root) + 1 :].partition(".")
        if f"{name}.{rest}" in self.own:
            return self.own[f"{name}.{rest}"]
        found = self.find(name)
        if found is None:
            return MISSING
        if rest in _FACTS:
            return self._facts(found).get(rest, MISSING)
        return self._outputs_of(name, found).get(rest, MISSING)

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return every variable of every visible call."""
        if self.root not in roots and "$env" not in roots:
            return
        for name in self.names():
            found = self.find(name)
            if found is None:
                continue
            prefix = f"{self.root}.{name}."
            for key, value in self._facts(found).items():
                yield prefix + key, value
            for key, value in self._outputs_of(name, found).items():
                yield prefix + key, value
        for key, value in self.own.items():
            yield f"{self.root}.{key}", value

    def _facts(self, found: Node | tuple[NodeNumber, str]) -> dict[str, object]:
        """Return id, status and times of a call's node. Source: Argo operator.go buildLocalScope."""
        node = found if isinstance(found, Node) else self.turn.node(found[0])
        node = last_attempt(self.turn, node)
        facts: dict[str, object] = {
            "id": node_id(self.turn.run.info.name, node.name),
            "status": node.phase.value or Phase.PENDING.value,
        }
        if node.started_at is not None:
            facts["startedAt"] = rfc3339(node.started_at)
        if node.finished_at is not None:
            facts["finishedAt"] = rfc3339(node.finished_at)
        if node.pod_ip:
            facts["ip"] = node.pod_ip
        host = host_of(self.turn.run.info.host, node)
        if host:
            facts["hostNodeName"] = host
        return facts

    def _outputs_of(self, name: str, found: Node | tuple[NodeNumber, str]) -> Mapping[str, object]:
        if not isinstance(found, Node):
            return aggregate.of_loop(self.turn, *found)
        if found.type is NodeType.TASK_GROUP:
            return aggregate.of_loop(self.turn, found.number, name)
        node = last_attempt(self.turn, found)
        if node.outputs is None and node.phase in {Phase.SKIPPED, Phase.OMITTED}:
            return self._absent(name)
        return output_variables(node.outputs)

    def _absent(self, name: str) -> dict[str, object]:
        """Return the declared outputs of a skipped call: their defaults, or None.

        Source: Argo scope.go addSkippedNodeOutputsToScope.
        """
        template = self.template_of(name)
        if template is None:
            return {}
        return {
            f"outputs.parameters.{parameter.name}": parameter.value_from.default
            if parameter.value_from is not None
            else None
            for parameter in template.outputs.parameters
        }


def output_variables(outputs: NodeOutputs | None) -> dict[str, object]:
    """Return a node's outputs under the names that follow ``steps.<name>.``."""
    if outputs is None:
        return {}
    found: dict[str, object] = {
        f"outputs.parameters.{name}": value for name, value in outputs.parameters.items()
    }
    for artifact in outputs.artifacts:
        found[f"outputs.artifacts.{artifact.name}"] = artifact
    if outputs.result is not None:
        found["outputs.result"] = outputs.result
    if outputs.exit_code is not None:
        found["exitCode"] = str(outputs.exit_code)
    return found


def last_attempt(turn: Turn, node: Node) -> Node:
    """Return the last attempt of a Retry node, or the node itself."""
    if node.type is NodeType.RETRY:
        for number in reversed(turn.children(node.number)):
            child = turn.node(number)
            if child.is_attempt:
                return child
    return node
