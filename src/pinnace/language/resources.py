"""Conditions on resources: label selectors whose keys are paths into the resource's document.

``status.succeeded > 0, status.conditions.0.type == Complete``: the paths are gjson's, as far as labels may be
paths: names and indices joined by dots. What is there compares by its text; null is there, and is empty.
Source: Argo workflow/executor/resource.go, matchConditions.
"""

from __future__ import annotations

from dataclasses import dataclass

from pinnace.language.gjson import text_at
from pinnace.language.gojson import encode_json
from pinnace.language.labels import LabelSelector, Lookup, Requirement, parse_label_selector


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


def _lookup(document: object) -> Lookup:
    """Return what reads a document's values; its text is made once, as ``kubectl get -o json`` orders it."""
    text = encode_json(document, html=False)
    return lambda path: text_at(text, path)
