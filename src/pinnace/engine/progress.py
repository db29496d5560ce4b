"""How far a task says it is: ``N/M``. Source: Argo api progress.go."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pinnace.spec.templates import Template

_ANNOTATION = "workflows.argoproj.io/progress"
_PROGRESS = re.compile(r"([0-9]{1,18})/([0-9]{1,18})", re.ASCII)


def parse_progress(text: str) -> tuple[int, int] | None:
    """Return what is done and what is to be done in all; None if ``text`` does not say that.

    Nothing is less than none done, more than all, or of no size.
    """
    match = _PROGRESS.fullmatch(text)
    if match is None:
        return None
    done, known = int(match[1]), int(match[2])
    return (done, known) if done <= known and known else None


def initial_progress(template: Template) -> str:
    """Return how far a pod says it is before its command does, by an annotation; "" if it does not.

    Source: Argo workflowpod.go, ProgressToApply.
    """
    if not template.metadata or not isinstance(template.metadata, Mapping):
        return ""
    said = str((template.metadata.get("annotations") or {}).get(_ANNOTATION, ""))
    return said if parse_progress(said) else ""
