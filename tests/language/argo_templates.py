"""Argo's substitution in the JSON text of a whole document, for the cases that were recorded from it.

Pinnace substitutes value by value. What both share, ``resolve_expression``, is Pinnace's; what only a JSON
text needs is here: escapes, one pass a level of nesting, and results that break the JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pinnace.base.errors import PinnaceError
from pinnace.language.errors import AbsentValue, ExpressionError, TagError, UnresolvedVariable
from pinnace.language.expressions import evaluate
from pinnace.language.goformat import quote
from pinnace.language.tags import LENIENT, STRICT, FlatScope, Strictness, resolve_expression


def argo_replace(case: Mapping[str, Any], env: dict[str, object]) -> str:
    """Return what Argo's Replace, ReplaceStrict, NewReplace or NewReplaceStrict makes of a text."""
    text: str = case["expr"]
    checked = not case["fn"].startswith("New")
    if "Strict" in case["fn"]:
        strictness = Strictness(tuple(case.get("strictPrefixes") or ()))
    else:
        strictness = LENIENT if case.get("allowUnresolved") else STRICT
    if checked:
        _require_json(text, "cannot do template replacements with invalid JSON")
    result = "".join(
        piece if index % 2 == 0 else _replaced(piece, env, strictness)
        for index, piece in enumerate(_pieces(text))
    )
    if checked:
        _require_json(result, "cannot finish template replacement because the result was invalid JSON")
    return result


def argo_tags(text: str) -> list[str]:
    """Return what stands between ``{{`` and ``}}``."""
    return [tag for index, tag in enumerate(_pieces(text)) if index % 2]


def argo_resolve_var(text: str, env: Mapping[str, object]) -> object:
    """Return what Argo's ResolveVar finds: by one tag, without functions."""
    tag = text.removeprefix("{{").removesuffix("}}").strip()
    if tag.startswith("="):
        result = evaluate(tag[1:], env, functions=False)
        if result is None:
            raise ExpressionError("Unable to resolve", tag)
        return result
    if tag not in env:
        raise ExpressionError("Unable to resolve", tag)
    return env[tag]


def _pieces(text: str) -> list[str]:
    """Return what stands between tags and the tags, in turn."""
    pieces: list[str] = []
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            raise TagError("Cannot find end tag", text, start, "parse")
        pieces += [text[at:start], text[start + 2 : end]]
        at = end + 2
    return [*pieces, text[at:]]


def _replaced(tag: str, env: dict[str, object], strictness: Strictness) -> str:
    if tag.startswith("="):
        return _replaced_expression(tag, env, strictness)
    key = tag.strip(" ")
    if key in env:
        return _inserted(env[key], key)
    outer, opening, inner = tag.rpartition("{{")
    if opening and outer and inner in env:
        if env[inner] is None:
            raise AbsentValue(inner)
        if isinstance(env[inner], str):
            return "{{" + outer + quote(str(env[inner]))[1:-1]
    if strictness.forbids_tag(key):
        raise UnresolvedVariable(key)
    return "{{" + tag + "}}"


def _inserted(value: object, key: str) -> str:
    if value is None:
        raise AbsentValue(key)
    if not isinstance(value, str):
        raise UnresolvedVariable(key)
    return quote(value)[1:-1]


def _replaced_expression(tag: str, env: dict[str, object], strictness: Strictness) -> str:
    escaped = tag[1:].replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&")
    try:
        expression = json.loads(f'"{escaped}"')
    except ValueError:
        raise ExpressionError("failed to unmarshall JSON expression", escaped, None, "parse") from None
    result = resolve_expression(expression, FlatScope(env), strictness)
    if result is None:
        return "{{=" + escaped + "}}"
    text = json.dumps(result, ensure_ascii=False)[1:-1]
    return (
        re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)
        if _is_text(expression, env)
        else text
    )


def _is_text(expression: str, env: dict[str, object]) -> bool:
    try:
        return isinstance(evaluate(expression, env), str)
    except PinnaceError:
        return False


def _require_json(text: str, message: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        raise ExpressionError(message) from None
