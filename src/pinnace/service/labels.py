"""The labels that Argo's controller keeps on workflows. Source: Argo workflow/common/common.go."""

from __future__ import annotations

from collections.abc import Mapping

from pinnace.spec.workflow import WorkflowTemplateRef

PHASE = "workflows.argoproj.io/phase"
COMPLETED = "workflows.argoproj.io/completed"
ARCHIVING = "workflows.argoproj.io/workflow-archiving-status"
#: Carried by runs that ``resubmit`` made: the name of the run they came from.
RESUBMITTED_FROM = "workflows.argoproj.io/resubmitted-from-workflow"
#: Carried by runs that were begun in an embedded world, which ends with the process that brought it up.
WORLD = "pinnace/world"
#: Carried by runs that a resource template of another made as its own: the uid of that one.
OWNER = "pinnace/owner"

WORKFLOW_TEMPLATE = "workflows.argoproj.io/workflow-template"
CLUSTER_WORKFLOW_TEMPLATE = "workflows.argoproj.io/cluster-workflow-template"
CRON_WORKFLOW = "workflows.argoproj.io/cron-workflow"
#: Runs that share the value of one of these do the same thing: the first that a run has counts.
SAME_KIND = (WORKFLOW_TEMPLATE, CLUSTER_WORKFLOW_TEMPLATE, CRON_WORKFLOW)

#: The annotation that says how the names of pods are made, and what it says here.
POD_NAME_FORMAT = "workflows.argoproj.io/pod-name-format"
POD_NAMES = "v2"

#: The phases of workflows that have ended.
FINISHED = frozenset({"Succeeded", "Failed", "Error"})


def with_phase(labels: Mapping[str, str], phase: str) -> dict[str, str]:
    """Return ``labels`` with those that tell that a workflow is in ``phase``."""
    if not phase:
        return dict(labels)
    return {**labels, COMPLETED: str(phase in FINISHED).lower(), PHASE: phase}


def of_template(ref: WorkflowTemplateRef | None) -> dict[str, str]:
    """Return the label of a workflow that takes over the spec of a template.

    Source: Argo operator.go setWfTemplateLabel.
    """
    if ref is None:
        return {}
    return {CLUSTER_WORKFLOW_TEMPLATE if ref.cluster_scope else WORKFLOW_TEMPLATE: ref.name}
