"""The values of jq and their order: null, booleans, numbers, strings, arrays, objects.

Values are Python's own (``None``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``dict``), and are never
changed. Source: itchyny/gojq v0.12.19, compare.go, error.go, preview.go.
"""

from __future__ import annotations

import math

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.encoding import encode
from pinnace.language.jq.numbers import is_number, to_float

_SHOWN_BYTES = 30
_NUMBER = (int, float)


class FilterError(Exception):
    """An error of a filter while it runs, which ``try`` in it can catch.

    ``value`` is what ``catch`` gets: the message, unless ``error`` was called with something else.
    """

    def __init__(self, message: str, value: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.value = message if value is None else value


class RaisedError(FilterError):
    """What ``error`` raises: any value, null included."""

    def __init__(self, value: object) -> None:
        text = value if isinstance(value, str) else encode(value, Budget())
        super().__init__(f"error: {text}")
        self.value = value


class Halted(FilterError):
    """What ``halt`` and ``halt_error`` raise; no ``try`` catches it."""


def type_name(value: object) -> str:
    """Return the name of a value's type as ``type`` gives it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return next(name for kind, name in _TYPE_NAMES if isinstance(value, kind))


_TYPE_NAMES = ((str, "string"), ((int, float), "number"), (list, "array"), (dict, "object"))


def preview(value: object) -> str:
    """Return the beginning of a value's JSON, as errors show it."""
    raw = encode(_cut(value, 32), Budget()).encode("utf-8", "replace")
    if len(raw) <= _SHOWN_BYTES:
        return raw.decode()
    end = next((text for kind, text in _CUT_ENDS if isinstance(value, kind)), " ...")
    return raw[: _SHOWN_BYTES - len(end)].decode("utf-8", "ignore") + end


_CUT_ENDS = ((str, ' ..."'), (list, " ...]"), (dict, " ...}"))


def _cut(value: object, room: int) -> object:
    """Return a value with as much of it as can show in that many characters."""
    if isinstance(value, str):
        return value[:room]
    if isinstance(value, list):
        return [_cut(each, room - 1) for each in value[: room // 2 + 1]] if room > 0 else []
    if isinstance(value, dict):
        keys = sorted(value)[: room // 4 + 1] if room > 0 else []
        return {key[:room]: _cut(value[key], room - 3) for key in keys}
    return value


def described(value: object) -> str:
    """Return type and beginning of a value, as errors name it: ``number (1)``."""
    return "null" if value is None else f"{type_name(value)} ({preview(value)})"


def refused(name: str, value: object, *args: object) -> FilterError:
    """Return the error for a value, or arguments, that a function cannot be applied to."""
    called = f"{name}({'; '.join(map(preview, args))})" if args else name
    return FilterError(f"{called} cannot be applied to: {described(value)}")


def failed(name: str, value: object, reason: str, *args: object) -> FilterError:
    """Return the error for a function that failed for ``reason``."""
    called = f"{name}({'; '.join(map(preview, args))})" if args else name
    return FilterError(f"{called} cannot be applied to {preview(value)}: {reason}")


def compare(left: object, right: object, budget: Budget) -> int:
    """Return less than zero, zero or more, as ``left`` comes before, with or after ``right``.

    NaN comes before every number, itself included.
    """
    budget.spend(2)
    if type(left) is type(right) and isinstance(left, str):
        assert isinstance(right, str)
        return (left > right) - (left < right)
    if isinstance(left, _NUMBER) and isinstance(right, _NUMBER) and is_number(left) and is_number(right):
        return _compare_numbers(left, right)
    if isinstance(left, list) and isinstance(right, list):
        return _compare_lists(left, right, budget)
    if isinstance(left, dict) and isinstance(right, dict):
        keys = sorted(left)
        order = _compare_lists(keys, sorted(right), budget)
        return order or _compare_lists([left[key] for key in keys], [right[key] for key in keys], budget)
    return _rank(left) - _rank(right)


def _compare_numbers(left: float, right: float) -> int:
    if not (isinstance(left, int) and isinstance(right, int)):
        left, right = to_float(left), to_float(right)
        if math.isnan(left):
            return -1
        return -1 if left < right else int(left != right)
    return (left > right) - (left < right)


def _compare_lists(left: list[object] | list[str], right: list[object] | list[str], budget: Budget) -> int:
    for one, other in zip(left, right, strict=False):
        order = compare(one, other, budget)
        if order:
            return order
    return len(left) - len(right)


def _rank(value: object) -> int:
    """Return where the values of a type come among those of all types."""
    return 1 + (value is True) if isinstance(value, bool) else _RANKS[type_name(value)]


_RANKS = {"null": 0, "number": 3, "string": 4, "array": 5, "object": 6}


def is_true(value: object) -> bool:
    """Return whether a value counts as true: all but null and false."""
    return value is not None and value is not False
