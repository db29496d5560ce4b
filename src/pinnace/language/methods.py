"""Methods that an expression may call on a value: ``date("…").Year()``, ``response.headers.Get("X")``.

Only what is listed here can be called; an expression never reaches an attribute of a Python object.
Source: Go time, net/http; Masterminds/semver v3.
"""

from __future__ import annotations

from collections.abc import Callable

from pinnace.language.dates import (
    SECOND,
    UTC_ZONE,
    ZERO_TIME,
    Duration,
    Named,
    Time,
    Zone,
    at_local,
    load_zone,
)
from pinnace.language.semver import Version
from pinnace.language.values import (
    Failure,
    Function,
    Header,
    Int64,
    NilStrings,
    Uint64,
    canonical_header,
    wrap,
)

_MICROSECOND, _MILLISECOND = Duration(1000), Duration(1_000_000)
_Table = dict[str, tuple[str, Callable[..., object]]]


def method(value: object, name: str) -> Function | None:
    """Return the method ``name`` of ``value``, bound to it, or ``None`` when it has none of that name."""
    table = _METHODS.get(type(value))
    if table is None or name not in table:
        return None
    signature, call = table[name]
    return Function(name, signature, lambda *arguments: call(value, *arguments))


def _add_date(time: Time, years: int, months: int, days: int) -> Time:
    """Return ``time`` moved by calendar units; a day that does not exist runs over into the next month."""
    local = time.local()
    month = time.year() * 12 + local.month - 1 + wrap(years) * 12 + wrap(months)
    if not 12 <= month < 12 * 9999:
        message = "the time is outside of the years 1 to 9999"
        raise Failure(message)
    first = (month // 12, month % 12 + 1, 1, local.hour, local.minute, local.second)
    start = at_local(first, time.instant % SECOND, Zone("UTC", UTC_ZONE.rules))
    moved = start.plus((local.day - 1 + days) * 86_400 * SECOND).local()
    clock = (moved.year, moved.month, moved.day, moved.hour, moved.minute, moved.second)
    return at_local(clock, time.instant % SECOND, time.zone)


def _truncated(time: Time, step: Duration) -> Time:
    if step.nanoseconds <= 0:
        return time
    return time.plus(-((time.instant - ZERO_TIME.instant) % step.nanoseconds))


def _rounded(time: Time, step: Duration) -> Time:
    if step.nanoseconds <= 0:
        return time
    rest = (time.instant - ZERO_TIME.instant) % step.nanoseconds
    return time.plus(-rest if rest * 2 < step.nanoseconds else step.nanoseconds - rest)


def truncated_duration(duration: Duration, step: Duration) -> Duration:
    """Return ``duration`` rounded toward zero to a multiple of ``step``."""
    if step.nanoseconds <= 0:
        return duration
    whole = abs(duration.nanoseconds) // step.nanoseconds * step.nanoseconds
    return Duration(-whole if duration.nanoseconds < 0 else whole)


def rounded_duration(duration: Duration, step: Duration) -> Duration:
    """Return ``duration`` rounded to the nearest multiple of ``step``, halves away from zero."""
    if step.nanoseconds <= 0:
        return duration
    whole = (abs(duration.nanoseconds) * 2 + step.nanoseconds) // (2 * step.nanoseconds) * step.nanoseconds
    return Duration(-whole if duration.nanoseconds < 0 else whole)


def _day_of_year(time: Time) -> int:
    return time.local().timetuple().tm_yday


def _header_values(header: Header, name: str) -> object:
    return header.get(canonical_header(name), NilStrings())


def _header_first(header: Header, name: str) -> object:
    values = header.get(canonical_header(name))
    return values[0] if isinstance(values, list) and values else ""


_TIME: _Table = {
    "Year": ("func() int", Time.year),
    "Month": ("func() time.Month", lambda t: Named("time.Month", t.local().month)),
    "Day": ("func() int", lambda t: t.local().day),
    "Hour": ("func() int", lambda t: t.local().hour),
    "Minute": ("func() int", lambda t: t.local().minute),
    "Second": ("func() int", lambda t: t.local().second),
    "Nanosecond": ("func() int", lambda t: t.instant % SECOND),
    "YearDay": ("func() int", _day_of_year),
    "Weekday": ("func() time.Weekday", lambda t: Named("time.Weekday", (t.local().weekday() + 1) % 7)),
    "Unix": ("func() int64", lambda t: Int64(t.instant // SECOND)),
    "UnixMilli": ("func() int64", lambda t: Int64(t.instant // 1_000_000)),
    "UnixMicro": ("func() int64", lambda t: Int64(t.instant // 1000)),
    "UnixNano": ("func() int64", lambda t: Int64(wrap(t.instant))),
    "String": ("func() string", str),
    "Format": ("func(string) string", Time.format),
    "Location": ("func() *time.Location", lambda t: t.zone),
    "IsZero": ("func() bool", lambda t: t == ZERO_TIME),
    "UTC": ("func() time.Time", lambda t: Time(t.instant, UTC_ZONE)),
    "Local": ("func() time.Time", lambda t: Time(t.instant, load_zone("Local"))),
    "In": ("func(*time.Location) time.Time", lambda t, zone: Time(t.instant, zone)),
    "Add": ("func(time.Duration) time.Time", lambda t, d: t.plus(d.nanoseconds)),
    "AddDate": ("func(int, int, int) time.Time", _add_date),
    "Sub": ("func(time.Time) time.Duration", lambda t, other: Duration(wrap(t.instant - other.instant))),
    "Before": ("func(time.Time) bool", lambda t, other: t.instant < other.instant),
    "After": ("func(time.Time) bool", lambda t, other: t.instant > other.instant),
    "Equal": ("func(time.Time) bool", lambda t, other: t.instant == other.instant),
    "Compare": ("func(time.Time) int", lambda t, o: (t.instant > o.instant) - (t.instant < o.instant)),
    "Truncate": ("func(time.Duration) time.Time", _truncated),
    "Round": ("func(time.Duration) time.Time", _rounded),
}
_DURATION: _Table = {
    "Hours": ("func() float64", lambda d: d.nanoseconds / (3600 * SECOND)),
    "Minutes": ("func() float64", lambda d: d.nanoseconds / (60 * SECOND)),
    "Seconds": ("func() float64", lambda d: d.nanoseconds / SECOND),
    "Milliseconds": (
        "func() int64",
        lambda d: Int64(truncated_duration(d, _MILLISECOND).nanoseconds // 10**6),
    ),
    "Microseconds": (
        "func() int64",
        lambda d: Int64(truncated_duration(d, _MICROSECOND).nanoseconds // 1000),
    ),
    "Nanoseconds": ("func() int64", lambda d: Int64(d.nanoseconds)),
    "String": ("func() string", str),
    "Abs": ("func() time.Duration", lambda d: Duration(abs(d.nanoseconds))),
    "Truncate": ("func(time.Duration) time.Duration", truncated_duration),
    "Round": ("func(time.Duration) time.Duration", rounded_duration),
}
_VERSION: _Table = {
    "Major": ("func() uint64", lambda v: Uint64(v.major)),
    "Minor": ("func() uint64", lambda v: Uint64(v.minor)),
    "Patch": ("func() uint64", lambda v: Uint64(v.patch)),
    "Prerelease": ("func() string", lambda v: v.prerelease),
    "Metadata": ("func() string", lambda v: v.metadata),
    "Original": ("func() string", lambda v: v.original),
    "String": ("func() string", str),
}
_STRING: _Table = {"String": ("func() string", str)}
_HEADER: _Table = {
    "Get": ("func(string) string", _header_first),
    "Values": ("func(string) []string", _header_values),
}
_METHODS: dict[type, _Table] = {
    Time: _TIME, Duration: _DURATION, Version: _VERSION, Named: _STRING, Zone: _STRING, Header: _HEADER,
}  # fmt: skip
