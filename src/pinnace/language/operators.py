"""What operators, accesses and slices do to values while an expression runs.

Every function raises ``Failure`` where Go would panic. Source: expr-lang v1.17.8, vm/runtime.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pinnace.language.dates import Duration, Time
from pinnace.language.methods import method
from pinnace.language.values import (
    AnyMap,
    Failure,
    Sized,
    Slice,
    Struct,
    TypedMap,
    Uint8,
    bounded,
    decode,
    encode,
    is_nil,
    wrap,
)

_NAMES: dict[type, str] = {
    type(None): "<nil>", bool: "bool", int: "int", float: "float64", str: "string", bytes: "[]uint8",
    list: "[]interface {}", dict: "map[string]interface {}",
}  # fmt: skip


def type_name(value: object) -> str:
    """Return the Go type of ``value``, as errors and ``typeOf`` name it."""
    go_type = getattr(value, "go_type", None)
    return go_type if isinstance(go_type, str) else _NAMES.get(type(value), type(value).__name__)


def is_number(value: object) -> bool:
    """Return whether ``value`` is an integer or a float; a boolean is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(left: object, right: object) -> bool:
    """Return ``left == right``: numbers by value, lists by their elements, maps and the rest strictly."""
    kind = type(left)
    if kind is type(right) and kind in _PLAIN:
        return left == right
    if is_number(left) and is_number(right):
        return left == right
    if isinstance(left, (list, bytes)) and isinstance(right, (list, bytes)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_nil(left) and is_nil(right):
        return True
    return deep_equal(left, right)


_PLAIN = frozenset([str, int, float, bool])


def deep_equal(left: object, right: object) -> bool:
    """Return whether both have the same type and value in every part, as Go's reflect.DeepEqual says."""
    if type_name(left) != type_name(right) or is_nil(left) != is_nil(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(deep_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(deep_equal(left[key], right[key]) for key in left)
    return bool(left == right)


def less(left: object, right: object) -> bool:
    """Return ``left < right``, of numbers, strings (by bytes), times or durations."""
    return _ordered(left, right, "<") < 0


def more(left: object, right: object) -> bool:
    """Return ``left > right``."""
    return _ordered(left, right, ">") > 0


def less_or_equal(left: object, right: object) -> bool:
    """Return ``left <= right``."""
    return _ordered(left, right, "<=") <= 0


def more_or_equal(left: object, right: object) -> bool:
    """Return ``left >= right``."""
    return _ordered(left, right, ">=") >= 0


def _ordered(left: object, right: object, operator: str) -> float:
    """Return a negative number, zero or a positive one; NaN when neither is before the other."""
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        if not (isinstance(left, bool) or isinstance(right, bool)):
            if left < right:
                return -1
            return 1 if left > right else 0 if left == right else math.nan
    elif isinstance(left, str) and isinstance(right, str):
        a, b = encode(left), encode(right)
        return (a > b) - (a < b)
    elif isinstance(left, Time) and isinstance(right, Time):
        return left.instant - right.instant
    elif isinstance(left, Duration) and isinstance(right, Duration):
        return left.nanoseconds - right.nanoseconds
    raise _mismatch(left, operator, right)


def add(left: object, right: object) -> object:
    """Return ``left + right``: of numbers, strings, durations, or a time and a duration."""
    if type(left) is str and type(right) is str:
        return bounded(left + right)
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a + b)
    if isinstance(left, Time) and isinstance(right, Duration):
        return left.plus(right.nanoseconds)
    if isinstance(left, Duration) and isinstance(right, Time):
        return right.plus(left.nanoseconds)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(wrap(left.nanoseconds + right.nanoseconds))
    raise _mismatch(left, "+", right)


def subtract(left: object, right: object) -> object:
    """Return ``left - right``: of numbers, times, durations, or a time and a duration."""
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a - b)
    if isinstance(left, Time) and isinstance(right, Time):
        return Duration(wrap(left.instant - right.instant))
    if isinstance(left, Time) and isinstance(right, Duration):
        return left.plus(-right.nanoseconds)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(wrap(left.nanoseconds - right.nanoseconds))
    raise _mismatch(left, "-", right)


def multiply(left: object, right: object) -> object:
    """Return ``left * right``: of numbers, or of a duration and a number or another duration."""
    if is_number(left) and is_number(right):
        return _arithmetic(left, right, lambda a, b: a * b)
    a = left.nanoseconds if isinstance(left, Duration) else left
    b = right.nanoseconds if isinstance(right, Duration) else right
    if (isinstance(left, Duration) or isinstance(right, Duration)) and is_number(a) and is_number(b):
        product = _arithmetic(a, b, lambda x, y: x * y)
        return product if isinstance(product, float) else Duration(int(product))
    raise _mismatch(left, "*", right)


def divide(left: object, right: object) -> float:
    """Return ``left / right``, always a float; by zero an infinity or NaN."""
    if not (is_number(left) and is_number(right)):
        raise _mismatch(left, "/", right)
    return divided(to_float(left), to_float(right))


def divided(a: float, b: float) -> float:
    """Return ``a / b`` as IEEE 754 has it."""
    if b:
        return a / b
    if math.isnan(a) or a == 0 or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def modulo(left: object, right: object) -> int:
    """Return the remainder of integers, with the sign of ``left``."""
    if not (_is_integer(left) and _is_integer(right)):
        raise _mismatch(left, "%", right)
    a, b = to_int(left), to_int(right)
    if b == 0:
        message = "runtime error: integer divide by zero"
        raise Failure(message)
    return int(math.copysign(1, a)) * (abs(a) % abs(b))


def power(left: object, right: object) -> float:
    """Return ``left ** right``, always a float."""
    return float_power(to_float(left), to_float(right))


def float_power(base: float, exponent: float) -> float:
    """Return Go's math.Pow to the last digit, which differs from that of C, on which Python builds."""
    if not (math.isfinite(base) and math.isfinite(exponent)) or base == 0:
        return _limit_power(base, exponent)
    whole, fraction = math.modf(abs(exponent))[::-1]
    if fraction and base < 0:
        return math.nan
    if whole >= 2.0**63:
        return _limit_power(base, math.copysign(math.inf, exponent))
    result, power = 1.0, 0
    if fraction:
        if fraction > 0.5:
            fraction, whole = fraction - 1, whole + 1
        result = math.exp(fraction * math.log(base))
    mantissa, doubling = math.frexp(base)
    bits = int(whole)
    while bits:
        if abs(doubling) > 4096:
            power += doubling
            break
        if bits & 1:
            result, power = result * mantissa, power + doubling
        mantissa, doubling, bits = mantissa * mantissa, doubling * 2, bits >> 1
        if mantissa < 0.5:
            mantissa, doubling = mantissa * 2, doubling - 1
    if exponent < 0:
        result, power = 1 / result, -power
    try:
        return math.ldexp(result, power)
    except OverflowError:
        return math.copysign(math.inf, result)


def _limit_power(base: float, exponent: float) -> float:
    """Return a power of or by zero, an infinity or NaN."""
    try:
        return math.pow(base, exponent)
    except ValueError:
        odd = exponent.is_integer() and exponent % 2 == 1
        return math.copysign(math.inf, base) if odd else math.inf


def negate(value: object) -> object:
    """Return ``-value``."""
    if isinstance(value, Sized):
        return type(value)(_fit(-int(value), type(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return wrap(-value)
    if isinstance(value, float):
        return -value
    message = f"invalid operation: - {type_name(value)}"
    raise Failure(message)


def _fit(number: int, kind: type[Sized]) -> int:
    masked = number & ((1 << kind.bits) - 1)
    return masked - (1 << kind.bits) if kind.signed and masked >> (kind.bits - 1) else masked


def contained(needle: object, container: object) -> bool:
    """Return ``needle in container``: an element, a key, a field; nothing is in nil or in a time."""
    if container is None:
        return False
    if isinstance(container, (list, bytes)):
        return any(equal(each, needle) for each in container)
    if isinstance(container, AnyMap):
        return container.holds(needle)
    if isinstance(container, dict):
        if needle is None:
            return "" in container
        if not isinstance(needle, str):
            raise _mismatch(needle, "in", container)
        return needle in container
    if isinstance(container, Struct | Time):
        if not isinstance(needle, str):
            message = f"cannot use {type_name(needle)} as field name of {type_name(container)}"
            raise Failure(message)
        return isinstance(container, Struct) and needle in container.fields
    message = f'operator "in" not defined on {type_name(container)}'
    raise Failure(message)


def fetch(base: object, key: object) -> object:
    """Return ``base[key]``: an element, a byte of a string, the value of a key, a method.

    A map has nil for a key that it lacks.
    """
    if type(base) is dict and type(key) is str:
        return base.get(key)
    if base is None:
        message = f"cannot fetch {_shown_key(key)} from <nil>"
        raise Failure(message)
    if isinstance(key, str):
        found = method(base, key)
        if found is not None:
            return found
    if isinstance(base, dict):
        return _of_map(base, key)
    if isinstance(base, Struct) and isinstance(key, str) and key in base.fields:
        return base.field(key)
    if isinstance(base, (list, bytes, str)):
        items = encode(base) if isinstance(base, str) else base
        index = to_int(key)
        at = index + len(items) if index < 0 else index
        if not 0 <= at < len(items):
            message = f"index out of range: {at} (array length is {len(items)})"
            raise Failure(message)
        return items[at] if isinstance(items, list) else Uint8(items[at])
    message = f"cannot fetch {_shown_key(key)} from {type_name(base)}"
    raise Failure(message)


def _of_map(base: dict[str, object] | AnyMap, key: object) -> object:
    if isinstance(base, AnyMap):
        return base.fetch(key)
    name = "" if key is None else key
    if not isinstance(name, str):
        message = f"reflect.Value.MapIndex: value of type {type_name(key)} is not assignable to type string"
        raise Failure(message)
    if name in base:
        return base[name]
    return base.absent() if isinstance(base, TypedMap) else None


def _shown_key(key: object) -> str:
    return key if isinstance(key, str) else repr(key)


def sliced(base: object, start: object, stop: object) -> object:
    """Return ``base[start:stop]``; ends beyond the value are brought inside it."""
    if not isinstance(base, (list, bytes, str)):
        message = f"cannot slice {type_name(base)}"
        raise Failure(message)
    items = encode(base) if isinstance(base, str) else base
    size = len(items)
    first = 0 if start is None else to_int(start)
    last = size if stop is None else to_int(stop)
    first = max(first + size if first < 0 else first, 0)
    last = min(max(last + size if last < 0 else last, 0), size)
    piece = items[min(first, last) : last]
    if isinstance(base, str):
        return decode(bytes(piece)) if isinstance(piece, bytes) else base
    return type(base)(piece) if isinstance(base, Slice) and not base.is_nil else piece


def to_int(value: object) -> int:
    """Return a number as an int, a float cut off."""
    if isinstance(value, int) and not isinstance(value, bool):
        return wrap(int(value))
    if isinstance(value, float):
        return cut(value)
    message = f"invalid operation: int({type_name(value)})"
    raise Failure(message)


def cut(value: float) -> int:
    """Return a float without its decimals; what 64 bits cannot hold is their least number, as on amd64."""
    if math.isnan(value) or not -(2.0**63) <= value < 2.0**63:
        return -(2**63)
    return int(value)


def to_float(value: object) -> float:
    """Return a number as a float."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    message = f"invalid operation: float({type_name(value)})"
    raise Failure(message)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _arithmetic(
    left: object, right: object, operate: Callable[[int | float, int | float], int | float]
) -> int | float:
    """Return the result of an operation on two numbers: an int, wrapped, unless one is a float."""
    assert isinstance(left, (int, float))
    assert isinstance(right, (int, float))
    if isinstance(left, float) or isinstance(right, float):
        return operate(float(left), float(right))
    return wrap(int(operate(int(left), int(right))))


def _mismatch(left: object, operator: str, right: object) -> Failure:
    return Failure(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
