"""One action of a resource template, as ``kubectl`` would do it.

Source: Argo workflow/executor/resource.go, getKubectlArguments and ExecResource; kubectl's own texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import yaml

from pinnace.base.errors import ManifestError, NameTaken, NotFoundError, ObjectChanged, RefusedError
from pinnace.ports.cluster import Cluster, Reference
from pinnace.spec.bodies import Resource
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.kinds import KINDS, NAMESPACE_FLAGS, kind_called
from pinnace.spec.patches import json_patch, merge_patch, strategic_patch

#: The annotation that says which attempt made an object: to make it again is to find it.
MADE_BY = "pinnace/made-by"
#: The annotation that says which attempt did the operations of a json patch last.
PATCHED_BY = "pinnace/patched-by"
#: The annotation in which ``kubectl apply`` keeps what it applied last.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: Source: Kubernetes apiserver names/generate.go.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_TRIES = 8

#: What to do about a kind that is not kept here.
REMEDY = "Run this workflow on a cluster, or call kubectl in a container template."


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, and by whom."""

    resource: Resource
    manifest: str
    namespace: str
    """The run's: where objects are that do not say it."""
    attempt_id: str
    catalogue: Catalogue
    """What the run sees, and so what a workflow sees that it makes."""
    owner: dict[str, Any] | None = None
    """The owner reference that the manifest is to get."""


class Kubectl:
    """Acts on a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def perform(self, act: Act) -> Reference | None:
        """Do it, and return the object that it was done to; None when nothing is there after it.

        Raises:
            PinnaceError: it cannot be done; the message is kubectl's where kubectl has one.
        """
        document = _document(act)
        flags = Flags(act.resource.flags)
        if document is None and not act.resource.flags:
            message = "Must provide at least one of flags or manifest."
            raise ManifestError(message)
        action = act.resource.action
        if action == "patch":
            return self._patch(act, document, flags)
        if action in {"get", "delete"}:
            reference = flags.reference(act.namespace) or self._named(act, document)
            return self._get(reference, flags) if action == "get" else self._delete(reference)
        if not isinstance(document, dict):
            message = "the manifest is no object"
            raise ManifestError(message)
        if action == "create":
            return self._create(act, document)
        reference = self._named(act, document)
        if action == "apply":
            return self._apply(act, document, reference)
        if action != "replace":
            message = f"there is no action {action!r}"
            raise ManifestError(message)
        return self._change(reference, lambda found: _replaced(found, document))

    def _get(self, reference: Reference, flags: Flags) -> Reference | None:
        if self._cluster.get(reference) is not None:
            return reference
        if flags.ignore_not_found:
            return None
        raise _not_found(reference)

    def _delete(self, reference: Reference) -> Reference | None:
        """Return the object while it is still there: a run has to end first."""
        return None if self._cluster.delete(reference) else reference

    def _create(self, act: Act, document: dict[str, Any]) -> Reference:
        metadata = dict(document.get("metadata") or {})
        metadata["annotations"] = {**(metadata.get("annotations") or {}), MADE_BY: act.attempt_id}
        start = metadata.get("generateName") or ""
        names = [metadata["name"]] if metadata.get("name") else suffixed(start, act.attempt_id)
        if not metadata.get("name") and not start:
            message = "error: resource name may not be empty"
            raise ManifestError(message)
        kind = kind_of(document)
        for name in names:
            reference = Reference(kind, _namespace(kind, metadata, act.namespace), name)
            found = self._cluster.get(reference)
            if found is None:
                whole = {**metadata, "name": name, "namespace": reference.namespace}
                try:
                    self._cluster.create({**document, "metadata": whole}, act.catalogue)
                except NameTaken:
                    found = self._cluster.get(reference)
                else:
                    return reference
            if found is not None and _made_by(found) == act.attempt_id:
                return reference  # before a crash
        message = f"Error from server (AlreadyExists): {reference} already exists"
        raise RefusedError(message)

    def _apply(self, act: Act, document: dict[str, Any], reference: Reference) -> Reference:
        applied = msgspec.json.encode(document).decode()
        noted = merge_patch(document, {"metadata": {"annotations": {LAST_APPLIED: applied}}})
        if self._cluster.get(reference) is None:
            return self._create(act, noted)

        def applied_to(found: dict[str, Any]) -> dict[str, Any]:
            before = (found["metadata"].get("annotations") or {}).get(LAST_APPLIED)
            gone = _left_out(msgspec.json.decode(before), document) if before else {}
            changed: dict[str, Any] = merge_patch(merge_patch(found, gone), noted)
            return changed

        return self._change(reference, applied_to)

    def _patch(self, act: Act, patch: Any, flags: Flags) -> Reference:
        strategy = act.resource.merge_strategy or "strategic"
        reference = flags.reference(act.namespace)
        if reference is None:
            if strategy == "json":
                message = "error: must specify --patch with the resource's kind and name as flags"
                raise ManifestError(message)
            reference = self._named(act, patch)
        if strategy == "json":
            return self._change(reference, lambda found: _patched_once(found, patch, act.attempt_id))
        if not isinstance(patch, dict):
            message = "the manifest is no object"
            raise ManifestError(message)
        way = merge_patch if strategy == "merge" else strategic_patch
        return self._change(reference, lambda found: way(found, patch))

    def _change(self, reference: Reference, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Reference:
        """Make the object what ``change`` makes of it, as often as somebody else changes it meanwhile."""
        while True:
            found = self._cluster.get(reference)
            if found is None:
                raise _not_found(reference)
            try:
                self._cluster.replace(change(found))
            except ObjectChanged:
                continue
            return reference

    def _named(self, act: Act, document: Any) -> Reference:
        """Return which object a manifest is of."""
        kind = kind_of(document)
        metadata = document.get("metadata") or {}
        if not metadata.get("name"):
            message = "error: resource name may not be empty"
            raise ManifestError(message)
        return Reference(kind, _namespace(kind, metadata, act.namespace), str(metadata["name"]))


class Flags:
    """The flags of a resource template: what the action is done to, and how.

    Raises:
        RefusedError: there is one that is not known here.
    """

    def __init__(self, flags: tuple[str, ...]) -> None:
        self.words: list[str] = []
        self.namespace = ""
        self.ignore_not_found = False
        waiting = list(flags)
        while waiting:
            flag = waiting.pop(0)
            name, has_value, value = flag.partition("=")
            if not flag.startswith("-"):
                self.words.append(flag)
            elif name in NAMESPACE_FLAGS:
                self.namespace = value if has_value else waiting.pop(0) if waiting else ""
            elif name == "--ignore-not-found":
                self.ignore_not_found = value in {"", "true"}
            elif name not in {"--validate", "--overwrite", "--save-config", "--wait", "--force"}:
                message = f"the flag {name} of kubectl is not known here"
                raise RefusedError(message, remedy=REMEDY)

    def reference(self, namespace: str) -> Reference | None:
        """Return the object that the words name, as ``workflow a`` or ``wf/a``; None without words."""
        if not self.words:
            return None
        words = self.words[0].split("/", 1) if "/" in self.words[0] else self.words
        kind = kind_called(words[0])
        if not kind:
            raise _not_kept(words[0])
        if len(words) != 2:
            message = "error: resource name may not be empty"
            raise ManifestError(message)
        return Reference(kind, _namespace(kind, {"namespace": self.namespace}, namespace), words[1])


def kind_of(document: Any) -> str:
    """Return the kind of a manifest.

    Raises:
        ManifestError: it says none.
        RefusedError: it is not kept here.
    """
    kind = document.get("kind") if isinstance(document, dict) else None
    if not kind:
        message = "error: unable to decode \"/tmp/manifest.yaml\": Object 'Kind' is missing"
        raise ManifestError(message)
    if kind not in KINDS:
        raise _not_kept(str(kind))
    return str(kind)


def suffixed(start: str, attempt_id: str) -> list[str]:
    """Return names for an object that an attempt makes, to be tried in order: always the same."""
    digests = [hashlib.sha256(f"{attempt_id} {number}".encode()).digest() for number in range(_TRIES)]
    return [start + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in each[:5]) for each in digests]


def _document(act: Act) -> Any:
    """Return the manifest's document, with the owner that it is to get; None when it is empty."""
    try:
        documents = [each for each in yaml.safe_load_all(act.manifest) if each is not None]
    except yaml.YAMLError as error:
        message = f"error: error parsing the manifest: {' '.join(str(error).split())}"
        raise ManifestError(message) from None
    if not documents:
        return None
    if len(documents) > 1:
        message = f"the manifest holds {len(documents)} objects, not one"
        raise ManifestError(message)
    document = documents[0]
    if act.owner is not None and isinstance(document, dict):
        metadata = dict(document.get("metadata") or {})
        metadata["ownerReferences"] = [*(metadata.get("ownerReferences") or []), act.owner]
        document = {**document, "metadata": metadata}
    return document


