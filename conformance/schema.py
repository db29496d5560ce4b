"""Argo's JSON schema: what a client may rely on in a Workflow object."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema

from conformance.cases import SUITE

_SCHEMA = SUITE.parent / "spec" / "argo-jsonschema.json"
_WORKFLOW = "io.argoproj.workflow.v1alpha1.Workflow"
#: The schema says text; Kubernetes takes and writes either.
_EITHER = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


def misfit(workflow: dict[str, Any]) -> str:
    """Return what of a Workflow object Argo's schema refuses, with where it stands; "" for nothing.

    The specs in it are the user's and not looked at: defaults for templates may hold a part of one.
    """
    validator = _validator()
    if validator is None:
        return ""
    status = {key: value for key, value in workflow["status"].items() if key != "storedWorkflowTemplateSpec"}
    written = json.loads(json.dumps({**workflow, "spec": {}, "status": status}))
    error = jsonschema.exceptions.best_match(validator.iter_errors(written))
    return f"{error.json_path}: {error.message[:200]}" if error is not None else ""


@cache
def _validator() -> Any:
    """Return what judges objects, or None where the schema is not beside this clone."""
    if not _SCHEMA.exists():
        return None
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    schema.pop("oneOf", None)
    schema["$ref"] = f"#/definitions/{_WORKFLOW}"
    schema["definitions"][_EITHER] = {"type": ["string", "integer"]}
    return jsonschema.validators.validator_for(schema)(schema)
