"""Conditions of steps and tasks: ``when`` can be read once its tags have values.

Source: Argo steps.go, shouldExecute: tags are replaced in the text, and only then is it read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pinnace.checks.context import CallSite, Context, calls_of
from pinnace.language.conditions import evaluate_when, substitute_when
from pinnace.language.errors import ExpressionError
from pinnace.language.tags import FlatScope, mentions
from pinnace.spec.problems import Path
from pinnace.spec.templates import Call

#: What a tag may become: a condition that cannot be read with any of these cannot be read at all.
_TRIALS = ("word", "1", "true", "'word'")
#: So many items of a loop are tried.
_MOST_ITEMS = 100
#: A tag without quotes around it that is compared with a text in quotes, on its right or its left.
_COMPARED = (
    re.compile(r"(?P<tag>\{\{[^{}]*\}\})\s*[!=]=\s*(?P<quote>[\"'])(?P<text>.*?)(?P=quote)"),
    re.compile(r"(?P<quote>[\"'])(?P<text>[^\"']*)(?P=quote)\s*[!=]=\s*(?P<tag>\{\{[^{}]*\}\})(?![\"'])"),
)
#: A tag in quotes that is compared with a number or a boolean, which a text never equals.
_TEXT_WITH_OTHER = re.compile(
    r"(?P<quote>[\"'])(?P<tag>\{\{[^{}]*\}\})(?P=quote)\s*[!=]=\s*(?P<value>-?\d+(?:\.\d+)?|true|false)\b(?!-)"
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
    is_told = False
    for tag, value in _comparisons(text):
        message = _without_quotes(tag, value)
        if message:
            is_told = True
            context.findings.warn("unquoted-condition", message, path, f"write '{tag}', quotes included")
    for values in () if is_told else _values_here(context, place.call):
        _check_with(context, text, path, values)
    for match in _TEXT_WITH_OTHER.finditer(text):
        value = match["value"]
        message = f"in quotes, {match['tag']} is a text, which never equals {value} without quotes"
        context.findings.warn("unquoted-condition", message, path, f"write '{value}', quotes included")


def _values_here(context: Context, call: Call) -> Iterator[dict[str, object]]:
    """Yield the variables whose values stand in the manifest: the workflow's parameters, with each item."""
    known: dict[str, object] = {
        f"workflow.parameters.{parameter.name}": parameter.value
        for parameter in context.spec.arguments.parameters
        if parameter.value is not None and "{{" not in parameter.value
    }
    yield known
    for item in (call.with_items or ())[:_MOST_ITEMS]:
        if isinstance(item, dict):
            yield known | {f"item.{key}": value for key, value in item.items() if isinstance(value, str)}
        elif isinstance(item, str):
            yield known | {"item": item}


def _check_with(context: Context, text: str, path: Path, values: dict[str, object]) -> None:
    """Warn about a condition that these values alone decide, and that cannot be evaluated then."""
    used = {tag.content for tag in mentions(text)}
    if not used <= values.keys():
        return
    try:
        evaluate_when(substitute_when(text, FlatScope(values)))
    except ExpressionError as error:
        shown = " and ".join(f"{key} = '{values[key]}'" for key in sorted(used))
        message = f"with {shown}, as it stands here, this cannot be evaluated: {error.message}"
        context.findings.warn("invalid-condition", message, path, "put quotes around the tag")


def _without_quotes(tag: str, value: str) -> str:
    """Return what is wrong with comparing ``tag`` to ``value`` in quotes; "" if nothing."""
    text = f"{value} == '{value}'"
    if _failure(text):
        shown = f"'{value}'" if value else "an empty text"
        return f"without quotes, {tag} cannot be compared when it is {shown}: the step then ends in Error"
    if not evaluate_when(text):
        return f"without quotes, {tag} is no text when it is {value}, and never equals '{value}'"
    return ""


def _with_values(text: str, value: str) -> str:
    return re.sub(r"\{\{.*?\}\}", lambda _: value, text, flags=re.DOTALL)


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
