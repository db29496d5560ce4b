"""``sprig``'s functions on times.

Source: Masterminds/sprig v3.3.0, date.go.
"""

from __future__ import annotations

import re

from pinnace.language import dates
from pinnace.language.dates import SECOND, Duration, Time
from pinnace.language.functions.registry import sprig
from pinnace.language.methods import rounded_duration
from pinnace.language.values import Failure, Int64, wrap

sprig("func() time.Time", "now")(dates.now)
sprig("func(time.Time) string", "unixEpoch")(lambda time: str(time.instant // SECOND))
sprig("func(string, string) time.Time", "mustToDate")(
    lambda layout, text: dates.parse_time(layout, text, _local())
)


def _local() -> dates.Zone:
    return dates.load_zone("Local")


def _time(value: object) -> Time:
    """Return a time, or the time of Unix seconds; the present one for anything else."""
    if isinstance(value, Time):
        return value
    if type(value) in {int, Int64} and isinstance(value, int):
        return Time(int(value) * SECOND, _local())
    return dates.now()


@sprig("func(string, any, string) string", "dateInZone", "date_in_zone")
def date_in_zone(layout: str, value: object, zone: str) -> str:
    """Return a time written as ``layout`` shows, in a zone; in UTC when there is no such zone."""
    try:
        place = dates.load_zone(zone)
    except Failure:
        place = dates.UTC_ZONE
    return Time(_time(value).instant, place).format(layout)


sprig("func(string, any) string", "date")(lambda layout, value: date_in_zone(layout, value, "Local"))
sprig("func(any, string) string", "htmlDateInZone")(
    lambda value, zone: date_in_zone("2006-01-02", value, zone)
)
sprig("func(any) string", "htmlDate")(lambda value: date_in_zone("2006-01-02", value, "Local"))


@sprig("func(string, time.Time) time.Time", "mustDateModify", "must_date_modify")
def must_date_modify(text: str, time: Time) -> Time:
    """Return the time moved by a duration, as ``-1h30m``."""
    return time.plus(dates.parse_duration(text).nanoseconds)


@sprig("func(string, time.Time) time.Time", "dateModify", "date_modify")
def date_modify(text: str, time: Time) -> Time:
    """Return the time moved by a duration; unmoved when ``text`` is none."""
    try:
        return must_date_modify(text, time)
    except Failure:
        return time


@sprig("func(string, string) time.Time", "toDate")
def to_date(layout: str, text: str) -> Time:
    """Return the time that ``text`` means, or Go's zero time when it is none."""
    try:
        return dates.parse_time(layout, text, _local())
    except Failure:
        return dates.ZERO_TIME


@sprig("func(any) string", "ago")
def ago(value: object) -> str:
    """Return how long ago a time was, in whole seconds."""
    passed = Duration(wrap(dates.now().instant - _time(value).instant))
    return str(rounded_duration(passed, Duration(SECOND)))


@sprig("func(any) string", "duration")
def duration(value: object) -> str:
    """Return seconds, a string or an int64, as a duration."""
    seconds = 0
    if isinstance(value, Int64) or (isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,19}", value)):
        seconds = int(value)
    return str(Duration(wrap(wrap(seconds) * SECOND)))


_STEPS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


@sprig("func(any) string", "durationRound")
def duration_round(value: object) -> str:
    """Return a duration in its largest unit alone: ``2h``, ``3mo``."""
    nanoseconds = abs(_nanoseconds(value))
    for unit, seconds in _STEPS:
        if nanoseconds > seconds * SECOND:
            return f"{nanoseconds // (seconds * SECOND)}{unit}"
    return "0s"


def _nanoseconds(value: object) -> int:
    if isinstance(value, str):
        try:
            return dates.parse_duration(value).nanoseconds
        except Failure:
            return 0
    if isinstance(value, Int64):
        return int(value)
    return dates.now().instant - value.instant if isinstance(value, Time) else 0
