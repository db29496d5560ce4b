"""How one spec is laid over another: ``workflowTemplateRef``, workflow defaults, ``templateDefaults``.

All are Kubernetes' strategic merge: mappings merge, lists are replaced except those that have a merge key.
Source: Argo workflow/util/merge.go; apimachinery strategicpatch.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.encode import encode
from pinnace.spec.parameters import LOCATION_FIELDS
from pinnace.spec.struct import Json
from pinnace.spec.templates import BODY_FIELDS, Template
from pinnace.spec.workflow import Workflow, WorkflowSpec

#: The lists whose items merge, and the field that tells which items are the same.
#: Source: the patchMergeKey tags of Argo api/workflow_types.go and of Kubernetes core/v1.
_MERGE_KEYS = {
    "templates": "name",
    "tasks": "name",
    "parameters": "name",
    "artifacts": "name",
    "volumes": "name",
    "initContainers": "name",
    "sidecars": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "tolerations": "key",
    "hostAliases": "ip",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "ports": "containerPort",
}


def with_template_ref(workflow: Workflow, catalogue: Catalogue) -> Workflow:
    """Return ``workflow`` over the spec that its ``workflowTemplateRef`` names, the reference gone.

    What the workflow says wins, then the reference, then the catalogue's workflow defaults. A workflow with
    neither is returned as it is.

    Raises:
        ManifestError: the template does not exist, or the workflow has templates of its own.
    """
    ref, defaults = workflow.spec.workflow_template_ref, catalogue.workflow_defaults
    if ref is None:
        return with_defaults(workflow, defaults)
    if workflow.spec.templates:
        message = "Templates is invalid field in spec if workflow referred WorkflowTemplate reference"
        raise ManifestError(message, path="spec.templates", remedy="Remove the templates or the reference.")
    base = catalogue.require_workflow_template(ref.name, cluster_scope=ref.cluster_scope).spec
    joined = msgspec.structs.replace(workflow, spec=_join_specs(base, workflow.spec))
    if defaults is None:
        return joined
    spec = _join_specs(defaults.spec, joined.spec)
    return msgspec.structs.replace(with_defaults(joined, defaults), spec=spec)


def with_defaults(workflow: Workflow, defaults: Workflow | None) -> Workflow:
    """Return ``workflow`` laid over the workflow defaults: its spec, its labels and its annotations.

    Source: Argo controller.go, setWorkflowDefaults; merge.go, MergeTo.
    """
    if defaults is None:
        return workflow
    metadata = msgspec.structs.replace(
        workflow.metadata,
        labels=defaults.metadata.labels | workflow.metadata.labels,
        annotations=defaults.metadata.annotations | workflow.metadata.annotations,
    )
    spec = msgspec.convert(_merge_specs(encode(defaults.spec), encode(workflow.spec)), WorkflowSpec)
    return msgspec.structs.replace(workflow, metadata=metadata, spec=spec)


def with_template_defaults(template: Template, defaults: Template | None) -> Template:
    """Return ``template`` laid over ``defaults``, whose body counts only if it is of the same type.

    Source: Argo operator.go, mergedTemplateDefaultsInto.
    """
    if defaults is None:
        return template
    given = encode(template)
    under = {key: value for key, value in encode(defaults).items() if key not in BODY_FIELDS or key in given}
    return msgspec.convert(strategic_merge(under, given), Template)


def with_pod_metadata(template: Template, metadata: Json | None) -> Template:
    """Return ``template`` with the labels and annotations of ``metadata`` that it does not give itself.

    Source: Argo templateresolution/context.go, addPodMetadata.
    """
    own = template.metadata or {}
    if not isinstance(metadata, dict) or not isinstance(own, dict):
        return template
    kinds = {key: {**(metadata.get(key) or {}), **(own.get(key) or {})} for key in ("labels", "annotations")}
    given = {key: entries for key, entries in kinds.items() if entries}
    return msgspec.structs.replace(template, metadata={**own, **given}) if given else template


def strategic_merge(base: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return ``patch`` laid over ``base``; neither is changed."""
    merged = dict(base)
    for key, value in patch.items():
        merged[key] = _merge_value(key, base[key], value) if key in base else value
    return merged


