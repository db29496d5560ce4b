"""The language's own functions on times: ``now``, ``duration``, ``date`` and ``timezone``.

Source: expr-lang v1.17.8, builtin/builtin.go.
"""

from __future__ import annotations

from pinnace.language import date_layouts, dates
from pinnace.language.dates import Duration, Time, Zone
from pinnace.language.functions.arguments import text
from pinnace.language.functions.registry import builtin
from pinnace.language.types import LOCATION, TIME, Type
from pinnace.language.values import Failure

_LAYOUTS = (
    "2006-01-02", "15:04:05", "2006-01-02 15:04:05", date_layouts.RFC3339, date_layouts.RFC822,
    date_layouts.RFC850, date_layouts.RFC1123,
)  # fmt: skip


def _check_now(types: list[Type]) -> Type:
    if not types or (len(types) == 1 and types[0].name == LOCATION.name):
        return TIME
    message = f"invalid number of arguments (expected 0, got {len(types)})"
    raise Failure(message)


@builtin("now", check=_check_now)
def now(zone: object = dates.UTC_ZONE) -> Time:
    """Return the present time, in a zone if given."""
    if isinstance(zone, Zone):
        return dates.now(zone)
    message = "invalid number of arguments (expected 0, got 1)"
    raise Failure(message)


@builtin("duration", "func(string) time.Duration")
def duration(value: object) -> Duration:
    """Return the duration that a text means, as ``1h30m``."""
    return dates.parse_duration(text(value))


@builtin("timezone", "func(string) *time.Location")
def timezone(name: object) -> Zone:
    """Return the time zone of a name, as ``Europe/Zurich``."""
    return dates.load_zone(text(name))


def _check_date(types: list[Type]) -> Type:
    if not types:
        message = "invalid number of arguments (expected at least 1, got 0)"
        raise Failure(message)
    count = len(types) - (types[0].name == LOCATION.name)
    if count > 3:
        message = f"invalid number of arguments (expected at most 3, got {count})"
        raise Failure(message)
    return TIME


@builtin("date", check=_check_date)
def date(*values: object) -> Time:
    """Return the time that a text means: ``date([zone,] text [, layout [, zone name]])``."""
    zone = dates.UTC_ZONE
    if values and isinstance(values[0], Zone):
        zone, values = values[0], values[1:]
    if not values:
        message = "invalid number of arguments (expected at least 1, got 0)"
        raise Failure(message)
    written = text(values[0])
    if len(values) == 2:
        return dates.parse_time(text(values[1]), written, zone)
    if len(values) == 3:
        return dates.parse_time(text(values[1]), written, dates.load_zone(text(values[2])))
    for layout in _LAYOUTS:
        try:
            return dates.parse_time(layout, written, zone)
        except Failure:
            continue
    message = f"invalid date {written[:80]}"
    raise Failure(message)
