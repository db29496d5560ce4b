"""jq's arithmetic and comparisons. Source: itchyny/gojq v0.12.19, operator.go."""

from __future__ import annotations

import math
from collections.abc import Callable

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.numbers import LARGEST, SMALLEST, WrittenFloat, is_number, to_float, to_int
from pinnace.language.jq.values import FilterError, compare, described, is_true, preview

Number = int | float
_MOST_REPEATS = 2**31 - 1


def _numbers(left: object, right: object) -> tuple[Number, Number] | None:
    """Return both if they are numbers: integers, or floats if one is."""
    if not (is_number(left) and is_number(right)):
        return None
    assert isinstance(left, (int, float))
    assert isinstance(right, (int, float))
    if isinstance(left, float) or isinstance(right, float):
        return to_float(left), to_float(right)
    return left, right


def _wrong(verb: str, left: object, right: object) -> FilterError:
    return FilterError(f"cannot {verb}: {described(left)} and {described(right)}")


def add(left: object, right: object, budget: Budget) -> object:
    """Return the sum; strings and arrays are joined, objects merged, and null adds nothing."""
    numbers = _numbers(left, right)
    if numbers is not None:
        return _sized(numbers[0] + numbers[1], budget)
    if isinstance(left, str) and isinstance(right, str):
        budget.text(len(left) + len(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        budget.spend(len(left) + len(right) >> 4)
        return left + right if left and right else left or right
    if isinstance(left, dict) and isinstance(right, dict):
        budget.spend(len(left) + len(right) >> 2)
        return left | right if left and right else left or right
    if left is None or right is None:
        return right if left is None else left
    raise _wrong("add", left, right)


def _sized(number: Number, budget: Budget) -> Number:
    """Return a number whose size has been paid for."""
    if isinstance(number, int) and not SMALLEST <= number <= LARGEST:
        budget.text(number.bit_length() * 16)
    return number


def subtract(left: object, right: object, budget: Budget) -> object:
    """Return the difference; of an array, its elements that are not in the other."""
    numbers = _numbers(left, right)
    if numbers is not None:
        return _sized(numbers[0] - numbers[1], budget)
    if isinstance(left, list) and isinstance(right, list):
        return [each for each in left if not any(compare(each, other, budget) == 0 for other in right)]
    raise _wrong("subtract", left, right)


def multiply(left: object, right: object, budget: Budget) -> object:
    """Return the product; a string is repeated, and objects are merged at every depth."""
    numbers = _numbers(left, right)
    if numbers is not None:
        one, other = numbers
        if isinstance(one, int) and isinstance(other, int):
            budget.text((one.bit_length() + other.bit_length()) * 16)
        return one * other
    if isinstance(left, dict) and isinstance(right, dict):
        return _merged(left, right, budget)
    for text, times in ((left, right), (right, left)):
        if isinstance(text, str) and isinstance(times, (int, float)) and is_number(times):
            return _repeated(text, to_float(times), budget)
    raise _wrong("multiply", left, right)


def _merged(left: dict[str, object], right: dict[str, object], budget: Budget) -> dict[str, object]:
    budget.spend(len(left) + len(right))
    merged = dict(left)
    for key, value in right.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _merged(old, value, budget)
        else:
            merged[key] = value
    return merged


def _repeated(text: str, times: float, budget: Budget) -> str | None:
    if times < 0 or math.isnan(times):
        return None
    count = int(min(times, _MOST_REPEATS))
    if len(text.encode("utf-8", "replace")) * count >= _MOST_REPEATS:
        message = f"repeat string result too large: {preview(text)} * {preview(times)}"
        raise FilterError(message)
    budget.text(len(text) * count)
    return text * count


def divide(left: object, right: object, _budget: Budget) -> object:
    """Return the quotient, an integer if it is one; a string is split."""
    numbers = _numbers(left, right)
    if numbers is not None:
        one, other = numbers
        if other == 0:
            raise FilterError(f"cannot divide {described(left)} by: {described(right)}")
        if isinstance(one, int) and isinstance(other, int) and one % other == 0:
            return one // other
        return to_float(one) / to_float(other)
    if isinstance(left, str) and isinstance(right, str):
        return split(left, right) if left else []
    raise _wrong("divide", left, right)


def split(text: str, separator: str) -> list[object]:
    """Return the pieces of a text; without a separator its characters."""
    return [*(text.split(separator) if separator else text)]


def modulo(left: object, right: object, _budget: Budget) -> object:
    """Return the remainder of integer division, of the sign of ``left``; floats are cut to integers."""
    numbers = _numbers(left, right)
    if numbers is None:
        raise _wrong("modulo", left, right)
    one, other = numbers
    if isinstance(one, float) or isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.nan
        one, other = to_int(one), to_int(other)
    if other == 0:
        raise FilterError(f"cannot modulo {described(left)} by: {described(right)}")
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def negate(value: object, _budget: Budget) -> object:
    """Return a number with the other sign."""
    if isinstance(value, WrittenFloat):
        return WrittenFloat.of(value.text[1:] if value.text.startswith("-") else f"-{value.text}")
    if not is_number(value):
        raise FilterError(f"cannot negate: {described(value)}")
    assert isinstance(value, (int, float))
    return -value


def plus(value: object, _budget: Budget) -> object:
    """Return a number."""
    if not is_number(value):
        raise FilterError(f"cannot plus: {described(value)}")
    return value


def alternative(left: object, right: object, _budget: Budget) -> object:
    """Return ``left`` unless it is null or false, else ``right``."""
    return left if is_true(left) else right


OPERATORS: dict[str, Callable[[object, object, Budget], object]] = {
    "+": add, "-": subtract, "*": multiply, "/": divide, "%": modulo, "//": alternative,
    "==": lambda left, right, budget: compare(left, right, budget) == 0,
    "!=": lambda left, right, budget: compare(left, right, budget) != 0,
    "<": lambda left, right, budget: compare(left, right, budget) < 0,
    "<=": lambda left, right, budget: compare(left, right, budget) <= 0,
    ">": lambda left, right, budget: compare(left, right, budget) > 0,
    ">=": lambda left, right, budget: compare(left, right, budget) >= 0,
}  # fmt: skip
