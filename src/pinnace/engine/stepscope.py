"""What steps and tasks see of one another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import body_scope, find_template, template_of
from pinnace.engine.dagplan import DagPlan
from pinnace.engine.node import Node
from pinnace.engine.scope import CallsLayer, Chain
from pinnace.engine.turn import Turn
from pinnace.spec.templates import Call, Template


def steps_scope(
    turn: Turn, node: Node, template: Template, before: int, hook_of: Node | None = None
) -> Chain:
    """Return what a step of group ``before`` of the steps node sees: the steps of all earlier groups.

    Hooks of ``hook_of`` see its own phase as its status, where others see its last attempt's.
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
    if hook_of is not None:
        calls.status[f"{hook_of.key}.status"] = hook_of.phase.value
    return Chain(calls, *body_scope(turn, node, template).layers)


def tasks_scope(
    turn: Turn,
    node: Node,
    template: Template,
    plan: DagPlan,
    task: str | None,
    hook_of: Node | None = None,
) -> Chain:
    """Return what a task of the dag node sees: its ancestors; with None, what the dag's outputs see.

    Hooks of ``hook_of`` see its own phase as its status, where others see its last attempt's.
    """

    def find(name: str) -> Node | tuple[NodeNumber, str] | None:
        return turn.find(node.number, name) if name in plan.tasks else None

    def names() -> Iterable[str]:
        return plan.tasks if task is None else (*plan.ancestors(task), task)

    def template_for(name: str) -> Template | None:
        return called_template(turn, node, plan.tasks[name])

    calls = CallsLayer(turn, "tasks", find, names, template_for)
    if hook_of is not None:
        calls.status[f"{hook_of.key}.status"] = hook_of.phase.value
    return Chain(calls, *body_scope(turn, node, template).layers)


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
