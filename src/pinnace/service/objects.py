"""What the namespaces of a store hold: templates, CronWorkflows, ConfigMaps, Secrets.

A run sees its own documents, and beside them what the store holds for its namespace.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, NotFoundError
from pinnace.engine.times import rfc3339
from pinnace.ports.objects import CLUSTER_KINDS, KeptObject, ObjectStore
from pinnace.service.selectors import label_selector
from pinnace.service.submission import names_for
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.decode import Manifest, decode
from pinnace.spec.documents import Document, Positions
from pinnace.spec.kinds import CORE_KINDS
from pinnace.spec.problems import did_you_mean
from pinnace.spec.workflow import API_VERSION, ConfigMap, ObjectMeta, Secret, Workflow, WorkflowTemplate

#: What metadata says that the store itself knows.
_KNOWN = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "generation",
    "managedFields",
)
#: The kinds that runs refer to by name.
_OF_CATALOGUE = ("WorkflowTemplate", "ClusterWorkflowTemplate", "ConfigMap", "Secret")


def new_object(body: dict[str, Any], namespace: str, now: float) -> KeptObject:
    """Return the object that ``body``, a manifest as JSON, describes; ``namespace`` is where it says none.

    A ``generateName`` becomes a name.

    Raises:
        UsageError: it has no name, or one that Kubernetes would refuse.
    """
    kind, metadata = str(body.get("kind", "")), body.get("metadata") or {}
    where = "" if kind in CLUSTER_KINDS else metadata.get("namespace") or namespace or "default"
    named = ObjectMeta(name=metadata.get("name", ""), generate_name=metadata.get("generateName", ""))
    name, *_ = names_for(named, kind)
    return KeptObject(
        kind=kind,
        namespace=where,
        name=name,
        uid=str(uuid.uuid4()),
        created_at=now,
        body=_without_known(body),
    )


def with_body(kept: KeptObject, body: dict[str, Any]) -> KeptObject:
    """Return the object with another manifest, to be replaced in the store."""
    return replace(kept, body=_without_known(body))


def as_json(kept: KeptObject) -> dict[str, Any]:
    """Return the manifest as ``kubectl get -o json`` shows it."""
    metadata = {
        "name": kept.name,
        **({"namespace": kept.namespace} if kept.namespace else {}),
        "uid": kept.uid,
        "creationTimestamp": rfc3339(kept.created_at),
        "resourceVersion": str(kept.version),
        **kept.body.get("metadata", {}),
    }
    api_version = "v1" if kept.kind in CORE_KINDS else API_VERSION
    return {"apiVersion": api_version, "kind": kept.kind, **kept.body, "metadata": metadata}


def as_document(kept: KeptObject) -> Document:
    """Return the manifest as a document, for checks; problems name the object instead of a file."""
    value = as_json(kept)
    return Document(value, Positions(value, {}), f"{kept.kind} {kept.name}", 0)


def as_manifest(kept: KeptObject) -> Manifest:
    """Return the manifest as its type.

    Raises:
        ManifestError: it is not, or no more, what this version of Pinnace reads.
    """
    return _decoded(_Versioned(kept))


class _Versioned:
    """An object that equals another one if it is the same version of the same object."""

    def __init__(self, kept: KeptObject) -> None:
        self.kept = kept
        self._key = (kept.uid, kept.version, kept.kind, kept.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Versioned) and (self._key, self.kept) == (other._key, other.kept)

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=1024)
def _decoded(versioned: _Versioned) -> Manifest:
    manifest, problems = decode(as_document(versioned.kept), strict=False)
    errors = [problem for problem in problems if problem.is_error]
    if manifest is None or errors:
        said = str(errors[0]) if errors else "it is of no kind that is read here"
        raise ManifestError(f"{versioned.kept.kind} {versioned.kept.name}: {said}")
    return manifest


def catalogue_of(
    objects: ObjectStore,
    namespace: str,
    own: Catalogue | None = None,
    workflow_defaults: Workflow | None = None,
) -> Catalogue:
    """Return what a run in ``namespace`` sees: what the store holds, under the documents that it came with.

    Raises:
        ManifestError: an object of the store cannot be read.
    """
    templates: list[WorkflowTemplate] = []
    config_maps: list[ConfigMap] = []
    secrets: list[Secret] = []
    for kind in _OF_CATALOGUE:
        for kept in objects.of_kind(kind, "" if kind in CLUSTER_KINDS else namespace):
            manifest = as_manifest(kept)
            if isinstance(manifest, WorkflowTemplate):
                templates.append(manifest)
            elif isinstance(manifest, ConfigMap):
                config_maps.append(manifest)
            elif isinstance(manifest, Secret):
                secrets.append(manifest)
    if own is not None:
        templates += [*own.namespaced.values(), *own.cluster.values()]
        config_maps += own.config_maps.values()
        secrets += own.secrets.values()
        workflow_defaults = workflow_defaults or own.workflow_defaults
    return Catalogue(templates, config_maps, secrets, workflow_defaults)


def require(objects: ObjectStore, kind: str, namespace: str, name: str) -> KeptObject:
    """Return the object of that name.

    Raises:
        NotFoundError: there is none; the remedy names a similar one.
    """
    found = objects.find(kind, "" if kind in CLUSTER_KINDS else namespace, name)
    if found is not None:
        return found
    where = "" if kind in CLUSTER_KINDS else f" in namespace {namespace}"
    known = [kept.name for kept in objects.of_kind(kind, "" if kind in CLUSTER_KINDS else namespace)]
    remedy = did_you_mean(name, known) or (f"There are: {', '.join(known[:5])}." if known else "")
    raise NotFoundError(f"There is no {kind} {name!r}{where}", remedy=remedy)


def selected(kept: Sequence[KeptObject], selector: str) -> list[KeptObject]:
    """Return the objects whose labels ``selector`` means.

    Raises:
        UsageError: the selector cannot be read.
    """
    wanted = label_selector(selector)
    return [each for each in kept if wanted(each.body.get("metadata", {}).get("labels") or {})]


def _without_known(body: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in (body.get("metadata") or {}).items() if key not in _KNOWN}
    return {**body, "metadata": metadata}
