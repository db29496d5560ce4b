"""``sprig``'s functions on numbers, which take anything and make 0 of what is no number.

Source: Masterminds/sprig v3.3.0, numeric.go; spf13/cast v1.7.0; shopspring/decimal v1.4.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from pinnace.language.dates import Named
from pinnace.language.functions.numbers import as_int
from pinnace.language.functions.registry import sprig
from pinnace.language.goformat import format_value
from pinnace.language.gonumbers import parse_float
from pinnace.language.operators import cut, float_power
from pinnace.language.values import Failure, Int64, Ints, wrap

#: The most numbers that ``until`` and ``seq`` make.
_MOST_NUMBERS = 1_000_000
_DECIMAL = re.compile(r"([+-]?[0-9]*)\.[0-9]*")
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)"
)


def to_integer(value: object) -> int:
    """Return any value as an integer, 0 when it is none: a string in Go's notation, ``042`` is octal."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return wrap(int(value))
    if isinstance(value, float):
        return cut(value)
    if isinstance(value, str):
        return _parsed_integer(value)
    return value.number if isinstance(value, Named) else 0


def _parsed_integer(text: str) -> int:
    """Return the integer that a string writes; what follows a point is cut off."""
    cut_off = _DECIMAL.fullmatch(text)
    if cut_off is not None:
        text = cut_off[1] if cut_off[1].strip("+-") else "0"
    if len(text) > 80 or not _INTEGER.fullmatch(text):
        return 0
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").replace("_", "").lower()
    if digits.startswith("0") and len(digits) > 1:
        base = {"x": 16, "b": 2, "o": 8}.get(digits[1], 8)
    else:
        base = 10
    number = sign * int(digits[2:] if digits[:2] in {"0x", "0b", "0o"} else digits, base)
    return number if wrap(number) == number else 0


