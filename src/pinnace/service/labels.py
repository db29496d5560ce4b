"""The labels that Argo's controller keeps on workflows. Source: Argo workflow/common/common.go."""

from __future__ import annotations

from collections.abc import Mapping

PHASE = "workflows.argoproj.io/phase"
COMPLETED = "workflows.argoproj.io/completed"
ARCHIVING = "workflows.argoproj.io/workflow-archiving-status"
#: Carried by runs that ``resubmit`` made: the name of the run they came from.
RESUBMITTED_FROM = "workflows.argoproj.io/resubmitted-from-workflow"
#: Carried by runs that were begun in an embedded world, which ends with the process that brought it up.
WORLD = "pinnace/world"

#: The phases of workflows that have ended.
FINISHED = frozenset({"Succeeded", "Failed", "Error"})


def with_phase(labels: Mapping[str, str], phase: str) -> dict[str, str]:
    """Return ``labels`` with those that tell that a workflow is in ``phase``."""
    if not phase:
        return dict(labels)
    return {**labels, COMPLETED: str(phase in FINISHED).lower(), PHASE: phase}
