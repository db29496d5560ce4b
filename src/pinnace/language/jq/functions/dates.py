"""Functions of times, which are seconds since 1970 or arrays of eight numbers. There is no zone but UTC.

Source: itchyny/gojq v0.12.19, func.go; itchyny/timefmt-go.
"""

from __future__ import annotations

import math

from pinnace.language.dates import SECOND, now
from pinnace.language.jq.budget import Budget
from pinnace.language.jq.functions.registry import native
from pinnace.language.jq.numbers import is_number, to_float, to_int
from pinnace.language.jq.strftime import Moment, format_moment, parse_moment
from pinnace.language.jq.values import FilterError, failed, refused
from pinnace.language.values import Failure

_FIELDS = 8


def _moment(value: object) -> Moment:
    """Return the time that an array means: year, month from 0, day, hour, minute, second."""
    if not isinstance(value, list):
        raise FilterError("expected an array of 8 numbers")
    numbers = [0.0] * _FIELDS
    for at, each in enumerate(value[:_FIELDS]):
        if not isinstance(each, (int, float)) or not is_number(each):
            raise FilterError("expected an array of 8 numbers")
        numbers[at] = to_float(each)
    year, month, day, hour, minute = (to_int(number) for number in numbers[:5])
    second = numbers[5]
    fraction = int((second - math.floor(second)) * SECOND) if math.isfinite(second) else 0
    try:
        return Moment.of((year, month + 1, day, hour, minute, to_int(second)), fraction)
    except (OverflowError, ValueError):
        raise FilterError("the time is out of range") from None


def _array(seconds: float) -> list[object]:
    """Return a time as eight numbers."""
    if not math.isfinite(seconds):
        raise FilterError("the time is out of range")
    moment = Moment(int(seconds), int((seconds - math.floor(seconds)) * SECOND))
    year, month, day, hour, minute, second = moment.clock()
    shown = second + moment.nanoseconds / SECOND
    return [year, month - 1, day, hour, minute, shown, moment.weekday(), moment.yearday() - 1]


@native("gmtime")
def _gmtime(value: object, _budget: Budget) -> list[object]:
    if not isinstance(value, (int, float)) or not is_number(value):
        raise refused("gmtime", value)
    return _array(to_float(value))


@native("localtime")
def _localtime(value: object, _budget: Budget) -> list[object]:
    if not isinstance(value, (int, float)) or not is_number(value):
        raise refused("localtime", value)
    return _array(to_float(value))


@native("mktime")
def _mktime(value: object, _budget: Budget) -> float:
    if not isinstance(value, list):
        raise refused("mktime", value)
    try:
        return _moment(value).epoch()
    except FilterError as error:
        raise failed("mktime", value, error.message) from None


def _formatted(name: str, value: object, layout: object, budget: Budget) -> str:
    times = _array(to_float(value)) if isinstance(value, (int, float)) and is_number(value) else value
    if not isinstance(times, list) or not isinstance(layout, str):
        raise refused(name, value, layout)
    try:
        text = format_moment(_moment(times), layout)
    except FilterError as error:
        raise failed(name, value, error.message, layout) from None
    budget.text(len(text))
    return text


@native("strftime", 1)
def _strftime(value: object, layout: object, budget: Budget) -> str:
    return _formatted("strftime", value, layout, budget)


@native("strflocaltime", 1)
def _strflocaltime(value: object, layout: object, budget: Budget) -> str:
    return _formatted("strflocaltime", value, layout, budget)


@native("strptime", 1)
def _strptime(value: object, layout: object, _budget: Budget) -> list[object]:
    if not isinstance(value, str) or not isinstance(layout, str):
        raise refused("strptime", value, layout)
    try:
        return _array(parse_moment(value, layout).epoch())
    except Failure as failure:
        raise failed("strptime", value, failure.message, layout) from None


@native("now")
def _now(_value: object, _budget: Budget) -> float:
    return now().instant / SECOND
