"""Whether a value is what a query of a gjson path asks for, and whether a name fits a pattern.

Source: tidwall/gjson v1.19.0, queryMatches; tidwall/match v1.2.0.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from pinnace.language.gjson_paths import Query
from pinnace.language.gjson_text import is_false, is_true, number_of, unquoted

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: What ``~`` makes a question of.
_KINDS: dict[str, Callable[[str], bool]] = {
    "~*": bool,
    "~null": lambda value: value in {"", "null"},
    "~true": is_true,
    "~false": is_false,
}
_PATTERN_TOKEN = re.compile(r"\\(.)|(\*+)|(.)", re.DOTALL)


def meets(value: str, query: Query) -> bool:
    """Return whether a value is what a query wants; null, lists and objects compare with nothing."""
    wanted = query.value
    if wanted.startswith("~"):
        if wanted not in _KINDS:
            return False
        value, wanted = ("true" if _KINDS[wanted](value) else "false"), "true"
    if not value or not query.operator:
        return bool(value)
    if value.startswith('"'):
        return _text_meets(unquoted(value), query.operator, wanted)
    if value in {"true", "false"}:
        return _boolean_meets(value, query.operator, wanted)
    if value.startswith(("{", "[", "nu")) or query.operator not in _ORDER:
        return False
    return _ORDER[query.operator](number_of(value), number_of(wanted))


def _text_meets(text: str, operation: str, wanted: str) -> bool:
    if operation in {"%", "!%"}:
        return matches_pattern(text, wanted) is (operation == "%")
    return operation in _ORDER and _ORDER[operation](text, wanted)


def _boolean_meets(value: str, operation: str, wanted: str) -> bool:
    """Return whether a boolean compares so: true is above ``false``, and at or above anything."""
    if operation in {"=", "!="}:
        return _ORDER[operation](value, wanted)
    if operation in {"<", "<="}:
        return value == "false" and (operation == "<=" or wanted == "true")
    return operation in {">", ">="} and value == "true" and (operation == ">=" or wanted == "false")


def matches_pattern(text: str, pattern: str) -> bool:
    r"""Return whether a text fits a pattern: ``*`` is any characters, ``?`` one, ``\*`` itself."""
    pieces: list[list[str]] = [[]]
    for escaped, star, sign in _PATTERN_TOKEN.findall(pattern):
        if star:
            pieces.append([])
        else:
            pieces[-1].append("." if sign == "?" else re.escape(escaped or sign))
    if pattern.endswith("\\") and len(pattern) - len(pattern.rstrip("\\")) % 2 == 1:
        return False
    first, *between = [re.compile("".join(each), re.DOTALL) for each in pieces]
    if not between:
        return first.fullmatch(text) is not None
    last_at = len(text) - len(pieces[-1])
    found = first.match(text)
    for piece in between[:-1]:
        found = piece.search(text, found.end()) if found else None
    return found is not None and found.end() <= last_at and between[-1].match(text, last_at) is not None
