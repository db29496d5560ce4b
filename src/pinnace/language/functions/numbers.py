"""The language's own functions on numbers and bits.

Source: expr-lang v1.17.8, builtin/lib.go, builtin/builtin.go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from pinnace.language.dates import Duration, Named
from pinnace.language.functions.arguments import one_of
from pinnace.language.functions.registry import builtin
from pinnace.language.goformat import format_value
from pinnace.language.gonumbers import parse_float
from pinnace.language.operators import cut, is_number, less, more, negate, type_name
from pinnace.language.types import ANY, FLOAT, INT, Type
from pinnace.language.values import Failure, wrap

_INTEGER = re.compile(r"[+-]?[0-9]+")
_MAX_DEPTH = 200


def _same(given: Type) -> Type:
    return given


@builtin("abs", check=one_of({"int", "float"}, "invalid argument for abs", _same))
def absolute(value: object) -> object:
    """Return the number without its sign."""
    if not is_number(value):
        message = f"invalid argument for abs (type {type_name(value)})"
        raise Failure(message)
    return negate(value) if less(value, 0) else value


def _rounding(name: str, rounded: Callable[[float], float]) -> None:
    @builtin(name, check=one_of({"int", "float"}, f"invalid argument for {name}", FLOAT))
    def function(value: object) -> float:
        """Return the number rounded, a float."""
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            message = f"invalid argument for {name} (type {type_name(value)})"
            raise Failure(message)
        return rounded(float(value)) if math.isfinite(value) else float(value)


def round_half_away(value: float) -> float:
    """Return the nearest whole number, halves away from zero."""
    whole = math.floor(abs(value))
    return math.copysign(whole + 1 if abs(value) - whole >= 0.5 else whole, value)


_rounding("ceil", lambda value: math.copysign(math.ceil(value), value))
_rounding("floor", lambda value: math.copysign(math.floor(value), value))
_rounding("round", round_half_away)


@builtin("int", check=one_of({"int", "float", "string"}, "invalid argument for int", INT))
def as_int(value: object) -> int:
    """Return a number cut to an integer, or the integer that a string writes in decimal."""
    if isinstance(value, str):
        number = int(value) if len(value) < 32 and _INTEGER.fullmatch(value) else None
        if number is not None and wrap(number) == number:
            return number
        message = f"invalid operation: int({value[:80]})"
        raise Failure(message)
    if isinstance(value, int) and not isinstance(value, bool):
        return wrap(int(value))
    if isinstance(value, float):
        return cut(value)
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, Named):
        return value.number
    message = f"invalid operation: int({type_name(value)})"
    raise Failure(message)


@builtin("float", check=one_of({"int", "float", "string"}, "invalid argument for float", FLOAT))
def as_float(value: object) -> float:
    """Return a number as a float, or the float that a string writes."""
    if isinstance(value, str):
        number = parse_float(value)
        if number is not None:
            return number
        message = f"invalid operation: float({value[:80]})"
        raise Failure(message)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    message = f"invalid operation: float({type_name(value)})"
    raise Failure(message)


@builtin("string", "func(any) string")
def as_string(value: object) -> str:
    """Return the value as Go's ``%v`` prints it."""
    return format_value(value)


# -- aggregates ---------------------------------------------------------------------------------


def _aggregate_check(name: str) -> Callable[[list[Type]], Type]:
    def check(types: list[Type]) -> Type:
        if not types:
            message = f"not enough arguments to call {name}"
            raise Failure(message)
        for given in types:
            if given.is_unknown or given.kind == "slice":
                return ANY
            if given.kind not in {"int", "float"}:
                message = f"invalid argument for {name} (type {given.name})"
                raise Failure(message)
        return types[0]

    return check


@builtin("max", check=_aggregate_check("max"))
def maximum(*values: object) -> object:
    """Return the largest of the numbers, lists of them opened; nil when there are none."""
    return _extreme("max", less, values, 0)


@builtin("min", check=_aggregate_check("min"))
def minimum(*values: object) -> object:
    """Return the smallest of the numbers, lists of them opened; nil when there are none."""
    return _extreme("min", more, values, 0)


def _extreme(
    name: str, worse: Callable[[object, object], bool], values: tuple[object, ...], depth: int
) -> object:
    best: object = None
    for value in values:
        candidate: object
        if isinstance(value, (list, bytes)):
            _check_depth(depth)
            candidate = _extreme_of_list(name, worse, list(value), depth + 1)
            if candidate is None:
                continue
        elif is_number(value) or isinstance(value, Duration):
            candidate = value
        elif len(values) == 1:
            return value
        else:
            message = f"invalid argument for {name} (type {type_name(value)})"
            raise Failure(message)
        if best is None or worse(best, candidate):
            best = candidate
    return best


def _extreme_of_list(
    name: str, worse: Callable[[object, object], bool], values: list[object], depth: int
) -> object:
    for value in values:
        if not is_number(value) and not isinstance(value, (list, bytes)):
            message = f"invalid argument for {name} (type {type_name(value)})"
            raise Failure(message)
    return _extreme(name, worse, tuple(values), depth)


def _check_depth(depth: int) -> None:
    if depth > _MAX_DEPTH:
        message = "recursion depth exceeded"
        raise Failure(message)


def _numbers(name: str, values: tuple[object, ...], depth: int = 0) -> Iterator[float]:
    """Yield the numbers among ``values`` and in lists of them."""
    _check_depth(depth)
    for value in values:
        if isinstance(value, (list, bytes)):
            yield from _numbers(name, tuple(value), depth + 1)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield float(value)
        elif isinstance(value, Duration):
            yield float(value.nanoseconds)
        else:
            message = f"invalid argument for {name} (type {type_name(value)})"
            raise Failure(message)


@builtin("mean", check=_aggregate_check("mean"))
def mean(*values: object) -> float:
    """Return the mean of the numbers; 0 when there are none."""
    numbers = list(_numbers("mean", values))
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers) if numbers else 0.0


@builtin("median", check=_aggregate_check("median"))
def median(*values: object) -> float:
    """Return the median of the numbers; 0 when there are none."""
    numbers = sorted(_numbers("median", values))
    if not numbers:
        return 0.0
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


# -- bits ---------------------------------------------------------------------------------------


def _bits(name: str, operate: Callable[[int, int], int]) -> None:
    @builtin(name, "func(int, int) int")
    def function(left: object, right: object) -> int:
        """Return the result of the operation on 64 bits."""
        return wrap(operate(_integer(left, name), _integer(right, name)))


def _integer(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    message = f"cannot use {type_name(value)} as argument (type int) to call {name}"
    raise Failure(message)


def _shift(count: int) -> int:
    if count < 0:
        message = f"invalid operation: negative shift count {count} (type int)"
        raise Failure(message)
    return min(count, 64)


_bits("bitand", lambda a, b: a & b)
_bits("bitor", lambda a, b: a | b)
_bits("bitxor", lambda a, b: a ^ b)
_bits("bitnand", lambda a, b: a & ~b)
_bits("bitshl", lambda a, b: a << _shift(b))
_bits("bitshr", lambda a, b: a >> _shift(b))
_bits("bitushr", lambda a, b: (a & 0xFFFF_FFFF_FFFF_FFFF) >> _shift(b))


@builtin("bitnot", "func(int) int")
def bit_not(value: object) -> int:
    """Return the integer with every bit turned."""
    return ~_integer(value, "bitnot")
