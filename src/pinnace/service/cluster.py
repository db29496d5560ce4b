"""The objects that resource templates act on: runs as Workflows, and what the store keeps beside them.

Implements ``pinnace.ports.cluster.Cluster``.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import (
    EnvironmentFailure,
    ManifestError,
    NotFoundError,
    ObjectChanged,
    RefusedError,
    UsageError,
)
from pinnace.checks.check import check
from pinnace.engine.run import Shutdown
from pinnace.ports.cluster import Reference
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import Owner, RunChange, RunFilter, RunSummary, Store
from pinnace.runtime.fleet import LEASE_SECONDS, rebuilt
from pinnace.service.labels import COMPLETED, OWNER, PHASE, POD_NAME_FORMAT
from pinnace.service.objects import as_json, catalogue_of, with_body
from pinnace.service.status import workflow_object
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.kinds import KINDS
from pinnace.spec.workflow import Workflow

#: Keeps a new run, owned by this process, and returns its uid: workflow, what it sees, more labels.
Submit = Callable[[Workflow, Catalogue, Mapping[str, str]], str]

#: Seconds for which the owner of a run may take to change its labels.
_PATIENCE = 10.0
_PAUSE = 0.02
#: What is computed of a workflow, and so not a change of it.
_COMPUTED = ("resourceVersion", "creationTimestamp", "uid", "generation", "managedFields")


class StoreCluster:
    """The objects of one store.

    Args:
        store: keeps them.
        submit: makes runs.
        forget: deletes a run that nobody drives.
        owner: this process.
    """

    def __init__(self, store: Store, submit: Submit, forget: Callable[[str], None], owner: Owner) -> None:
        self._store = store
        self._submit = submit
        self._forget = forget
        self._owner = owner

    # Looking -----------------------------------------------------------------------------------------------

    def get(self, reference: Reference) -> dict[str, Any] | None:
        """Return the object, as ``kubectl get -o json`` shows it, or None."""
        if reference.kind != "Workflow":
            kept = self._store.objects.find(*reference)
            return None if kept is None else as_json(kept)
        summary = self._run(reference)
        if summary is None:
            return None
        try:
            return workflow_object(rebuilt(self._store.load_run(summary.uid)))
        except NotFoundError:
            return None  # it was deleted just now

    def version(self, reference: Reference) -> Hashable:
        """Return what differs whenever the object does; of a run, its phase and what else is cheap to ask."""
        if reference.kind != "Workflow":
            kept = self._store.objects.find(*reference)
            return None if kept is None else (kept.uid, kept.version)
        found = self._run(reference)
        return found and (found.uid, found.phase, found.message, found.shutdown, found.is_suspended)

    def _run(self, reference: Reference) -> RunSummary | None:
        try:
            found = self._store.find_run(reference.name, reference.namespace)
        except (NotFoundError, UsageError):
            return None
        return found if found.name == reference.name else None

    # Changing ----------------------------------------------------------------------------------------------

    def create(self, document: dict[str, Any], catalogue: Catalogue) -> None:
        """Make an object, whose document has a name; a workflow is a run that sees ``catalogue``."""
        bundle = _read(document)
        if document["kind"] != "Workflow":
            self._store.objects.create(_kept(document))
            return
        workflow = bundle.workflows[0]
        whole = catalogue_of(self._store.objects, workflow.metadata.namespace, catalogue)
        found = [each for each in check(workflow, bundle.document_of(workflow), whole) if each.is_error]
        if found:
            message = f"the workflow {workflow.metadata.name} is not valid: {found[0].message}"
            raise ManifestError(message)
        owners = [str(each.get("uid")) for each in document["metadata"].get("ownerReferences") or ()]
        self._submit(workflow, whole, {OWNER: owners[0]} if owners else {})

    def replace(self, document: dict[str, Any]) -> None:
        """Put ``document``, made from what ``get`` returned, in place of that."""
        reference = reference_of(document)
        _read(document)
        if reference.kind == "Workflow":
            self._change_run(reference, document)
            return
        found = self._store.objects.find(*reference)
        if found is None:
            message = f"Error from server (NotFound): {reference} not found"
            raise NotFoundError(message)
        if str(found.version) != str(document["metadata"].get("resourceVersion", found.version)):
            message = f"{reference} was changed meanwhile"
            raise ObjectChanged(message)
        self._store.objects.replace(with_body(found, _body(document)))

    def delete(self, reference: Reference) -> bool:
        """Have the object go; return whether it is gone. A run that is driven is ended first: ask again."""
        if reference.kind != "Workflow":
            self._store.objects.delete(*reference)
            return True
        summary = self._run(reference)
        return summary is None or self.end(summary)

    def end(self, summary: RunSummary) -> bool:
        """Delete a run, or have it terminated if a process drives it; return whether it is gone."""
        if self._store.owner_of(summary.uid) is None:
            self._forget(summary.uid)
            return True
        if summary.shutdown is not Shutdown.TERMINATE:
            self._store.add_request(summary.uid, "terminate", {})
        return False

    def delete_owned(self, uid: str) -> None:
        """Delete what has an owner reference to a run that is gone; runs that are driven are terminated.

        Source: Kubernetes' garbage collection, which Argo leaves this to.
        """
        for summary in self._store.list_runs(RunFilter(labels=lambda labels: labels.get(OWNER) == uid)):
            self.end(summary)
        for kind in KINDS.keys() - {"Workflow"}:
            for kept in self._store.objects.of_kind(kind):
                owners = kept.body.get("metadata", {}).get("ownerReferences") or ()
                if any(each.get("uid") == uid for each in owners):
                    self._store.objects.delete(kind, kept.namespace, kept.name)

    # Runs --------------------------------------------------------------------------------------------------

    def _change_run(self, reference: Reference, document: dict[str, Any]) -> None:
        """Do to a run what makes it as ``document`` says.

        Raises:
            NotFoundError: there is no such run.
            RefusedError: it cannot become so.
        """
        before, summary = self.get(reference), self._run(reference)
        if before is None or summary is None:
            message = f"Error from server (NotFound): {reference} not found"
            raise NotFoundError(message)
        if _fixed(before) != _fixed(document):
            raise RefusedError(
                f"the workflow {reference.name} is a run: only its labels and annotations, spec.suspend and "
                "spec.shutdown can change",
                remedy="Make another workflow.",
            )
        uid, spec, old = summary.uid, document["spec"], before["spec"]
        if bool(spec.get("suspend")) != bool(old.get("suspend")):
            self._store.add_request(uid, "suspend" if spec.get("suspend") else "resume", {})
        if spec.get("shutdown") != old.get("shutdown") and spec.get("shutdown"):
            self._store.add_request(uid, str(spec["shutdown"]).lower(), {})
        wanted = _described(document)
        if wanted != _described(before):
            self._describe(reference, uid, wanted)

    def _describe(self, reference: Reference, uid: str, wanted: dict[str, dict[str, str]]) -> None:
        """Give a run other labels and annotations: its owner does, or this process if it has none."""
        if self._store.owner_of(uid) is not None:
            self._store.add_request(uid, "describe", wanted)
        else:
            lease = self._store.acquire(uid, self._owner, LEASE_SECONDS)
            if lease is not None:
                info = replace(self._store.load_run(uid).info, **wanted)
                self._store.save([RunChange(uid=uid, lease=lease, info=info)])
                self._store.release([uid], self._owner)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            now = self.get(reference)
            if now is None or _described(now) == wanted:
                return
            time.sleep(_PAUSE)
        message = f"the process that drives {reference.name} does not answer"
        raise EnvironmentFailure(message)


def reference_of(document: Mapping[str, Any]) -> Reference:
    """Return which object a whole document is of."""
    metadata = document["metadata"]
    return Reference(document["kind"], metadata.get("namespace", ""), metadata["name"])


def _read(document: dict[str, Any]) -> Bundle:
    """Return the object that ``document`` is.

    Raises:
        ManifestError: it is not valid; says what is wrong first.
    """
    bundle = read_bundle([("manifest", json.dumps(document))])
    wrong = [problem for problem in bundle.problems if problem.is_error]
    if wrong:
        what = f"{document['kind']} {document['metadata']['name']}"
        message = f"the {what} is not valid: {wrong[0].path}: {wrong[0].message}"
        raise ManifestError(message)
    return bundle


def _kept(document: dict[str, Any]) -> KeptObject:
    """Return what is kept of a new object."""
    reference = reference_of(document)
    kept = KeptObject(
        kind=reference.kind,
        namespace=reference.namespace,
        name=reference.name,
        uid=str(uuid.uuid4()),
        created_at=time.time(),
        body={},
    )
    return with_body(kept, _body(document))


def _body(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` without what is only for writing."""
    body = dict(document)
    if body["kind"] == "Secret" and body.get("stringData"):
        plain = body.pop("stringData").items()
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in plain}
        body["data"] = {**(body.get("data") or {}), **encoded}
    return body


def _fixed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a workflow's document cannot change."""
    spec = {key: value for key, value in document["spec"].items() if key not in {"suspend", "shutdown"}}
    ignored = {"labels", "annotations", *_COMPUTED}
    metadata = {key: value for key, value in document["metadata"].items() if key not in ignored}
    return {"spec": spec, "metadata": metadata}


def _described(document: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the labels and annotations of a workflow that are its own."""
    metadata = document["metadata"]
    labels = {key: str(text) for key, text in (metadata.get("labels") or {}).items()}
    annotations = {key: str(text) for key, text in (metadata.get("annotations") or {}).items()}
    for key in (PHASE, COMPLETED):
        labels.pop(key, None)
    annotations.pop(POD_NAME_FORMAT, None)
    return {"labels": labels, "annotations": annotations}