def _merge_value(key: str, base: Any, patch: Any) -> Any:
    if isinstance(base, dict) and isinstance(patch, dict):
        return strategic_merge(base, patch)
    if key in _MERGE_KEYS and _all_keyed(base, _MERGE_KEYS[key]) and _all_keyed(patch, _MERGE_KEYS[key]):
        return _merge_list(base, patch, _MERGE_KEYS[key])
    return patch


def _all_keyed(value: Any, merge_key: str) -> bool:
    """Return whether ``value`` is a list of mappings that each tell their key."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get(merge_key), str | int) for item in value
    )


def _merge_list(base: list[Any], patch: list[Any], merge_key: str) -> list[Any]:
    """Return the items of both lists, those with equal keys merged.

    The patch's come in its order; each item that only the base has keeps its place before the first of the
    patch's that it preceded in the base, else it goes to the end.
    Source: strategicpatch normalizeElementOrder, mergeSortedSlice.
    """
    order = {item[merge_key]: index for index, item in enumerate(base)}
    ours = {item[merge_key] for item in patch}
    waiting = [item for item in base if item[merge_key] not in ours]
    merged: list[Any] = []
    for item in patch:
        position = order.get(item[merge_key])
        while position is not None and waiting and order[waiting[0][merge_key]] < position:
            merged.append(waiting.pop(0))
        merged.append(item if position is None else strategic_merge(base[position], item))
    return merged + waiting


def _join_specs(base: WorkflowSpec, own: WorkflowSpec) -> WorkflowSpec:
    """Return ``own`` over the spec of a reference, ``base``.

    Source: Argo merge.go, JoinWorkflowSpec.
    """
    under, over = encode(base), encode(own)
    over.pop("workflowTemplateRef", None)
    merged = _merge_specs(under, over)
    # Suspension is never inherited.
    merged.pop("suspend", None)
    if "suspend" in over:
        merged["suspend"] = over["suspend"]
    arguments = merged.get("arguments", {})
    merged["arguments"] = {
        "parameters": [_parameter(item, over, under) for item in arguments.get("parameters", ())],
        "artifacts": [_artifact(item, over, under) for item in arguments.get("artifacts", ())],
    }
    return msgspec.convert(merged, WorkflowSpec)


def _merge_specs(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``over`` over ``under`` with Argo's exceptions to the strategic merge.

    Source: Argo merge.go, MergeTo.
    """
    merged = strategic_merge(under, over)
    # Hooks and computed labels are taken whole, by name.
    if "hooks" in merged:
        merged["hooks"] = {**under.get("hooks", {}), **over.get("hooks", {})}
    if "workflowMetadata" in merged:
        labels_from: dict[str, Any] = {}
        for side in (under, over):
            labels_from |= side.get("workflowMetadata", {}).get("labelsFrom", {})
        merged["workflowMetadata"] |= {"labelsFrom": labels_from}
    return merged


def _argument(name: str, kind: str, spec: dict[str, Any]) -> dict[str, Any] | None:
    for item in spec.get("arguments", {}).get(kind, ()):
        if item.get("name", "") == name:
            argument: dict[str, Any] = item
            return argument
    return None


def _parameter(merged: dict[str, Any], *specs: dict[str, Any]) -> dict[str, Any]:
    """Return the parameter whole from the first spec that gives it a value: two sources never mix."""
    for spec in specs:
        found = _argument(merged.get("name", ""), "parameters", spec)
        if found is not None and found.keys() & {"value", "default", "valueFrom"}:
            return found
    return merged


def _artifact(merged: dict[str, Any], *specs: dict[str, Any]) -> dict[str, Any]:
    """Return the first spec's artifact whole; fields of its location it leaves out come from the other's.

    Only when both are of the same kind: an artifact has one location.
    Source: Argo merge.go, mergeArtifactOverride.
    """
    for spec in specs:
        found = _argument(merged.get("name", ""), "artifacts", spec)
        if found is None:
            continue
        kinds = [[field for field in LOCATION_FIELDS if field in side] for side in (merged, found)]
        if kinds[0] == kinds[1] and len(kinds[0]) == 1:
            return found | {kinds[0][0]: merged[kinds[0][0]]}
        return found
    return merged