def _namespace(kind: str, metadata: dict[str, Any], own: str) -> str:
    return "" if kind == "ClusterWorkflowTemplate" else str(metadata.get("namespace") or own)


def _made_by(document: dict[str, Any]) -> str:
    return str((document["metadata"].get("annotations") or {}).get(MADE_BY, ""))


def _replaced(found: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` as the same object, and of the same version, as ``found``."""
    kept = {key: found["metadata"].get(key) for key in ("name", "namespace", "uid", "resourceVersion")}
    given = {key: value for key, value in kept.items() if value is not None}
    return {**document, "metadata": {**document["metadata"], **given}}


def _patched_once(found: dict[str, Any], operations: Any, attempt_id: str) -> dict[str, Any]:
    """Return the object after the operations, unless this attempt did them: twice may not be as once."""
    if (found["metadata"].get("annotations") or {}).get(PATCHED_BY) == attempt_id:
        return found
    noted = {"metadata": {"annotations": {PATCHED_BY: attempt_id}}}
    changed: dict[str, Any] = merge_patch(json_patch(found, operations), noted)
    return changed


def _left_out(before: Any, now: Any) -> dict[str, Any]:
    """Return the patch that takes away what was applied last and is not any more."""
    gone: dict[str, Any] = {}
    for key, value in before.items():
        if key not in now:
            gone[key] = None
        elif isinstance(value, dict) and isinstance(now[key], dict):
            below = _left_out(value, now[key])
            gone |= {key: below} if below else {}
    return gone


def _not_found(reference: Reference) -> NotFoundError:
    return NotFoundError(f"Error from server (NotFound): {reference} not found")


def _not_kept(kind: str) -> RefusedError:
    kept = ", ".join(KINDS)
    return RefusedError(f"objects of kind {kind} are not kept here, but {kept}", remedy=REMEDY)
