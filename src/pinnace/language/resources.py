"""Conditions on resources: label selectors whose keys are paths into the resource's document.

``status.succeeded > 0, status.conditions.0.type == Complete``: names and indices joined by dots. What is
there compares by its text; null is there, and is the empty text.
Source: Argo workflow/executor/resource.go, matchConditions; tidwall/gjson v1.19.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pinnace.language.goformat import positional, shortest
from pinnace.language.gojson import encode_json
from pinnace.language.labels import LabelSelector, Lookup, Requirement, parse_label_selector

_INDEX = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ResourceConditions:
    """When a resource has succeeded and when it has failed; without conditions it has succeeded at once."""

    success: LabelSelector
    failure: LabelSelector

    def failed_by(self, document: object) -> Requirement | None:
        """Return the first condition of failure that the resource meets; one is enough."""
        lookup = _lookup(document)
        return next((each for each in self.failure.requirements if each.matches(lookup)), None)

    def succeeded(self, document: object) -> bool:
        """Return whether the resource meets all conditions of success."""
        lookup = _lookup(document)
        return all(each.matches(lookup) for each in self.success.requirements)


def parse_conditions(success: str, failure: str) -> ResourceConditions:
    """Return what ``successCondition`` and ``failureCondition`` say; either may be empty.

    Raises:
        ExpressionError: one cannot be read; stage ``parse``.
    """
    return ResourceConditions(parse_label_selector(success), parse_label_selector(failure))


def text_at(document: object, path: str) -> str | None:
    """Return what lies at a path, as text: strings as they are, null as nothing, lists and maps as JSON.

    Returns:
        ``None`` if there is nothing.
    """
    at = document
    for name in path.split("."):
        if isinstance(at, dict) and name in at:
            at = at[name]
        elif isinstance(at, list) and _INDEX.fullmatch(name) and int(name) < len(at):
            at = at[int(name)]
        else:
            return None
    return _text(at)


def _lookup(document: object) -> Lookup:
    return lambda path: text_at(document, path)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value:
        sign = "-" if value < 0 else ""
        return sign + positional(*shortest(value))
    return encode_json(value, html=False)
