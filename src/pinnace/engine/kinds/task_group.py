"""A loop of a DAG: its items' nodes. Source: Argo dag.go executeDAGTask, the part about taskGroupNode."""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.engine.calling import template_of
from pinnace.engine.dagmemo import dag_plan
from pinnace.engine.hooks import owner_of, run_hooks
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.scope import Chain
from pinnace.engine.stepscope import tasks_scope
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Run the exit handlers of items, end when all items are done."""
    news = turn.news.pop(node.number, None)
    caller = turn.node(node.parent)
    resolved = template_of(turn, caller)
    plan = dag_plan(turn, caller, resolved.template)
    task = plan.tasks[node.key]
    if task.on_exit or "exit" in task.hooks:
        exits = replace(task, hooks={name: hook for name, hook in task.hooks.items() if name == "exit"})

        def scope(owner: Node) -> Chain:
            return tasks_scope(turn, caller, resolved.template, plan, task.name, owner)

        for number in news if news is not None and not turn.is_fresh else list(turn.children(node.number)):
            child = owner_of(turn, number)
            if child.type is not NodeType.SKIPPED:
                run_hooks(turn, exits, child, caller, resolved.scope, scope)
    if turn.tally(node.number).open == 0:
        _finish(turn, node)


def _finish(turn: Turn, node: Node) -> None:
    """End as the last unhappy item did, else well."""
    phase = Phase.SUCCEEDED
    for number in turn.children(node.number):
        child = turn.node(number)
        if child.phase.is_bad and not child.is_hook:
            phase = child.phase
    turn.settle(node, phase)
