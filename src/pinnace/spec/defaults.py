"""The file of workflow defaults: what every workflow is laid over, as a controller of Argo is told.

Source: Argo config/config.go, WorkflowDefaults.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.spec.documents import Document, read_documents
from pinnace.spec.problems import Problem
from pinnace.spec.readers import Report, reader_of
from pinnace.spec.workflow import Workflow

_KEY = "workflowDefaults"


def read_workflow_defaults(text: str | bytes, origin: str) -> Workflow:
    """Return the defaults in ``text``: a mapping with ``metadata`` and ``spec``.

    Or the ConfigMap of Argo's controller, which holds that mapping as the text ``workflowDefaults``.

    Raises:
        ManifestError: it cannot be read; all problems are in the message.
    """
    documents, problems = read_documents(text, origin)
    _refuse(problems, origin)
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        message = f"{origin}: workflow defaults are one mapping with metadata and spec"
        raise ManifestError(message, remedy="Write it as a Workflow, without apiVersion and kind.")
    (document,) = documents
    inner = _of_config_map(document.value) if document.kind == "ConfigMap" else None
    if inner is not None:
        return read_workflow_defaults(inner, f"{origin}, {_KEY}")
    return _decode(document, origin)


def _of_config_map(value: dict[str, Any]) -> str | None:
    data = value.get("data")
    found = data.get(_KEY) if isinstance(data, dict) else None
    return found if isinstance(found, str) else None


def _decode(document: Document, origin: str) -> Workflow:
    report = Report(document, strict=True)
    value = reader_of(Workflow)(document.value, None, report)
    _refuse(report.problems, origin)
    return msgspec.convert(value, Workflow)


def _refuse(problems: list[Problem], origin: str) -> None:
    errors = [str(problem) for problem in problems if problem.is_error]
    if errors:
        raise ManifestError(f"{origin}: these workflow defaults cannot be read", remedy="\n  ".join(errors))
