"""Conditions of steps and tasks: ``when`` can be read once its tags have values.

Source: Argo steps.go, shouldExecute: tags are replaced in the text, and only then is it read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pinnace.checks.context import CallSite, Context, calls_of
from pinnace.language.conditions import evaluate_when
from pinnace.language.errors import ExpressionError
from pinnace.language.tags import mentions

#: What a tag may become: a condition that cannot be read with any of these cannot be read at all.
_TRIALS = ("word", "1", "true", "'word'")
#: A tag without quotes around it that is compared with a text in quotes, on its right or its left.
_COMPARED = (
    re.compile(r"(?P<tag>\{\{[^{}]*\}\})\s*[!=]=\s*(?P<quote>[\"'])(?P<text>.*?)(?P=quote)"),
    re.compile(r"(?P<quote>[\"'])(?P<text>[^\"']*)(?P=quote)\s*[!=]=\s*(?P<tag>\{\{[^{}]*\}\})(?![\"'])"),
)


def check_conditions(context: Context) -> None:
    """Warn about conditions that will fail on some value of their tags, or on all of them."""
    for site in context.sites():
        for place in calls_of(site):
            if "{{" in place.call.when:
                _check_condition(context, place)


def _check_condition(context: Context, place: CallSite) -> None:
    text, path = place.call.when, (*place.path, "when")
    try:
        tags = mentions(text)
    except ExpressionError:
        return  # told with the variables
    if any(tag.kind == "nested" for tag in tags):
        return
    if not any(_failure(_with_values(text, value)) == "" for value in _TRIALS):
        why = _failure(_with_values(text, _TRIALS[0]))
        message = f"whatever the tags become, this condition cannot be evaluated: {why}"
        context.findings.warn("invalid-condition", message, path)
        return
    for tag, value in _comparisons(text):
        if _failure(f"{value} == '{value}'"):
            shown = f"'{value}'" if value else "an empty text"
            message = (
                f"without quotes, {tag} cannot be compared when it is {shown}: the step then ends in Error"
            )
            context.findings.warn("unquoted-condition", message, path, f"write '{tag}', quotes included")


def _with_values(text: str, value: str) -> str:
    return re.sub(r"(?P<quote>[\"']?)\{\{.*?\}\}(?P=quote)", value, text, flags=re.DOTALL)


def _failure(text: str) -> str:
    """Return why ``text`` is no condition, or "" if it is one."""
    try:
        evaluate_when(text)
    except ExpressionError as error:
        return error.message
    return ""


def _comparisons(text: str) -> Iterator[tuple[str, str]]:
    """Yield each tag without quotes and the text in quotes that it is compared with."""
    for pattern in _COMPARED:
        for match in pattern.finditer(text):
            if match.start("tag") == 0 or text[match.start("tag") - 1] not in "\"'":
                yield match["tag"], match["text"]
