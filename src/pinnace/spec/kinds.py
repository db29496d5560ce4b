"""The kinds of objects that resource templates can act on here, and what flags call them."""

from __future__ import annotations

#: The kinds that there are, and the words for each that flags may use.
KINDS: dict[str, tuple[str, ...]] = {
    "Workflow": ("workflow", "workflows", "wf"),
    "WorkflowTemplate": ("workflowtemplate", "workflowtemplates", "wftmpl"),
    "ClusterWorkflowTemplate": (
        "clusterworkflowtemplate",
        "clusterworkflowtemplates",
        "clusterwftmpl",
        "cwft",
    ),
    "CronWorkflow": ("cronworkflow", "cronworkflows", "cronwf", "cwf"),
    "ConfigMap": ("configmap", "configmaps", "cm"),
    "Secret": ("secret", "secrets"),
}
#: The kinds that are Kubernetes' own; the others are Argo's.
CORE_KINDS = frozenset({"ConfigMap", "Secret"})

#: The flags of ``kubectl`` whose value may be the next one.
NAMESPACE_FLAGS = frozenset({"-n", "--namespace"})

_CALLED = {word: kind for kind, words in KINDS.items() for word in words}


def kind_called(word: str) -> str:
    """Return the kind that ``kubectl`` knows by ``word``, as ``wf`` or ``workflows.argoproj.io``, or ""."""
    return _CALLED.get(word.lower().partition(".")[0], "")
