"""Artifacts that are deleted with their workflow: which they are, and what became of them.

What goes when the workflow completes goes before it is said to have completed. So the work is asked for again
after a crash like any other, and nothing is left to be done for a run that has ended.

Source: Argo artifact_gc.go. Differs from Argo, which completes the workflow first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from pinnace.engine.commands import DeleteArtifacts
from pinnace.engine.events import WorkEnded
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.turn import Turn
from pinnace.spec.parameters import Artifact
from pinnace.spec.templates import Template
from pinnace.spec.workflow import WorkflowSpec

ON_COMPLETION = "OnWorkflowCompletion"
ON_DELETION = "OnWorkflowDeletion"
#: All strategies by which something is deleted.
STRATEGIES = (ON_COMPLETION, ON_DELETION)


def strategy_of(artifact: Artifact, spec: WorkflowSpec) -> str:
    """Return when an artifact is deleted: by its own word, else by the workflow's; "" means never."""
    own = artifact.artifact_gc.strategy if artifact.artifact_gc is not None else ""
    return own or (spec.artifact_gc.strategy if spec.artifact_gc is not None else "")


def garbage(nodes: Iterable[Node], spec: WorkflowSpec, strategies: Collection[str]) -> tuple[Artifact, ...]:
    """Return what is still there of the pods' outputs that is deleted by one of ``strategies``."""
    return tuple(
        artifact
        for node in nodes
        if node.type is NodeType.POD and node.outputs is not None
        for artifact in node.outputs.artifacts
        if not artifact.deleted and strategy_of(artifact, spec) in strategies
    )


def has_strategy(templates: Iterable[Template], spec: WorkflowSpec) -> bool:
    """Return whether any output of ``templates`` is deleted at some time. Source: Argo HasArtifactGC."""
    declared = (artifact for template in templates for artifact in template.outputs.artifacts)
    return any(strategy_of(artifact, spec) in STRATEGIES for artifact in declared)


def keeps_run(spec: WorkflowSpec, trouble: str) -> bool:
    """Return whether a run is not forgotten, because of the ``trouble`` that deleting its artifacts met."""
    return bool(trouble) and not (spec.artifact_gc is not None and spec.artifact_gc.force_finalizer_removal)


def is_collected(turn: Turn) -> bool:
    """Return whether nothing is left to delete before the run ends; if something is, it is asked for now."""
    if turn.state.collected == turn.state.generation:
        return True
    numbers = sorted({*turn.run.nodes, *turn.nodes})
    waste = garbage(map(turn.node, numbers), turn.run.workflow.spec, (ON_COMPLETION,))
    if not waste:
        return True
    turn.ask(
        DeleteArtifacts(
            node=NOBODY,
            attempt_id=_attempt_id(turn),
            node_name=turn.run.info.name,
            template=Template(),
            artifacts=waste,
        )
    )
    return False


def collected(turn: Turn, event: WorkEnded) -> None:
    """Note what was deleted, at the nodes, and what went wrong. What was told before changes nothing."""
    state = turn.state
    if state.is_finished or state.collected == state.generation or event.attempt_id != _attempt_id(turn):
        return
    for number in sorted({*turn.run.nodes, *turn.nodes}):
        node = turn.node(number)
        if node.type is NodeType.POD and node.outputs is not None:
            artifacts = tuple(
                replace(artifact, deleted=True) if artifact in event.artifacts else artifact
                for artifact in node.outputs.artifacts
            )
            if artifacts != node.outputs.artifacts:
                turn.put(replace(node, outputs=replace(node.outputs, artifacts=artifacts)))
    trouble = event.message if event.phase is not Phase.SUCCEEDED else ""
    turn.state = replace(state, collected=state.generation, artifact_gc_error=trouble)
    turn.assess(NOBODY)


def _attempt_id(turn: Turn) -> str:
    return f"{turn.run.info.uid}-artifact-gc-{turn.state.generation}"
