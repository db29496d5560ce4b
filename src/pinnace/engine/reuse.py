"""Pods that a resubmitted run need not run: the run before did their work.

Source: Argo workflow/util FormulateResubmitWorkflow, which makes them nodes of type Skipped.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.outputs import export
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn


def unless_reused(turn: Turn, node: Node, plan: TemplatePlan) -> Node:
    """Return a new node: as it is, or Skipped with the outputs of the pod that it was in the run before."""
    if not turn.run.reused or node.type is not NodeType.POD:
        return node
    before = turn.run.reused.get(node.name.removeprefix(turn.run.info.name))
    if before is None:
        return node
    made = replace(
        node,
        type=NodeType.SKIPPED,
        phase=Phase.SKIPPED,
        message=f"original pod: {before.node_id}",
        outputs=before.outputs,
        started_at=turn.now,
        finished_at=turn.now,
    )
    export(turn, made, plan.template)
    return made
