"""What steps and tasks see of one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import body_scope, find_template, template_of
from pinnace.engine.dagplan import DagPlan
from pinnace.engine.fanout import describe, items_of
from pinnace.engine.node import Node
from pinnace.engine.scope import CallsLayer, Chain, last_attempt, output_variables
from pinnace.engine.turn import Turn
from pinnace.language.tags import MISSING
from pinnace.spec.templates import Call, Template


def steps_scope(
    turn: Turn, node: Node, template: Template, before: int, hook_of: Node | None = None
) -> Chain:
    """Return what a step of group ``before`` of the steps node sees: the steps of all earlier groups.

    Hooks of ``hook_of`` see what ``_of_hook`` adds.
    """
    groups = _groups(turn.run.memo, template)

    def find(name: str) -> Node | tuple[NodeNumber, str] | None:
        place = groups.get(name)
        if place is None or place[0] >= before:
            return None
        group = turn.find(node.number, f"[{place[0]}]")
        return None if group is None else _node_or_loop(turn, group.number, name)

    def names() -> Iterable[str]:
        return [name for name, place in groups.items() if place[0] < before]

    def template_for(name: str) -> Template | None:
        return called_template(turn, node, groups[name][1])

    calls = CallsLayer(turn, "steps", find, names, template_for)
    chain = Chain(calls, *body_scope(turn, node, template).layers)
    return chain if hook_of is None else _of_hook(turn, hook_of, groups[hook_of.key][1], calls, chain)


def tasks_scope(
    turn: Turn,
    node: Node,
    template: Template,
    plan: DagPlan,
    task: str | None,
    hook_of: Node | None = None,
) -> Chain:
    """Return what a task of the dag node sees: its ancestors; with None, what the dag's outputs see.

    Hooks of ``hook_of`` see what ``_of_hook`` adds.
    """

    def find(name: str) -> Node | tuple[NodeNumber, str] | None:
        return turn.find(node.number, name) if name in plan.tasks else None

    def names() -> Iterable[str]:
        return plan.tasks if task is None else (*plan.ancestors(task), task)

    def template_for(name: str) -> Template | None:
        return called_template(turn, node, plan.tasks[name])

    calls = CallsLayer(turn, "tasks", find, names, template_for)
    chain = Chain(calls, *body_scope(turn, node, template).layers)
    return chain if hook_of is None else _of_hook(turn, hook_of, plan.tasks[hook_of.key], calls, chain)


def _of_hook(turn: Turn, owner: Node, call: Call, calls: CallsLayer, chain: Chain) -> Chain:
    """Return ``chain`` with what the hooks of ``owner`` see: its phase, where others see its last attempt's.

    Those of a loop's item see that item and its outputs, where others see the whole loop's. Argo has the item
    in steps only and the outputs in tasks only.
    """
    calls.own[f"{owner.key}.status"] = owner.phase.value
    if owner.index < 0:
        return chain
    for name, value in output_variables(last_attempt(turn, owner).outputs).items():
        calls.own[f"{owner.key}.{name}"] = value
    return Chain(_ItemLayer(turn, call, owner, chain), *chain.layers)


class _ItemLayer:
    """``item`` and ``item.*`` of a node that a loop called."""

    __slots__ = ("_call", "_chain", "_node", "_turn")

    def __init__(self, turn: Turn, call: Call, node: Node, chain: Chain) -> None:
        self._turn = turn
        self._call = call
        self._node = node
        self._chain = chain

    def get(self, key: str, /) -> object:
        """Return the item, or one of its fields."""
        return self._variables().get(key, MISSING) if key == "item" or key.startswith("item.") else MISSING

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return all of it when ``item`` is asked for."""
        return self._variables().items() if "item" in roots or "$env" in roots else ()

    def _variables(self) -> dict[str, object]:
        memo, node = self._turn.run.memo, self._node
        key = ("items", node.parent, node.key)
        if key not in memo:
            memo[key] = items_of(memo, self._call, self._chain)
        return describe(memo[key][node.index])[0]


def _node_or_loop(turn: Turn, group: NodeNumber, name: str) -> Node | tuple[NodeNumber, str] | None:
    found = turn.find(group, name)
    if found is not None:
        return found
    return (group, name) if turn.find(group, name, 0) is not None else None


def called_template(turn: Turn, caller: Node, call: Call) -> Template | None:
    """Return the template that a call means, None when that cannot be told before its tags are replaced."""
    if call.inline is not None:
        return call.inline
    try:
        scope = template_of(turn, caller).scope
        return find_template(turn, call.template, call.template_ref, scope).template
    except PinnaceError:
        return None


def _groups(memo: dict[Any, Any], template: Template) -> dict[str, tuple[int, Call]]:
    """Return step name → its group's place and the step."""
    key = ("groups", id(template))
    known = memo.get(key)
    if known is None or known[0] is not template:
        places: dict[str, tuple[int, Call]] = {
            step.name: (place, step) for place, group in enumerate(template.steps or ()) for step in group
        }
        known = memo[key] = (template, places)
    found: dict[str, tuple[int, Call]] = known[1]
    return found
