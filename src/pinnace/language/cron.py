"""Cron schedules as CronWorkflows have them: five fields or ``@every 1h30m``, in a time zone.

A schedule is asked for the next tick after an instant; it reads no clock. Where clocks are put forward, a
tick that they skip does not happen; where they are put back, one in the repeated hour happens twice.
Source: robfig/cron v3.0.1, ParseStandard and SpecSchedule.Next.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Protocol

from pinnace.language.dates import (
    SECOND,
    UTC_ZONE,
    Zone,
    clock,
    first_of_month,
    from_clock,
    load_zone,
    on_clock,
    parse_duration,
)
from pinnace.language.errors import ExpressionError
from pinnace.language.values import Failure

#: Years that a tick may lie ahead; a schedule without one until then, as of 30 February, never ticks.
_HORIZON = 5
_DAY = 86_400
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Schedule(Protocol):
    """When something is to happen, again and again."""

    def next(self, after: float) -> int | None:
        """Return the first tick later than ``after``, or ``None`` if there is none within five years.

        Both are seconds since 1970; a tick is a whole second.
        """
        ...


def parse_schedule(
    text: str, timezone: str = "", *, local: Zone = UTC_ZONE, every_from: float | None = None
) -> Schedule:
    """Return the schedule that ``text`` means.

    Args:
        text: five fields, ``@daily`` and such, or ``@every DURATION``; may begin with ``TZ=ZONE``.
        timezone: the zone of the CronWorkflow's ``timezone``, as ``Europe/London``; empty if it has none.
        local: the zone of schedules that name none.
        every_from: the instant from which ``@every`` counts, so that all who ask come to the same ticks; None
            counts from the instant that is asked about, as robfig's cron does.

    Raises:
        ExpressionError: it cannot be read, or there is no such zone; stage ``parse``.
    """
    try:
        return _parse(f"CRON_TZ={timezone} {text}" if timezone else text, local, every_from)
    except Failure as failure:
        raise ExpressionError(failure.message, text, failure.position, "parse") from None


def _parse(text: str, zone: Zone, every_from: float | None) -> Schedule:
    if not text:
        raise Failure("empty spec string")
    if text.startswith(("TZ=", "CRON_TZ=")):
        prefix, blank, text = text.partition(" ")
        if not blank:
            raise Failure(f"no schedule follows the time zone of {prefix!r}")
        name = prefix.partition("=")[2]
        try:
            zone = zone if name == "Local" else load_zone(name)
        except Failure as failure:
            raise Failure(f"provided bad location {name}: {failure.message}") from None
        text = text.strip()
    if text.startswith("@every "):
        try:
            nanoseconds = parse_duration(text.removeprefix("@every ")).nanoseconds
        except Failure as failure:
            raise Failure(f"failed to parse duration {text}: {failure.message}") from None
        return _Every(max(nanoseconds // SECOND, 1), every_from)
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise Failure(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    written = text.split()
    if len(written) != len(_BOUNDS):
        raise Failure(f"expected exactly 5 fields, found {len(written)}: [{' '.join(written)}]")
    minute, hour, day, month, weekday = map(_field, written, _BOUNDS)
    return _Fields(minute, hour, day, month, weekday, zone)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a field may hold: from, to, and names that stand for numbers."""

    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """Return the number that a part of a field means."""
        name = text.lower()
        return self.least + self.names.index(name) if name in self.names else _integer(text)


_BOUNDS = (_Bounds(0, 59), _Bounds(0, 23), _Bounds(1, 31), _Bounds(1, 12, _MONTHS), _Bounds(0, 6, _WEEKDAYS))
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Field:
    """The numbers that a field allows, and whether it was left open, which matters for the kinds of day."""

    numbers: frozenset[int]
    star: bool


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Failure(f"failed to parse int from {text}: invalid syntax")
    number = int(text)
    if number < 0:
        raise Failure(f"negative number ({number}) not allowed: {text}")
    return number


def _field(text: str, bounds: _Bounds) -> _Field:
    """Return what ``1-5,10/2`` allows."""
    numbers: set[int] = set()
    star = False
    for part in filter(None, text.split(",")):
        allowed, open_ = _range(part, bounds)
        numbers.update(allowed)
        star = star or open_
    return _Field(frozenset(numbers), star)


