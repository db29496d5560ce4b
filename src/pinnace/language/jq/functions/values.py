"""Functions of any value: its type, length, keys, text; paths; errors.

Source: itchyny/gojq v0.12.19, func.go.
"""

from __future__ import annotations

import json
from typing import NoReturn

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.encoding import encode
from pinnace.language.jq.functions.registry import native
from pinnace.language.jq.numbers import WrittenFloat, is_number, is_written_number, parse_number, to_int
from pinnace.language.jq.operators import negate
from pinnace.language.jq.paths import Owned, delpaths, setpath
from pinnace.language.jq.values import FilterError, Halted, RaisedError, compare, failed, refused, type_name
from pinnace.language.values import encode as utf8


@native("type")
def _type(value: object, _budget: Budget) -> str:
    return type_name(value)


@native("abs")
def _abs(value: object, budget: Budget) -> object:
    if not is_number(value):
        raise refused("abs", value)
    assert isinstance(value, (int, float))
    return negate(value, budget) if value < 0 or str(value).startswith("-") else value


@native("length")
def _length(value: object, budget: Budget) -> object:
    if value is None:
        return 0
    if isinstance(value, (str, list, dict)):
        return len(value)
    if not is_number(value):
        raise refused("length", value)
    return _abs(value, budget)


@native("utf8bytelength")
def _utf8bytelength(value: object, _budget: Budget) -> int:
    if not isinstance(value, str):
        raise refused("utf8bytelength", value)
    return len(utf8(value))


@native("keys")
def _keys(value: object, budget: Budget) -> object:
    if not isinstance(value, (list, dict)):
        raise refused("keys", value)
    budget.spend(len(value))
    return sorted(value) if isinstance(value, dict) else list(range(len(value)))


@native("has", 1)
def _has(value: object, key: object, _budget: Budget) -> bool:
    if isinstance(value, list) and isinstance(key, (int, float)) and is_number(key):
        return 0 <= to_int(key) < len(value)
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if value is None:
        return False
    raise refused("has", value, key)


@native("contains", 1)
def contains(value: object, other: object, budget: Budget) -> bool:
    """Return whether ``other`` is in ``value``: at every depth, and as part of strings."""
    budget.spend(1)
    if is_number(value) and is_number(other):
        return compare(value, other, budget) == 0
    if isinstance(value, str) and isinstance(other, str):
        return other in value
    if isinstance(value, list) and isinstance(other, list):
        return all(any(_holds(mine, each, budget) for mine in value) for each in other)
    if isinstance(value, dict) and isinstance(other, dict):
        return all(key in value and _holds(value[key], each, budget) for key, each in other.items())
    if type(value) is type(other) and value == other:
        return True
    raise refused("contains", value, other)


def _holds(value: object, other: object, budget: Budget) -> bool:
    try:
        return contains(value, other, budget)
    except FilterError:
        return False


@native("inside", 1)
def _inside(value: object, other: object, budget: Budget) -> bool:
    return contains(other, value, budget)


@native("toboolean")
def _toboolean(value: object, _budget: Budget) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise refused("toboolean", value)
    if value not in {"true", "false"}:
        raise failed("toboolean", value, "invalid boolean")
    return value == "true"


@native("tonumber")
def _tonumber(value: object, _budget: Budget) -> object:
    if is_number(value):
        return value
    if not isinstance(value, str):
        raise refused("tonumber", value)
    if not is_written_number(value):
        raise failed("tonumber", value, "invalid number")
    return parse_number(value)


@native("tostring")
def tostring(value: object, budget: Budget) -> str:
    """Return a string as it is, and anything else as JSON."""
    return value if isinstance(value, str) else encode(value, budget)


@native("tojson")
def _tojson(value: object, budget: Budget) -> str:
    return encode(value, budget)


@native("fromjson")
def _fromjson(value: object, budget: Budget) -> object:
    if not isinstance(value, str):
        raise refused("fromjson", value)
    budget.spend(len(value) >> 3)
    try:
        return json.loads(
            value, parse_int=_written_int, parse_float=WrittenFloat.of, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise failed("fromjson", value, str(error)) from None


def _written_int(text: str) -> object:
    return WrittenFloat.of(text) if text == "-0" else parse_number(text)


def _no_constant(text: str) -> NoReturn:
    message = f"invalid character {text[0]!r}"
    raise ValueError(message)


@native("setpath", 2)
def _setpath(value: object, path: object, new: object, budget: Budget) -> object:
    return setpath(value, path, new, Owned(), budget)


@native("delpaths", 1)
def _delpaths(value: object, paths: object, budget: Budget) -> object:
    return delpaths(value, paths, Owned(), budget)


@native("error")
def _error(value: object, _budget: Budget) -> NoReturn:
    raise RaisedError(value)


@native("error", 1)
def _error_with(_value: object, message: object, _budget: Budget) -> NoReturn:
    raise RaisedError(message)


@native("halt")
def _halt(_value: object, _budget: Budget) -> NoReturn:
    raise Halted("halt error: null")


@native("halt_error")
def _halt_error(value: object, budget: Budget) -> NoReturn:
    raise Halted(f"halt error: {tostring(value, budget)}")


@native("halt_error", 1)
def _halt_error_with(value: object, code: object, budget: Budget) -> NoReturn:
    if not is_number(code):
        raise refused("halt_error", code)
    _halt_error(value, budget)


@native("modulemeta")
def _modulemeta(value: object, _budget: Budget) -> NoReturn:
    if not isinstance(value, str):
        raise refused("modulemeta", value)
    message = f'cannot load module: "{value}"'
    raise FilterError(message)
