"""jq's values as JSON: as ``tojson`` writes them, and as they leave a filter.

Inside, NaN is null, an infinity the largest number, and text is escaped as little as may be. On the way out
Argo has Go write them, which refuses both and escapes ``<``, ``>`` and ``&``.
Source: itchyny/gojq v0.12.19, encoder.go; Go encoding/json.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable

from pinnace.language.gojson import json_float
from pinnace.language.jq.budget import Budget, Exhausted
from pinnace.language.jq.numbers import WrittenFloat
from pinnace.language.values import check_size

_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f\ud800-\udfff]')
_SPECIAL_OUTSIDE = re.compile(r'[\x00-\x1f"\\<>&\u2028\u2029\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def encode(value: object, budget: Budget) -> str:
    """Return a value's JSON as ``tojson`` makes it."""
    return _Writer(budget, _SPECIAL, _lenient_float).json(value)


def encode_outside(value: object, budget: Budget) -> str:
    """Return the JSON of a value that leaves the filter.

    Raises:
        Failure: a number in it is NaN or infinite.
    """
    return _Writer(budget, _SPECIAL_OUTSIDE, json_float).json(value)


def _lenient_float(number: float) -> str:
    if math.isnan(number):
        return "null"
    return json_float(min(max(number, -sys.float_info.max), sys.float_info.max))


#: What a piece of text costs beside its length.
_PIECE = 4


class _Writer:
    """Text that grows, within a budget, by one value after the other."""

    def __init__(self, budget: Budget, special: re.Pattern[str], number: Callable[[float], str]) -> None:
        self.budget = budget
        self.special = special
        self.number = number
        self.pieces: list[str] = []
        self.size = 0

    def json(self, value: object) -> str:
        try:
            self.write(value)
        except RecursionError:
            raise Exhausted("the value is nested too deeply") from None
        return "".join(self.pieces)

    def put(self, text: str) -> None:
        self.size += len(text)
        self.budget.spend(_PIECE)
        self.budget.text(len(text))
        check_size(self.size)
        self.pieces.append(text)

    def write(self, value: object) -> None:
        if isinstance(value, str):
            self.put(self.string(value))
        elif isinstance(value, list):
            self.put_list(value)
        elif isinstance(value, dict):
            self.put_object(value)
        else:
            self.put(self.scalar(value))

    def put_list(self, values: list[object]) -> None:
        separator = "["
        for each in values:
            self.put(separator)
            self.write(each)
            separator = ","
        self.put("]" if values else "[]")

    def put_object(self, values: dict[str, object]) -> None:
        separator = "{"
        for key in sorted(values):
            self.put(f"{separator}{self.string(key)}:")
            self.write(values[key])
            separator = ","
        self.put("}" if values else "{}")

    def scalar(self, value: object) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, WrittenFloat):
            return value.text
        return self.number(value) if isinstance(value, float) else _digits(value)

    def string(self, text: str) -> str:
        return f'"{self.special.sub(_escaped, text)}"'


def _digits(number: object) -> str:
    """Return an integer in decimal digits, of which Python writes only so many."""
    try:
        return str(number)
    except ValueError:
        raise Exhausted("a number of too many digits") from None


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
