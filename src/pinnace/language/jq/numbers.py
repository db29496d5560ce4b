"""The numbers of jq: integers of any size, and floats; and how they become each other.

A float read from JSON by ``fromjson`` keeps the text that it was written as. Source: itchyny/gojq v0.12.19.
"""

from __future__ import annotations

import math
import re

from pinnace.language.values import Failure

_WRITTEN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_MOST_DIGITS = 4000
LARGEST = 2**63 - 1
SMALLEST = -(2**63)


class WrittenFloat(float):
    """A float that is shown as it was written: ``1.000``."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, text: str) -> WrittenFloat:
        """Return the number of a JSON text."""
        made = cls(text)
        made.text = text
        return made


def is_number(value: object) -> bool:
    """Return whether ``value`` is a number, which a boolean is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_written_number(text: str) -> bool:
    """Return whether ``tonumber`` reads ``text``."""
    return _WRITTEN.fullmatch(text) is not None


def parse_number(text: str) -> int | float:
    """Return the number that ``text`` means; without point and exponent it is an integer.

    Raises:
        Failure: it has more digits than are worth computing with.
    """
    if any(character in text for character in ".eE"):
        return float(text)
    if len(text) > _MOST_DIGITS:
        raise Failure(f"a number of more than {_MOST_DIGITS} digits")
    return int(text)


def to_float(number: float) -> float:
    """Return the float nearest to a number."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_int(number: float) -> int:
    """Return the integer below 64 bits that is nearest to a number towards zero; NaN is the smallest."""
    if isinstance(number, float):
        if math.isnan(number):
            return SMALLEST
        if math.isinf(number):
            return LARGEST if number > 0 else SMALLEST
    return min(max(int(number), SMALLEST), LARGEST)


def to_int_up(number: float) -> int:
    """Return the integer as ``to_int`` does, but not less than the number."""
    return to_int(math.ceil(number) if isinstance(number, float) and math.isfinite(number) else number)
