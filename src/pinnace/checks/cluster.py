"""What only a cluster acts on: the selector of pod collection, and plugins that run beside the agent.

Source: Argo validate.go, Workflow and validateExecutorPlugins; apimachinery meta/v1 LabelSelectorAsSelector.
"""

from __future__ import annotations

import re
from typing import Any

from pinnace.checks.context import Context
from pinnace.spec.problems import Path, did_you_mean

_SHUTDOWNS = ("", "Stop", "Terminate")
_ARTIFACT_STRATEGIES = ("", "OnWorkflowCompletion", "OnWorkflowDeletion", "Never")
_CLAIM_STRATEGIES = ("", "OnWorkflowCompletion", "OnWorkflowSuccess")
_POD_GC_STRATEGIES = ("", "OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess")
#: The operators of a label selector, and whether they need values.
_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LONGEST_LABEL = 63


def check_cluster(context: Context) -> None:
    """Report what keeps a cluster from taking the workflow, whatever its templates are."""
    shutdown = context.spec.shutdown
    if shutdown not in _SHUTDOWNS:
        hint = did_you_mean(shutdown, _SHUTDOWNS) or "Stop or Terminate"
        message = f"{shutdown} is no shutdown strategy"
        context.findings.error("invalid-value", message, ("spec", "shutdown"), hint)
    _check_collection(context)
    pod_gc = context.spec.pod_gc
    if pod_gc is not None and pod_gc.strategy not in _POD_GC_STRATEGIES:
        message = f"podGC.strategy unknown strategy '{pod_gc.strategy}'"
        hint = did_you_mean(pod_gc.strategy, _POD_GC_STRATEGIES)
        context.findings.error("invalid-value", message, ("spec", "podGC", "strategy"), hint)
    if pod_gc is not None:
        _check_selector(context, pod_gc.label_selector, ("spec", "podGC", "labelSelector"))
    _check_executor_plugins(context)


def _check_collection(context: Context) -> None:
    """Report strategies for artifacts and claims that do not exist: nothing would ever be deleted."""
    spec = context.spec
    if spec.volume_claim_gc is not None:
        _check_strategy(context, spec.volume_claim_gc.strategy, _CLAIM_STRATEGIES, ("spec", "volumeClaimGC"))
    if spec.artifact_gc is not None:
        _check_strategy(context, spec.artifact_gc.strategy, _ARTIFACT_STRATEGIES, ("spec", "artifactGC"))
    for template, path in () if context.merged else context.sites():
        for index, artifact in enumerate(template.outputs.artifacts):
            if artifact.artifact_gc is not None:
                place = (*path, "outputs", "artifacts", index, "artifactGC")
                _check_strategy(context, artifact.artifact_gc.strategy, _ARTIFACT_STRATEGIES, place)


def _check_strategy(context: Context, strategy: str, known: tuple[str, ...], path: Path) -> None:
    if strategy not in known:
        message = f"{path[-1]} unknown strategy '{strategy}'"
        hint = f"one of {', '.join(known[1:])}"
        context.findings.error("invalid-value", message, (*path, "strategy"), hint)


def _check_selector(context: Context, selector: Any, path: Path) -> None:
    """Report a label selector that selects nothing because it cannot be read."""
    if not isinstance(selector, dict):
        return
    labels = selector.get("matchLabels")
    for key, value in labels.items() if isinstance(labels, dict) else ():
        _check_label_value(context, value, (*path, "matchLabels", key))
    for index, item in enumerate(_items(selector.get("matchExpressions"))):
        place = (*path, "matchExpressions", index)
        operator, values = item.get("operator"), item.get("values") or []
        if operator not in _OPERATORS:
            said = f'"{operator or ""}" is not a valid label selector operator'
            message = f"podGC.labelSelector invalid: {said}"
            context.findings.error("invalid-selector", message, place, f"one of {', '.join(_OPERATORS)}")
            continue
        if _OPERATORS[operator] is not bool(values):
            rule = "must be given" if _OPERATORS[operator] else "must be empty"
            message = f"podGC.labelSelector invalid: for operator {operator} the values {rule}"
            context.findings.error("invalid-selector", message, place)
        for value in values if isinstance(values, list) else ():
            _check_label_value(context, value, place)


def _check_label_value(context: Context, value: Any, path: Path) -> None:
    # A boolean or a number is read as a text here, as everywhere where Kubernetes has one.
    text = str(value).lower() if isinstance(value, bool | int | float) else value
    if not isinstance(text, str) or len(text) > _LONGEST_LABEL or not _LABEL.fullmatch(text):
        message = f"podGC.labelSelector invalid: {str(value)[:80]!r} cannot be the value of a label"
        context.findings.error("invalid-selector", message, path)


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _check_executor_plugins(context: Context) -> None:
    for index, plugin in enumerate(_items(context.spec.executor_plugins)):
        path = ("spec", "executorPlugins", index)
        if not _at(plugin, "metadata", "name"):
            message = "executor plugin metadata name is mandatory"
            context.findings.error("missing-field", message, path)
        container = _at(plugin, "spec", "sidecar", "container")
        for message, given in (
            ("at least one port is mandatory", _at(container, "ports")),
            ("resources requests are mandatory", _at(container, "resources", "requests")),
            ("resources limits are mandatory", _at(container, "resources", "limits")),
            ("security context is mandatory", _at(container, "securityContext")),
        ):
            if given is None or given == []:
                context.findings.error("missing-field", message, (*path, "spec", "sidecar", "container"))


def _at(value: Any, *keys: str) -> Any:
    """Return what lies at ``keys`` in nested mappings, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
