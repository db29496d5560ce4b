"""Calling a function value: the number and the Go types of its arguments are checked, never converted.

``sprig.repeat("3", "a")`` is an error, and so is an int64 where an int is wanted; nil is the zero value of
whatever is wanted. Source: Go reflect.Value.Call as expr-lang's vm uses it (OpCall).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from pinnace.language.dates import ZERO_TIME, Duration
from pinnace.language.operators import type_name
from pinnace.language.values import Failure, Function, NilList

_ZEROS: dict[str, Callable[[], object]] = {
    "string": str, "int": int, "bool": bool, "float64": float, "[]interface {}": NilList, "[]any": NilList,
    "map[string]interface {}": dict, "map[string]any": dict, "time.Time": lambda: ZERO_TIME,
    "time.Duration": lambda: Duration(0),
}  # fmt: skip
_ALIASES = {"any": "interface {}", "[]any": "[]interface {}", "map[string]any": "map[string]interface {}"}


class _Parameters(NamedTuple):
    """The parameters of a signature: the types of the fixed ones, and of the one that repeats."""

    fixed: tuple[str, ...]
    repeated: str | None


def invoke(function: object, arguments: list[object]) -> object:
    """Return what ``function`` makes of ``arguments``.

    Raises:
        Failure: it is no function, the arguments do not fit its signature, or it fails.
    """
    if not isinstance(function, Function):
        what = "nil" if function is None else f"non-function of type {type_name(function)}"
        message = f"invalid operation: cannot call {what}"
        raise Failure(message)
    fixed, repeated = _parameters(function.signature)
    if len(arguments) < len(fixed) or (repeated is None and len(arguments) > len(fixed)):
        least = "at least " if repeated is not None else ""
        message = f"invalid number of arguments: expected {least}{len(fixed)}, got {len(arguments)}"
        raise Failure(message)
    given = [
        _fitted(argument, fixed[index] if index < len(fixed) else repeated or "any")
        for index, argument in enumerate(arguments)
    ]
    return function.call(*given)


@lru_cache(maxsize=1024)
def _parameters(signature: str) -> _Parameters:
    inside = signature.removeprefix("func(").partition(")")[0]
    names = [_ALIASES.get(each.strip(), each.strip()) for each in inside.split(",")] if inside else []
    if names and names[-1].startswith("..."):
        last = names.pop().removeprefix("...")
        return _Parameters(tuple(names), _ALIASES.get(last, last))
    return _Parameters(tuple(names), None)


def _fitted(argument: object, wanted: str) -> object:
    if wanted == "interface {}":
        return argument
    if argument is None:
        zero = _ZEROS.get(wanted)
        return None if zero is None else zero()
    name = type_name(argument)
    if name == wanted or (wanted == "map[string][]string" and name == "http.Header"):
        return argument
    message = f"reflect: Call using {name} as type {wanted}"
    raise Failure(message)
