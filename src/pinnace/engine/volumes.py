"""The workflow's volumes as a pod sees them: their tags may name what its callers see.

Source: Argo operator.go substituteParamsInVolumes, which steps.go resolveReferences and dag.go
resolveDependencyReferences call for every step and task.
"""

from __future__ import annotations

from typing import Any

from pinnace.engine.calling import template_of
from pinnace.engine.dagmemo import dag_plan
from pinnace.engine.node import NOBODY, Node, NodeType
from pinnace.engine.scope import Chain
from pinnace.engine.stepscope import steps_scope, tasks_scope
from pinnace.engine.substitute import fill
from pinnace.engine.turn import Turn


def workflow_volumes(turn: Turn, node: Node, scope: Chain) -> tuple[Any, ...]:
    """Return ``spec.volumes`` for the pod of ``node``, which itself sees ``scope``; its callers come first.

    Raises:
        PinnaceError: a tag cannot be replaced.
    """
    volumes = turn.run.workflow.spec.volumes
    for caller in _callers(turn, node):
        volumes = fill({}, volumes, caller)
    return fill({}, volumes, scope)


def _callers(turn: Turn, node: Node) -> list[Chain]:
    """Return what each call around a node sees, the outermost first."""
    found: list[Chain] = []
    while node.boundary != NOBODY:
        caller = turn.node(node.boundary)
        template = template_of(turn, caller).template
        called = turn.node(node.hook_of) if node.hook_of != NOBODY else node
        if caller.type is NodeType.DAG:
            found.append(tasks_scope(turn, caller, template, dag_plan(turn, caller, template), called.key))
        else:
            found.append(steps_scope(turn, caller, template, _group(turn, called)))
        node = caller
    return found[::-1]


def _group(turn: Turn, node: Node) -> int:
    """Return the place of the step group that a step's node is in."""
    while node.type is not NodeType.STEP_GROUP:
        node = turn.node(node.parent)
    return int(node.key[1:-1])
