"""JSON texts as gjson sees them: it cuts values out of the text it was given, and keeps how they are written.

A value here is its text; the empty text is a value that is not there.
Source: tidwall/gjson v1.19.0; the function is named at each.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from pinnace.language.goformat import format_float, positional, shortest
from pinnace.language.gojson import encode_json
from pinnace.language.gonumbers import parse_float

#: What gjson trims: every character up to the space.
BLANKS = "".join(map(chr, range(33)))
#: A string of JSON, to its closing quote or to the end.
QUOTED = r'"(?:[^"\\]|\\.)*(?:"|$)'

_BRACKETS = re.compile(QUOTED + r"|[\[({})\]]", re.DOTALL)
_VALUE = re.compile(r"[ \t\r\n,:]*(?:(" + QUOTED + r")|([\[{])|([^\x00-\x20,\]}]+))", re.DOTALL)
_LEAF = re.compile(r"[ \t\r\n,\[\]]*(?:(" + QUOTED + r")|({)|([^\x00-\x20,\]}]+))", re.DOTALL)
_FIRST = re.compile(QUOTED + r"|[tfn][a-z]*|[-+0-9iIN][^\x00-\x20,\]}]*", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})
_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)


def balanced(text: str, start: int = 0) -> int:
    """Return where what begins at ``start`` ends: a string, or what brackets hold; else the end of the text.

    Source: squash.
    """
    depth = 0
    for token in _BRACKETS.finditer(text, start):
        if token[0] in {"[", "(", "{"}:
            depth += 1
        elif token[0] in {"]", ")", "}"}:
            depth -= 1
        if depth <= 0:
            return token.end()
    return len(text)


def is_json(text: str) -> bool:
    """Return whether a text is JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def parse(text: str) -> str:
    """Return the value that a text begins with; lists and objects reach to the text's end.

    Source: Parse.
    """
    text = text.lstrip(BLANKS)
    if text.startswith(("{", "[")):
        return text
    first = _FIRST.match(text)
    return first[0] if first else ""


def values(text: str) -> Iterator[str]:
    """Yield the elements of a list, or the keys and values of an object in turn."""
    return _each(_VALUE, text)


def leaves(text: str) -> Iterator[str]:
    """Yield what a list and the lists in it hold, and no list."""
    return _each(_LEAF, text)


def _each(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    at = 1
    while (found := pattern.match(text, at)) is not None:
        start, at = found.start(found.lastindex or 0), found.end()
        if found[2]:
            at = balanced(text, start)
        yield text[start:at]


def members(text: str) -> Iterator[tuple[str, str]]:
    """Yield the members of an object: the key in its quotes, and the value."""
    parts = values(text)
    return zip(parts, parts, strict=False)


def as_text(value: str) -> str:
    """Return what a value says: strings without quotes, null as nothing, numbers without exponents.

    Source: Result.String.
    """
    if value.startswith('"'):
        return unquoted(value)
    if value.startswith(("{", "[", "t", "f")) or _INTEGER.fullmatch(value):
        return value
    if not value or value.startswith("nu"):
        return ""
    number = number_of(value)
    if not math.isfinite(number):
        return format_float(number)
    sign = "-" if value.startswith("-") else ""
    return sign + positional(*shortest(number)) if number else f"{sign}0"


def number_of(text: str) -> float:
    """Return the number that a text is; 0 if it is none."""
    return parse_float(text) or 0.0


def is_true(value: str) -> bool:
    """Return whether a value is true, a number other than 0, or a text that says true.

    Source: Result.Bool.
    """
    return _means(value, _TRUE, is_zero=False)


def is_false(value: str) -> bool:
    """Return whether a value is false, null, 0, not there, or a text that says false.

    Source: falseish.
    """
    return value in {"", "null"} or _means(value, _FALSE, is_zero=True)


def _means(value: str, words: frozenset[str], *, is_zero: bool) -> bool:
    if value.startswith('"'):
        return unquoted(value).lower() in words
    if value.startswith(("t", "f")):
        return value in words
    return bool(value) and value[0] not in "[{n" and (number_of(value) == 0) is is_zero


def quoted(text: str) -> str:
    """Return a text as a string of JSON.

    Source: AppendJSONString.
    """
    return encode_json(text)


def unquoted(text: str) -> str:
    """Return what a string of JSON says; a lone surrogate is U+FFFD, and what is no string says nothing."""
    try:
        return _SURROGATE.sub("\ufffd", str(json.loads(text, strict=False)))
    except ValueError:
        return ""