def _range(text: str, bounds: _Bounds) -> tuple[range, bool]:
    """Return what ``low-high/step`` allows, and whether it is a ``*`` or ``?`` that leaves nothing out."""
    span, *steps = text.split("/")
    low, *high = span.split("-")
    star = low in {"*", "?"}
    if star:
        start, end = bounds.least, bounds.most
    else:
        if len(high) > 1:
            raise Failure(f"too many hyphens: {text}")
        start = bounds.number(low)
        end = bounds.number(high[0]) if high else start
    if len(steps) > 1:
        raise Failure(f"too many slashes: {text}")
    step = _integer(steps[0]) if steps else 1
    if steps and not high:
        end = bounds.most
    if start < bounds.least:
        raise Failure(f"beginning of range ({start}) below minimum ({bounds.least}): {text}")
    if end > bounds.most:
        raise Failure(f"end of range ({end}) above maximum ({bounds.most}): {text}")
    if start > end:
        raise Failure(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise Failure(f"step of range should be a positive number: {text}")
    return range(start, end + 1, step), star and step == 1


@dataclass(frozen=True, slots=True)
class _Every:
    """Ticks a fixed time apart, counted from ``origin``, or from the instant that is asked about."""

    seconds: int
    origin: float | None

    def next(self, after: float) -> int:
        if self.origin is None:
            return math.floor(after) + self.seconds
        first = math.floor(self.origin)
        return first + ((math.floor(after) - first) // self.seconds + 1) * self.seconds


@dataclass(frozen=True, slots=True)
class _Fields:
    """Ticks at the minutes whose time and date all fields allow, on the clocks of a zone."""

    minute: _Field
    hour: _Field
    day: _Field
    month: _Field
    weekday: _Field
    zone: Zone

    def next(self, after: float) -> int | None:
        search = _Search(self, math.floor(after) + 1)
        last = search.shown.year + _HORIZON
        while search.shown.year <= last:
            if search.month() and search.day() and search.hour() and search.minute() and search.second():
                return search.at
        return None

    def allows_day(self, day: int, weekday: int) -> bool:
        """Return whether a day may be: both kinds of day must allow it if one is open, else either."""
        of_month, of_week = day in self.day.numbers, weekday in self.weekday.numbers
        if self.day.star or self.weekday.star:
            return of_month and of_week
        return of_month or of_week


class _Search:
    """The way to the next tick: field by field, the largest first.

    A step that runs into the next larger unit (``False``) sends the search back to the first field. It goes
    by the clock, and by real time within a day, so that changes of the clock have the effect that they have
    in robfig's cron: after a change by half an hour whole days may be left out.
    """

    def __init__(self, fields: _Fields, at: int) -> None:
        self.fields = fields
        self.moved = False
        self.at = at
        self.shown = clock(at, fields.zone)

    def go(self, at: int) -> None:
        self.at = at
        self.shown = clock(at, self.fields.zone)

    def go_to(self, shown: int) -> None:
        """Go to where the clock shows that; see ``on_clock``."""
        self.go(from_clock(shown, self.fields.zone))

    def month(self) -> bool:
        while self.shown.month not in self.fields.month.numbers:
            if not self.moved:
                self.moved = True
                self.go_to(first_of_month(self.shown.year, self.shown.month))
            since_first = on_clock(self.shown) - first_of_month(self.shown.year, self.shown.month)
            self.go_to(first_of_month(self.shown.year, self.shown.month + 1) + since_first)
            if self.shown.month == 1:
                return False
        return True

    def day(self) -> bool:
        while not self.fields.allows_day(self.shown.day, self.shown.isoweekday() % 7):
            if not self.moved:
                self.moved = True
                self.go_to(on_clock(self.shown) // _DAY * _DAY)
            self.go_to(on_clock(self.shown) + _DAY)
            hour = self.shown.hour
            if hour:
                # Midnight is skipped or repeated on this day.
                self.go(self.at + (24 - hour if hour > 12 else -hour) * 3600)
            if self.shown.day == 1:
                return False
        return True

    def hour(self) -> bool:
        while self.shown.hour not in self.fields.hour.numbers:
            if not self.moved:
                self.moved = True
                self.go_to(on_clock(self.shown) // 3600 * 3600)
            self.go(self.at + 3600)
            if self.shown.hour == 0:
                return False
        return True

    def minute(self) -> bool:
        while self.shown.minute not in self.fields.minute.numbers:
            if not self.moved:
                self.moved = True
                self.go(self.at // 60 * 60)
            self.go(self.at + 60)
            if self.shown.minute == 0:
                return False
        return True

    def second(self) -> bool:
        if self.shown.second == 0:
            return True
        self.moved = True
        self.go(self.at + 60 - self.shown.second)
        return False
