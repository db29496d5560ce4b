"""Runs for tests: from a manifest's text to a run that has not begun.

Shipped, so that whoever writes an adapter or a template type can test it without a store or an executor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pinnace.base.errors import ManifestError
from pinnace.engine.run import Run, RunInfo
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.merge import with_template_ref
from pinnace.spec.references import TemplateLookup

#: What the uid of a built run is.
UID = "00000000-0000-4000-8000-000000000000"


def bundle_of(manifests: str | Mapping[str, Any]) -> Bundle:
    """Return what ``manifests``, YAML text or one document as values, hold.

    Raises:
        ManifestError: something is wrong with them; all problems are named.
    """
    text = manifests if isinstance(manifests, str) else json.dumps(manifests)
    bundle = read_bundle([("test.yaml", text)])
    wrong = [problem for problem in bundle.problems if problem.severity == "error"]
    if wrong:
        raise ManifestError("; ".join(f"{problem.path}: {problem.message}" for problem in wrong))
    return bundle


def run_of(bundle: Bundle, *, name: str = "", created_at: float = 0.0) -> Run:
    """Return the run of the only workflow in ``bundle``, its arguments as they are written.

    The run is called ``name``, or as the manifest says, or ``wf``.
    """
    workflow = with_template_ref(bundle.workflows[0], bundle.catalogue)
    info = RunInfo(
        uid=UID,
        name=name or workflow.metadata.name or "wf",
        namespace=workflow.metadata.namespace or "default",
        created_at=created_at,
        labels=workflow.metadata.labels,
        annotations=workflow.metadata.annotations,
        parameters={
            each.name: each.value for each in workflow.spec.arguments.parameters if each.value is not None
        },
        artifacts=workflow.spec.arguments.artifacts,
    )
    return Run(info, workflow, TemplateLookup(workflow, bundle.catalogue))


def document(spec: Mapping[str, Any], name: str = "wf") -> dict[str, Any]:
    """Return a Workflow document around ``spec``."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": dict(spec),
    }
