"""Where the values that a node was given came from: its call, and what the call's tags name.

Pure, and only for people: nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import template_of
from pinnace.engine.hooks import exit_hook
from pinnace.engine.node import Node, NodeType
from pinnace.engine.turn import Turn
from pinnace.language.tags import mentions
from pinnace.spec.parameters import Parameter
from pinnace.spec.templates import Call, LifecycleHook, Template

#: A value handed on from caller to caller is followed so far.
_FARTHEST = 20
_INPUT = "inputs.parameters."


class Origin(Struct, frozen=True):
    """An input and where its value came from."""

    name: str
    value: str
    trail: tuple[str, ...]
    """A line each: where it was written, then where that came from."""


def origins(turn: Turn, node: Node) -> list[Origin]:
    """Return the parameters that a node was given, each with where its value came from."""
    given = node.inputs.parameters if node.inputs is not None else {}
    return [Origin(name, value, tuple(_trail(turn, node, name))) for name, value in given.items()]


def call_of(turn: Turn, node: Node) -> Call | LifecycleHook | None:
    """Return the step, task or hook that called a node; None for what the workflow itself calls."""
    if node.is_attempt:
        return call_of(turn, turn.node(node.parent))
    if node.boundary < 0:
        return None
    if node.hook_of >= 0:
        owner = call_of(turn, turn.node(node.hook_of))
        return _hook_of(owner, node) if isinstance(owner, Call) else None
    template = _template(turn, turn.node(node.boundary))
    if template is None:
        return None
    steps = (step for group in template.steps or () for step in group)
    tasks = template.dag.tasks if template.dag is not None else ()
    return next((call for call in (*steps, *tasks) if call.name == node.key), None)


def _hook_of(owner: Call, node: Node) -> LifecycleHook | None:
    name = node.key.removeprefix(f"{owner.name}.")
    if name == "onExit":
        return exit_hook(owner)
    return owner.hooks.get(name.removeprefix("hooks."))


def _template(turn: Turn, node: Node) -> Template | None:
    try:
        return template_of(turn, node).template
    except PinnaceError:
        return None


def _trail(turn: Turn, node: Node, name: str) -> Iterator[str]:
    """Yield where the input ``name`` of ``node`` came from, one caller after another."""
    for _ in range(_FARTHEST):
        call = call_of(turn, node)
        if (call is None and node.boundary < 0) or _takes_from_workflow(call, node):
            yield _of_workflow(turn, node, name)
            return
        handed = _argument(call, name)
        if handed is None or (handed.value is None and handed.value_from is None):
            yield _default(turn, node, name)
            return
        if handed.value is None:
            yield _config_map(handed)
            return
        tags = mentions(handed.value)
        place = f"{_word(turn, node)} {node.key} of {turn.node(node.boundary).name}"
        yield f"{handed.value} at {place}" if tags else f"written at {place}"
        caller = turn.node(node.boundary)
        alone = tags[0].content if len(tags) == 1 and tags[0].kind == "simple" else ""
        if not alone.startswith(_INPUT):
            yield from (meaning for tag in tags if (meaning := _meaning(turn, node, tag.content)))
            return
        node, name = caller, alone.removeprefix(_INPUT)
        yield f"input {name} of {caller.name}"


def _takes_from_workflow(call: Call | LifecycleHook | None, node: Node) -> bool:
    """Return whether it is an exit handler without arguments of its own."""
    if not isinstance(call, LifecycleHook) or not node.key.endswith(".onExit"):
        return False
    return not (call.arguments.parameters or call.arguments.artifacts)


def _argument(call: Call | LifecycleHook | None, name: str) -> Parameter | None:
    arguments = call.arguments.parameters if call is not None else ()
    return next((each for each in arguments if each.name == name), None)


def _word(turn: Turn, node: Node) -> str:
    if node.hook_of >= 0:
        return "hook"
    return "task" if turn.node(node.boundary).type is NodeType.DAG else "step"


def _of_workflow(turn: Turn, node: Node, name: str) -> str:
    if name in turn.run.info.parameters:
        return f"argument {name} of the workflow"
    return _default(turn, node, name)


def _default(turn: Turn, node: Node, name: str) -> str:
    template = _template(turn, node)
    declared = template.inputs.parameters if template is not None else ()
    written = next((each for each in declared if each.name == name), None)
    source = written.value_from if written is not None else None
    if written is not None and source is not None and source.config_map_key_ref is not None:
        return _config_map(written)
    return "default of its template: nothing else was handed over"


def _config_map(parameter: Parameter) -> str:
    source = parameter.value_from
    if source is None or source.config_map_key_ref is None:
        return "not handed over"
    return f"key {source.config_map_key_ref.key} of ConfigMap {source.config_map_key_ref.name}"


def _meaning(turn: Turn, node: Node, key: str) -> str:
    """Return what a variable at the call of ``node`` stands for; "" where the name says it."""
    if key == "item" or key.startswith("item."):
        return f"{{{{{key}}}}}: item {node.index} of the loop"
    root, _, rest = key.partition(".")
    name, _, fact = rest.partition(".")
    if root in {"steps", "tasks"} and fact:
        found = _called(turn, node, name)
        return f"{{{{{key}}}}}: {fact} of {found.name}, which is {found.phase.value}" if found else ""
    if key.startswith(_INPUT):
        return f"{{{{{key}}}}}: input {key.removeprefix(_INPUT)} of {turn.node(node.boundary).name}"
    if key.startswith("workflow.parameters."):
        return f"{{{{{key}}}}}: argument {key.removeprefix('workflow.parameters.')} of the workflow"
    return ""


def _called(turn: Turn, node: Node, name: str) -> Node | None:
    """Return the node of the step or task ``name`` that the caller of ``node`` called too."""
    boundary = node.boundary
    found = turn.find(boundary, name)
    if found is not None:
        return found
    groups = (turn.find(group, name) for group in turn.children(boundary))
    return next((each for each in groups if each is not None), None)
