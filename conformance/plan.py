"""From a file to the workflows to run: what is wrong with it, and what there is to run of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from conformance.cases import Case
from conformance.namespace import Namespace
from pinnace.checks.check import check
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.documents import read_documents
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.problems import Problem
from pinnace.spec.workflow import API_VERSION, Workflow, WorkflowTemplate

#: The code of problems that are no verdict on the manifest.
UNSUPPORTED = "unsupported-here"
_TEMPLATES = ("WorkflowTemplate", "ClusterWorkflowTemplate")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a manifest."""

    errors: tuple[Problem, ...]
    """Why nothing of it may start."""
    workflows: tuple[Workflow, ...]
    catalogue: Catalogue


def plan(case: Case, namespace: Namespace) -> Plan:
    """Return what to run of a manifest; with errors, nothing may be run.

    A template is submitted when the table expects something of that; a CronWorkflow becomes one run.
    """
    text = case.file.read_bytes()
    beside = namespace.of(case.path, text)
    documents, _ = read_documents(text, case.path)
    made = [_made(document.value, is_submitted=case.expected != "accepted") for document in documents]
    sources = [*beside, (case.path, _with_header(text, case))]
    sources += [(f"{case.path} (run)", json.dumps(value).encode()) for value in made if value is not None]
    bundle = read_bundle(sources, strict=not case.known.is_lenient)
    own = {case.path, f"{case.path} (run)"}
    problems = [problem for problem in bundle.problems if problem.file in own]
    workflows = [each for each in bundle.workflows if bundle.document_of(each).origin in own]
    changed = [apply_overrides(each, Overrides(parameters=case.known.parameters)) for each in workflows]
    templates = [each for each in bundle.workflow_templates if bundle.document_of(each).origin in own]
    for template in templates:
        problems += check(template, bundle.document_of(template), bundle.catalogue)
    for workflow, original in zip(changed, workflows, strict=True):
        problems += _checked(workflow, original, bundle)
    return Plan(
        errors=tuple(problem for problem in problems if problem.is_error),
        workflows=tuple(changed),
        catalogue=bundle.catalogue,
    )


def _checked(workflow: Workflow, original: Workflow | WorkflowTemplate, bundle: Bundle) -> list[Problem]:
    return check(workflow, bundle.document_of(original), bundle.catalogue)


def _with_header(text: bytes, case: Case) -> bytes:
    """Return the manifest with the header that the suite's Go tests give those that have none."""
    if "headerless" not in case.kind:
        return text
    return f"apiVersion: {API_VERSION}\nkind: Workflow\n".encode() + text


def _made(value: Any, *, is_submitted: bool) -> dict[str, Any] | None:
    """Return the workflow that a template or a schedule starts, or None when the document starts none.

    Source: Argo common.ConvertCronWorkflowToWorkflow and common.NewWorkflowFromWorkflowTemplate.
    """
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in {*_TEMPLATES, "CronWorkflow"}:
        return None
    name = value["metadata"].get("name") or value["metadata"].get("generateName", "")
    metadata: dict[str, Any] = {"generateName": f"{name}-"}
    if kind in _TEMPLATES:
        if not is_submitted:
            return None
        spec = {"workflowTemplateRef": {"name": name, "clusterScope": kind != "WorkflowTemplate"}}
        return {"apiVersion": API_VERSION, "kind": "Workflow", "metadata": metadata, "spec": spec}
    whole = value["spec"]
    metadata |= whole.get("workflowMetadata") or {}
    metadata["annotations"] = {
        **metadata.get("annotations", {}),
        "workflows.argoproj.io/scheduled-time": "2026-01-01T00:00:00Z",
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "Workflow",
        "metadata": metadata,
        "spec": whole.get("workflowSpec") or {},
    }
