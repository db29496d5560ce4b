"""``podSpecPatch``: what it changes of a template, as far as a pod is more than its template here.

A patch is JSON if it begins with a brace, else YAML, laid over the pod by Kubernetes' strategic merge.
Source: Argo workflowpod.go processPodSpecPatch; util.go ApplyPodSpecPatch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.spec.documents import read_documents
from pinnace.spec.encode import encode
from pinnace.spec.merge import strategic_merge
from pinnace.spec.templates import Template

_MAIN = "main"
_GRACE = "terminationGracePeriodSeconds"
#: What a patch reaches of the pod, and of each container; the rest is told as not honoured.
_OF_POD = frozenset(
    {"containers", "initContainers", "volumes", "activeDeadlineSeconds", "hostAliases", _GRACE}
)
_OF_CONTAINER = frozenset(
    [
        *("name", "image", "command", "args", "env", "envFrom", "workingDir", "volumeMounts"),
        *("readinessProbe", "startupProbe", "livenessProbe", "lifecycle", "ports"),
        *("terminationMessagePath", "terminationMessagePolicy", "resources"),
    ]
)


def patched(template: Template, patches: Iterable[str]) -> Template:
    """Return the template with the patches laid over it, in their order; it keeps them joined into one.

    Raises:
        ManifestError: a patch is no mapping, or what it gives is of the wrong type.
    """
    whole: dict[str, Any] = {}
    for text in patches:
        if text:
            whole = _joined(whole, read_patch(text))
    given = encode(template)
    for key in ("volumes", "activeDeadlineSeconds", "hostAliases"):
        if key in whole:
            given = strategic_merge(given, {key: whole[key]})
    if isinstance(given.get("activeDeadlineSeconds"), int):
        given["activeDeadlineSeconds"] = str(given["activeDeadlineSeconds"])
    _patch_containers(given, whole)
    given["podSpecPatch"] = msgspec.json.encode(whole).decode()
    try:
        return msgspec.convert(_without_nulls(given), Template)
    except msgspec.ValidationError as error:
        message = f"Error applying PodSpecPatch: {error}"
        raise ManifestError(message) from None


def grace_of(template: Template) -> float | None:
    """Return the seconds between SIGTERM and SIGKILL that a patched template's patch sets, or None."""
    seconds = _patch_of(template).get(_GRACE)
    return float(seconds) if isinstance(seconds, int) and seconds >= 0 else None


def unreached(template: Template) -> tuple[str, ...]:
    """Return the fields of a patched template's patch that reach nothing here."""
    patch = _patch_of(template)
    found = [key for key in patch if key not in _OF_POD]
    for key in ("initContainers", "containers"):
        for each in _items(patch.get(key)):
            found += [f"{key}.{name}" for name in each if name not in _OF_CONTAINER]
    return tuple(dict.fromkeys(found))


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return one patch that does what the two do one after another."""
    joined = strategic_merge(first, second)
    if "containers" in first and "containers" in second:
        # A pod's containers merge by name, as its sidecars do in a template, where "containers" are a set's.
        lists = ({"sidecars": each["containers"]} for each in (first, second))
        joined["containers"] = strategic_merge(*lists)["sidecars"]
    return joined


def _patch_of(template: Template) -> dict[str, Any]:
    if not template.pod_spec_patch:
        return {}
    try:
        return read_patch(template.pod_spec_patch)
    except ManifestError:
        return {}


def read_patch(text: str) -> dict[str, Any]:
    """Return what a patch gives, its tags replaced.

    Raises:
        ManifestError: it is no mapping, or it begins with a brace and is no JSON.
    """
    if text.lstrip().startswith("{"):
        try:
            patch: dict[str, Any] = json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"Error applying PodSpecPatch: what begins with a brace is read as JSON: {error}"
            remedy = "Write JSON, or YAML without braces around it."
            raise ManifestError(message, remedy=remedy) from None
        return patch
    documents, problems = read_documents(text, "podSpecPatch")
    trouble = next((problem.message for problem in problems if problem.is_error), "")
    if trouble or len(documents) != 1 or not isinstance(documents[0].value, dict):
        message = f"Error applying PodSpecPatch: {trouble or 'it is no mapping'}"
        raise ManifestError(message, remedy="Write it as JSON or YAML of a pod's spec.")
    value: dict[str, Any] = documents[0].value
    return value


def _patch_containers(given: dict[str, Any], patch: dict[str, Any]) -> None:
    """Lay the patch's containers over the template's of the same name."""
    for each in _items(patch.get("containers")):
        name = each.get("name")
        for body in ("container", "script"):
            if name == _MAIN and isinstance(given.get(body), dict):
                given[body] = strategic_merge(given[body], {k: v for k, v in each.items() if k != "name"})
        if isinstance(given.get("containerSet"), dict):
            _patch_named(given["containerSet"], "containers", each)
        _patch_named(given, "sidecars", each)
    for each in _items(patch.get("initContainers")):
        _patch_named(given, "initContainers", each)


def _patch_named(holder: dict[str, Any], key: str, patch: dict[str, Any]) -> None:
    if key in holder:
        holder[key] = [
            strategic_merge(each, patch) if each.get("name") == patch.get("name") else each
            for each in holder[key]
        ]


def _items(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _without_nulls(value: Any) -> Any:
    """Return the value without what a patch set to null, which takes it away."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