def to_floating(value: object) -> float:
    """Return any value as a float, 0 when it is none."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        return parse_float(value) or 0.0
    return 0.0


def _int64(number: int) -> Int64:
    return Int64(wrap(number))


sprig("func(any) int", "int")(to_integer)
sprig("func(any) int64", "int64")(lambda value: _int64(to_integer(value)))
sprig("func(any) float64", "float64")(to_floating)
sprig("func(any) int64", "add1")(lambda value: _int64(to_integer(value) + 1))
sprig("func(...any) int64", "add")(lambda *values: _int64(sum(map(to_integer, values))))
sprig("func(any, any) int64", "sub")(lambda a, b: _int64(to_integer(a) - to_integer(b)))
sprig("func(any) float64", "floor")(lambda value: _whole(math.floor, to_floating(value)))
sprig("func(any) float64", "ceil")(lambda value: _whole(math.ceil, to_floating(value)))


def _whole(rounded: Callable[[float], int], value: float) -> float:
    return float(rounded(value)) if math.isfinite(value) else value


@sprig("func(string) int", "atoi")
def atoi(text: str) -> int:
    """Return the decimal integer that a string writes, or 0."""
    try:
        return as_int(text)
    except Failure:
        return 0


@sprig("func(any) int64", "toDecimal")
def to_decimal(value: object) -> Int64:
    """Return the number whose octal digits ``value`` has, or 0."""
    text = format_value(value)
    if not re.fullmatch(r"[+-]?[0-7]{1,22}", text):
        return Int64(0)
    number = int(text, 8)
    return Int64(number if wrap(number) == number else 0)


@sprig("func(any, ...any) int64", "mul")
def multiply(first: object, *rest: object) -> Int64:
    """Return the product of the integers."""
    product = to_integer(first)
    for each in rest:
        product = wrap(product * to_integer(each))
    return _int64(product)


def _divisor(value: object) -> int:
    number = to_integer(value)
    if number == 0:
        message = "runtime error: integer divide by zero"
        raise Failure(message)
    return number


@sprig("func(any, any) int64", "div")
def divide(first: object, second: object) -> Int64:
    """Return the quotient of the integers, cut toward zero."""
    a, b = to_integer(first), _divisor(second)
    quotient = abs(a) // abs(b)
    return _int64(quotient if (a < 0) == (b < 0) else -quotient)


@sprig("func(any, any) int64", "mod")
def modulo(first: object, second: object) -> Int64:
    """Return the remainder of the integers, with the sign of the first."""
    a, b = to_integer(first), _divisor(second)
    rest = abs(a) % abs(b)
    return _int64(-rest if a < 0 else rest)


@sprig("func(any, ...any) int64", "max", "biggest")
def maximum(*values: object) -> Int64:
    """Return the largest integer."""
    return Int64(max(map(to_integer, values)))


@sprig("func(any, ...any) int64", "min")
def minimum(*values: object) -> Int64:
    """Return the smallest integer."""
    return Int64(min(map(to_integer, values)))


def _extreme_float(choose: Callable[..., float], values: tuple[object, ...]) -> float:
    numbers = list(map(to_floating, values))
    return math.nan if any(map(math.isnan, numbers)) else choose(numbers)


sprig("func(any, ...any) float64", "maxf")(lambda *values: _extreme_float(max, values))
sprig("func(any, ...any) float64", "minf")(lambda *values: _extreme_float(min, values))


@sprig("func(any, int, ...float64) float64", "round")
def round_to(value: object, places: int, *round_on: float) -> float:
    """Return the number rounded to ``places`` decimals; up from ``round_on`` (0.5) on."""
    power = float_power(10.0, float(places))
    digit = power * to_floating(value)
    if not math.isfinite(digit) or power == 0:
        return math.nan
    up = math.modf(digit)[0] >= (round_on[0] if round_on else 0.5)
    return float(math.ceil(digit) if up else math.floor(digit)) / power


# -- decimal arithmetic -------------------------------------------------------------------------


def _decimal(value: object) -> Decimal:
    number = to_floating(value)
    if not math.isfinite(number):
        message = f"Cannot create a Decimal from {format_value(number)}"
        raise Failure(message)
    return Decimal(repr(number))


def _decimals(
    operate: Callable[[Decimal, Decimal], Decimal], first: object, rest: tuple[object, ...]
) -> float:
    """Return the result of an operation on exact decimals, so that 0.1 + 0.2 is 0.3."""
    with localcontext(Context(prec=1200, Emin=-9999, Emax=9999)):
        total = _decimal(first)
        for each in rest:
            total = operate(total, _decimal(each))
        return float(total)


def _quotient(a: Decimal, b: Decimal) -> Decimal:
    if b == 0:
        message = "decimal division by 0"
        raise Failure(message)
    return (a / b).quantize(Decimal("1e-16"), ROUND_HALF_UP)


sprig("func(...any) float64", "addf")(lambda *values: _decimals(lambda a, b: a + b, 0.0, values))
sprig("func(any) float64", "add1f")(lambda value: _decimals(lambda a, b: a + b, value, (1,)))
sprig("func(any, ...any) float64", "subf")(lambda a, *rest: _decimals(lambda x, y: x - y, a, rest))
sprig("func(any, ...any) float64", "mulf")(lambda a, *rest: _decimals(lambda x, y: x * y, a, rest))
sprig("func(any, ...any) float64", "divf")(lambda a, *rest: _decimals(_quotient, a, rest))


# -- rows of numbers ----------------------------------------------------------------------------


@sprig("func(int, int, int) []int", "untilStep")
def until_step(start: int, stop: int, step: int) -> Ints:
    """Return the integers from ``start`` on, before ``stop``."""
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return Ints()
    row = range(start, stop, step)
    if abs(stop - start) // abs(step) >= _MOST_NUMBERS:
        message = "memory budget exceeded"
        raise Failure(message)
    return Ints(row)


@sprig("func(int) []int", "until")
def until(stop: int) -> Ints:
    """Return the integers from 0 on, before ``stop``."""
    return until_step(0, stop, -1 if stop < 0 else 1)


@sprig("func(...int) string", "seq")
def seq(*numbers: int) -> str:
    """Return integers with blanks between, as the command ``seq`` prints them."""
    if len(numbers) == 1:
        start, step, end = 1, -1 if numbers[0] < 1 else 1, numbers[0]
        beyond = step
    elif len(numbers) == 2:
        start, end = numbers
        step = beyond = -1 if end < start else 1
    elif len(numbers) == 3:
        start, step, end = numbers
        beyond = -1 if end < start else 1
        if end < start and step > 0:
            return ""
    else:
        return ""
    return " ".join(map(str, until_step(start, end + beyond, step)))
