"""Documents into manifest types, with everything that is wrong in them at once.

Unknown fields are errors, as in Argo's own command (strict is its default). Called by ``bundle``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.spec.documents import Document
from pinnace.spec.problems import Problem, did_you_mean
from pinnace.spec.readers import Report, reader_of
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding
from pinnace.spec.workflow import (
    API_VERSION,
    ConfigMap,
    PersistentVolumeClaim,
    Secret,
    Workflow,
    WorkflowTemplate,
)

#: What a document can become.
Manifest = (
    Workflow
    | WorkflowTemplate
    | CronWorkflow
    | WorkflowEventBinding
    | ConfigMap
    | Secret
    | PersistentVolumeClaim
)

#: By the word under ``kind``.
TYPES: dict[str, type[Manifest]] = {
    "Workflow": Workflow,
    "WorkflowTemplate": WorkflowTemplate,
    "ClusterWorkflowTemplate": WorkflowTemplate,
    "CronWorkflow": CronWorkflow,
    "WorkflowEventBinding": WorkflowEventBinding,
    "ConfigMap": ConfigMap,
    "Secret": Secret,
    "PersistentVolumeClaim": PersistentVolumeClaim,
}


def decode(document: Document, *, strict: bool = True) -> tuple[Manifest | None, list[Problem]]:
    """Return the manifest in ``document``, or None, and what is wrong with it.

    A manifest with errors is still returned when enough of it can be read, so that the checks can say the
    rest; it must not run. Kinds that are not read here give None and a warning. Unless ``strict``, unknown
    fields are ignored with a warning.
    """
    report = Report(document, strict=strict)
    cls = _type_of(document, report)
    if cls is None:
        return None, report.problems
    value = reader_of(cls)(document.value, None, report)
    try:
        return msgspec.convert(value, cls), report.problems
    except msgspec.ValidationError as error:
        report.add("wrong-type", str(error), None)
        return None, report.problems


def _type_of(document: Document, report: Report) -> type[Manifest] | None:
    """Return the type for the document's kind, or None after saying why it is not read."""
    value = document.value
    if not isinstance(value, dict):
        report.add("not-an-object", "this document is not a Kubernetes object", None)
        return None
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind:
        message = "no kind: this document is not a Kubernetes object and is skipped"
        report.warn("no-kind", message, None)
        return None
    cls = TYPES.get(kind)
    api_version = value.get("apiVersion")
    if cls is None:
        _report_kind(kind, api_version, report)
    elif api_version not in (API_VERSION, "v1"):
        hint = f"write apiVersion: {cls.__struct_defaults__[0]}"
        message = f"{api_version!r} is not an API version of {kind}"
        if api_version is None:
            message = f"no apiVersion: Kubernetes would refuse this {kind}"
        report.warn("unknown-api-version", message, (None, "apiVersion"), hint)
    return cls


def _report_kind(kind: str, api_version: Any, report: Report) -> None:
    at = (None, "kind")
    hint = did_you_mean(kind, TYPES)
    if hint and api_version in (API_VERSION, None):
        report.add("unknown-kind", f"unknown kind '{kind}'", at, hint)
    else:
        report.warn("kind-skipped", f"kind '{kind}' is not read here: it is skipped", at)
