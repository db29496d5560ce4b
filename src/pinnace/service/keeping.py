"""From files to objects of a store: read, check, create, update, apply."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from pinnace.base.errors import NameTaken, ObjectChanged
from pinnace.checks.check import check, with_found
from pinnace.ports.objects import CLUSTER_KINDS, KeptObject, ObjectStore
from pinnace.service.objects import catalogue_of, new_object, require, with_body
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.decode import Manifest
from pinnace.spec.encode import encode
from pinnace.spec.problems import Problem
from pinnace.spec.schedules import CronWorkflow
from pinnace.spec.workflow import ConfigMap, Secret, Workflow, WorkflowTemplate

#: What a namespace keeps.
Keepable = WorkflowTemplate | CronWorkflow | ConfigMap | Secret
KINDS = ("WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "ConfigMap", "Secret")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What files hold. Nothing may be kept while ``problems`` holds an error."""

    manifests: tuple[Keepable, ...]
    """Of the kinds asked for, in the order of the files."""
    bundle: Bundle
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Return whether what was read may be kept."""
        return not any(problem.is_error for problem in self.problems)


def read(
    sources: Iterable[tuple[str, bytes]],
    objects: ObjectStore,
    namespace: str,
    *,
    kinds: Collection[str] = KINDS,
    strict: bool = True,
    workflow_defaults: Workflow | None = None,
) -> Reading:
    """Return the manifests of ``kinds`` in ``sources``, checked beside what the files and the store hold.

    Raises:
        ManifestError: an object of the store cannot be read.
    """
    bundle = read_bundle(sources, strict=strict, kinds=kinds, workflow_defaults=workflow_defaults)
    catalogue = catalogue_of(objects, namespace, bundle.catalogue)
    found: list[Problem] = []
    manifests: list[Keepable] = []
    for manifest in bundle.manifests:
        if not isinstance(manifest, Keepable) or manifest.kind not in kinds:
            continue
        manifests.append(manifest)
        if isinstance(manifest, WorkflowTemplate | CronWorkflow):
            found += check(manifest, bundle.document_of(manifest), catalogue, lint=True)
    return Reading(manifests=tuple(manifests), bundle=bundle, problems=tuple(with_found(bundle, found)))


def create(objects: ObjectStore, manifest: Manifest, namespace: str, now: float) -> KeptObject:
    """Keep a manifest as a new object, and return it.

    Raises:
        UsageError: it has no name, or one that Kubernetes would refuse.
        NameTaken: there is an object of its kind and name.
    """
    kept = new_object(_body(manifest), namespace, now)
    objects.create(kept)
    return kept


def update(objects: ObjectStore, manifest: Manifest, namespace: str) -> KeptObject:
    """Put a manifest in the place of the object of its kind and name, and return it.

    Raises:
        NotFoundError: there is none.
    """
    where = manifest.metadata.namespace or namespace
    while True:
        kept = require(objects, manifest.kind, where, manifest.metadata.name)
        try:
            return objects.replace(with_body(kept, _body(manifest)))
        except ObjectChanged:
            continue


def apply(objects: ObjectStore, manifest: Manifest, namespace: str, now: float) -> tuple[KeptObject, str]:
    """Create the object, or change it to what its manifest says; return it, and kubectl's word for that.

    Labels, annotations and the status that it gained since stay.

    Raises:
        UsageError: it has no name, or one that Kubernetes would refuse.
    """
    where = "" if manifest.kind in CLUSTER_KINDS else manifest.metadata.namespace or namespace
    while True:
        kept = objects.find(manifest.kind, where, manifest.metadata.name)
        try:
            if kept is None:
                return create(objects, manifest, namespace, now), "created"
            new = with_body(kept, _over(kept.body, _body(manifest)))
            if new == kept:
                return kept, "unchanged"
            return objects.replace(new), "configured"
        except (ObjectChanged, NameTaken):
            continue


def _body(manifest: Manifest) -> dict[str, Any]:
    body = encode(manifest)
    body.pop("status", None)
    return body


def _over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the new manifest with what the object gained since it was made."""
    was, metadata = old.get("metadata") or {}, dict(new.get("metadata") or {})
    for field in ("labels", "annotations"):
        joined = {**was.get(field, {}), **metadata.get(field, {})}
        if joined:
            metadata[field] = joined
    status = {"status": old["status"]} if "status" in old else {}
    return {**new, "metadata": metadata, **status}
