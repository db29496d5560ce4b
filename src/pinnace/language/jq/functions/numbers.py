"""Mathematical functions. Source: itchyny/gojq v0.12.19, func.go; Go math."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.functions.registry import NATIVES, native
from pinnace.language.jq.numbers import is_number, to_float
from pinnace.language.jq.values import refused


def _float(name: str, value: object) -> float:
    if not isinstance(value, (int, float)) or not is_number(value):
        raise refused(name, value)
    return to_float(value)


def _defined(function: Callable[..., float]) -> Callable[..., float]:
    """Return the function with what IEEE 754 says where Python raises an error: NaN or an infinity."""

    def call(*args: float) -> float:
        try:
            return function(*args)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return call


def _at_pole(function: Callable[[float], float], pole: float, value: float) -> Callable[[float], float]:
    """Return the function with ``value`` at ``pole``."""
    return lambda number: value if number == pole else function(number)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    """Return a rounding function that leaves alone what has no decimals, and keeps the sign of zero."""

    def call(number: float) -> float:
        if not math.isfinite(number) or abs(number) >= 2**52:
            return number
        return math.copysign(float(function(number)), number)

    return call


def _round(number: float) -> int:
    """Return the nearest integer; halves go away from zero."""
    whole = math.trunc(number)
    if abs(number - whole) >= 0.5:
        whole += 1 if number > 0 else -1
    return whole


def _bounded(function: Callable[[float], float], pole: float) -> Callable[[float], float]:
    """Return a function that is an infinity at ``pole`` and ``-pole``, of the argument's sign."""
    return lambda number: math.copysign(math.inf, number) if abs(number) == pole else function(number)


def _cbrt(number: float) -> float:
    if not math.isfinite(number):
        return number
    root = math.copysign(abs(number) ** (1 / 3), number)
    # One step of Newton's makes exact cubes exact.
    return root - (root - number / (root * root)) / 3 if root else number


def _significand(number: float) -> float:
    return math.frexp(number)[0] * 2


def _logb(number: float) -> float:
    if number == 0:
        return -math.inf
    return abs(number) if math.isinf(number) else float(math.frexp(number)[1] - 1)


def _gamma(number: float) -> float:
    if number == 0:
        return math.copysign(math.inf, number)
    return math.gamma(number)


def _lgamma(number: float) -> float:
    return math.inf if number <= 0 and number == math.floor(number) else math.lgamma(number)


_ONE: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "sinh": lambda x: math.copysign(_defined(math.sinh)(abs(x)), x), "cosh": math.cosh,
    "tanh": math.tanh, "asinh": math.asinh, "acosh": math.acosh, "atanh": _bounded(math.atanh, 1),
    "floor": _whole(math.floor), "round": _whole(_round), "nearbyint": _whole(round), "rint": _whole(round),
    "ceil": _whole(math.ceil), "trunc": _whole(math.trunc), "significand": _significand, "fabs": abs,
    "sqrt": math.sqrt, "cbrt": _cbrt, "exp": math.exp, "exp10": lambda x: math.pow(10, x),
    "exp2": lambda x: math.pow(2, x), "expm1": math.expm1, "log": _at_pole(math.log, 0, -math.inf),
    "log10": _at_pole(math.log10, 0, -math.inf), "log1p": _at_pole(math.log1p, -1, -math.inf),
    "log2": _at_pole(math.log2, 0, -math.inf), "logb": _logb, "gamma": _gamma, "tgamma": _gamma,
    "lgamma": _lgamma, "erf": math.erf, "erfc": math.erfc,
}  # fmt: skip


def _pow(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base == 0:
            return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf
        return math.nan


def _ldexp(number: float, exponent: float) -> float:
    return math.ldexp(number, int(min(max(exponent, -5000), 5000)))


def _drem(number: float, divisor: float) -> float:
    rest = math.remainder(number, divisor)
    return math.copysign(rest, number) if rest == 0 else rest


def _fdim(one: float, other: float) -> float:
    return max(one - other, 0.0) if not math.isnan(one - other) else one - other


def _fmax(one: float, other: float) -> float:
    return other if math.isnan(one) else one if math.isnan(other) else max(one, other)


def _fmin(one: float, other: float) -> float:
    return other if math.isnan(one) else one if math.isnan(other) else min(one, other)


_TWO: dict[str, Callable[[float, float], float]] = {
    "atan2": math.atan2, "copysign": math.copysign, "drem": _drem, "fdim": _fdim, "fmax": _fmax,
    "fmin": _fmin, "fmod": math.fmod, "hypot": math.hypot, "nextafter": math.nextafter,
    "nexttoward": math.nextafter, "remainder": math.remainder, "ldexp": _ldexp, "scalb": _ldexp,
    "scalbln": _ldexp, "pow": _pow,
}  # fmt: skip


def _register_one(name: str, function: Callable[[float], float]) -> None:
    defined = _defined(function)
    NATIVES[name, 0] = lambda value, _budget: defined(_float(name, value))


def _register_two(name: str, function: Callable[[float, float], float]) -> None:
    defined = _defined(function)
    NATIVES[name, 2] = lambda _value, one, other, _budget: defined(_float(name, one), _float(name, other))


for _name, _function in _ONE.items():
    _register_one(_name, _function)
for _name, _function_of_two in _TWO.items():
    _register_two(_name, _function_of_two)


@native("fma", 3)
def _fma(_value: object, one: object, other: object, more: object, _budget: Budget) -> float:
    return _float("fma", one) * _float("fma", other) + _float("fma", more)


@native("frexp")
def _frexp(value: object, _budget: Budget) -> list[object]:
    return list(math.frexp(_float("frexp", value)))


@native("modf")
def _modf(value: object, _budget: Budget) -> list[object]:
    return list(math.modf(_float("modf", value)))


@native("infinite")
def _infinite(_value: object, _budget: Budget) -> float:
    return math.inf


@native("nan")
def _nan(_value: object, _budget: Budget) -> float:
    return math.nan


@native("isnan")
def _isnan(value: object, _budget: Budget) -> bool:
    return value is not None and math.isnan(_float("isnan", value))


@native("isinfinite")
def _isinfinite(value: object, _budget: Budget) -> bool:
    return is_number(value) and math.isinf(_float("isinfinite", value))


@native("isfinite")
def _isfinite(value: object, _budget: Budget) -> bool:
    return is_number(value) and not math.isinf(_float("isfinite", value))


@native("isnormal")
def _isnormal(value: object, _budget: Budget) -> bool:
    return is_number(value) and sys.float_info.min <= abs(_float("isnormal", value)) < math.inf
