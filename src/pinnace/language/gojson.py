"""JSON as Go's encoding/json writes and reads it.

Written: keys sorted; ``<``, ``>``, ``&`` and U+2028/9 escaped; floats without exponent between 1e-6 and 1e21;
bytes in base64; times RFC 3339; durations as nanoseconds. Read: numbers are floats; nothing lenient.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable

from pinnace.language.date_layouts import RFC3339_NANO
from pinnace.language.dates import Duration, Named, Time
from pinnace.language.goformat import positional, shortest
from pinnace.language.json_syntax import syntax_error
from pinnace.language.operators import type_name
from pinnace.language.values import AnyMap, Failure, is_nil

_ESCAPED = re.compile(r'[\x00-\x1f"\\<>&\u2028\u2029\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_HTML = frozenset("<>&")
_HTML_ESCAPES = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
_HALF = re.compile("[\ud800-\udfff]")
#: What may be half a pair, as a character or escaped.
_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")


def encode_json(value: object, *, indent: str = "", html: bool = True) -> str:
    """Return ``value`` as Go's json.Marshal writes it, or MarshalIndent with a non-empty ``indent``.

    Raises:
        Failure: JSON has no such value: NaN, an infinity, a function, a map of other keys than strings.
    """
    return _Writer(indent, html).text(value, "\n")


def html_safe(text: str) -> str:
    """Return JSON text as json.Marshal passes it on: what HTML would read is escaped."""
    return text.translate(_HTML_ESCAPES)  # JSON's structure has none of it


def decode_json(text: str, number: Callable[[str], object] | None = None) -> object:
    """Return the value of a JSON text; what is no Unicode in it is U+FFFD.

    Args:
        text: JSON.
        number: makes a value of a number's text; a float unless given.

    Raises:
        Failure: it is not JSON; the message is Go's.
    """
    made = number or _float
    try:
        value = json.loads(text, parse_int=made, parse_float=made, parse_constant=_constant)
    except ValueError as error:
        raise Failure(syntax_error(text) or str(error)) from None
    except RecursionError:
        raise Failure("exceeded max depth") from None
    return _mended(value) if _SURROGATE.search(text) else value


def _mended(value: object) -> object:
    """Return a decoded value with what Go puts in place of half a pair and of bytes that are no UTF-8."""
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    return _HALF.sub("\ufffd", value) if type(value) is str else value


def json_float(value: float) -> str:
    """Return a float as Go's JSON has it: ``1``, ``0.5``, ``1e+21``, ``1e-7``."""
    if math.isnan(value) or math.isinf(value):
        message = f"json: unsupported value: {'NaN' if math.isnan(value) else value}"
        raise Failure(message)
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = shortest(value)
    sign = "-" if value < 0 else ""
    if -6 <= exponent < 21:
        return sign + positional(digits, exponent)
    point = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}e{'-' if exponent < 0 else '+'}{abs(exponent)}"


class _Writer:
    def __init__(self, indent: str, html: bool) -> None:
        self.indent = indent
        self.html = html

    def text(self, value: object, newline: str) -> str:
        if isinstance(value, str):
            return self.string(value)
        if value is None or is_nil(value):
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return json_float(value)
        if isinstance(value, list):
            inner = newline + self.indent
            return self.joined("[", [self.text(each, inner) for each in value], "]", newline)
        if isinstance(value, dict) and not isinstance(value, AnyMap):
            return self.map(value, newline)
        return self.scalar(value)

    def map(self, value: dict[str, object], newline: str) -> str:
        inner, colon = newline + self.indent, ": " if self.indent else ":"
        items = [f"{self.string(key)}{colon}{self.text(value[key], inner)}" for key in sorted(value)]
        return self.joined("{", items, "}", newline)

    def joined(self, opening: str, items: list[str], closing: str, newline: str) -> str:
        if not self.indent or not items:
            return f"{opening}{','.join(items)}{closing}"
        inner = newline + self.indent
        return f"{opening}{inner}{f',{inner}'.join(items)}{newline}{closing}"

    def string(self, text: str) -> str:
        return f'"{_ESCAPED.sub(self.escape, text)}"'

    def escape(self, match: re.Match[str]) -> str:
        character = match[0]
        if character in _HTML and not self.html:
            return character
        if "\ud800" <= character <= "\udfff":
            return "\\ufffd"
        return _SHORT.get(character) or f"\\u{ord(character):04x}"

    def scalar(self, value: object) -> str:
        """Return a value of one of the types that are neither lists, maps nor JSON's own."""
        if isinstance(value, bytes):
            return f'"{base64.b64encode(value).decode()}"'
        if isinstance(value, Time):
            return f'"{value.format(RFC3339_NANO)}"'
        if isinstance(value, Duration):
            return str(value.nanoseconds)
        if isinstance(value, Named):
            return str(value.number)
        to_json = getattr(type(value), "json", None)
        if to_json is not None:
            return self.string(str(to_json(value)))
        message = f"json: unsupported type: {type_name(value)}"
        raise Failure(message)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        message = f"json: cannot unmarshal number {text} into Go value of type float64"
        raise ValueError(message)
    return value


def _constant(text: str) -> float:
    message = f"{text} is no value"
    raise ValueError(message)
