"""Finding the plan of a dag node: made once a template, or once a node when its target holds a tag."""

from __future__ import annotations

from pinnace.base.errors import InvariantBroken
from pinnace.engine.calling import body_scope
from pinnace.engine.dagplan import DagPlan
from pinnace.engine.node import Node
from pinnace.engine.turn import Turn
from pinnace.language.tags import substitute
from pinnace.spec.templates import Template


def dag_plan(turn: Turn, node: Node, template: Template) -> DagPlan:
    """Return the plan of the dag node.

    Raises:
        ManifestError: the tasks depend on one another in a circle, or on a task that is not there.
    """
    dag = template.dag
    if dag is None:
        message = f"{node.name} is a DAG node, but its template {template.name!r} has no dag"
        raise InvariantBroken(message)
    has_tag = "{{" in dag.target
    key = ("dag", id(dag), node.number if has_tag else -1)
    known = turn.run.memo.get(key)
    if known is None or known[0] is not dag:
        target = substitute(dag.target, body_scope(turn, node, template)) if has_tag else dag.target
        known = turn.run.memo[key] = (dag, DagPlan(dag, target))
    found: DagPlan = known[1]
    return found
