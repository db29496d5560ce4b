"""Times, durations and time zones as Go has them, with Go's layouts (``2006-01-02``).

The one module of this package that knows the calendar, and the one that reads the clock, for ``now()``.
Source: Go time/format.go, time/time.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo

from pinnace.language.date_layouts import DAYS, ELEMENT, MONTHS, Reader, read
from pinnace.language.values import Failure

NANOSECOND = 1
SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Seconds in the 400 years after which the calendar repeats.
_CYCLE = 146_097 * 86_400
#: Seconds from 1970 to the years 2 and 9999, between which Python can compute in every zone.
_EARLIEST, _LATEST = -62_104_060_800, 253_370_764_800
_UNITS = {
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000,
    "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_MAX_DURATION = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time, in nanoseconds."""

    nanoseconds: int
    go_type: ClassVar[str] = "time.Duration"

    def __str__(self) -> str:
        """Return it as Go writes it: ``1h30m0s``, ``1.5s``, ``250ms``."""
        total = abs(self.nanoseconds)
        sign = "-" if self.nanoseconds < 0 else ""
        if total < SECOND:
            if total == 0:
                return "0s"
            unit, size = next((u, s) for u, s in (("ms", 10**6), ("µs", 1000), ("ns", 1)) if total >= s)
            return f"{sign}{_decimal(total, size)}{unit}"
        minutes, rest = divmod(total, 60 * SECOND)
        text = f"{_decimal(rest, SECOND)}s"
        if minutes:
            hours, minutes = divmod(minutes, 60)
            text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
        return sign + text


@dataclass(frozen=True, slots=True)
class Zone:
    """A place whose clocks are read: its name and its rules."""

    name: str
    rules: tzinfo
    go_type: ClassVar[str] = "*time.Location"

    def __str__(self) -> str:
        """Return the name."""
        return self.name


@dataclass(frozen=True, slots=True)
class Named:
    """A month or a day of the week: a number with a name, which is not an ``int`` to the language."""

    go_type: str
    number: int

    def __str__(self) -> str:
        """Return the name: ``January``, ``Monday``."""
        if self.go_type == "time.Month":
            return MONTHS[self.number - 1]
        return DAYS[(self.number - 1) % 7]


@dataclass(frozen=True, slots=True, eq=False)
class Time:
    """An instant, in nanoseconds since 1970, and the zone in which it is shown."""

    instant: int
    zone: Zone
    go_type: ClassVar[str] = "time.Time"

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same instant, in whatever zone."""
        return isinstance(other, Time) and self.instant == other.instant

    def __hash__(self) -> int:
        """Return the hash of the instant."""
        return hash(self.instant)

    def __str__(self) -> str:
        """Return it as Go prints it: ``2023-08-14 00:00:00 +0000 UTC``."""
        return self.format("2006-01-02 15:04:05.999999999 -0700 MST")

    def local(self) -> datetime:
        """Return its calendar date and clock time in its zone, to the second.

        Outside of the years 1 to 9999 the year is another one, whole cycles of 400 years away; see ``year``.
        """
        seconds = self.instant // SECOND + self._cycles() * _CYCLE
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(self.zone.rules)

    def year(self) -> int:
        """Return the year in its zone, which may be zero or less."""
        return self.local().year - 400 * self._cycles()

    def _cycles(self) -> int:
        """Return how many cycles of the calendar lie between it and the years that Python knows."""
        seconds = self.instant // SECOND
        if seconds < _EARLIEST:
            return (_EARLIEST - seconds) // _CYCLE + 1
        return -((seconds - _LATEST) // _CYCLE + 1) if seconds > _LATEST else 0

    def format(self, layout: str) -> str:
        """Return it written as ``layout`` shows."""
        local, nanoseconds = self.local(), self.instant % SECOND
        pieces: list[str] = []
        at = 0
        for match in ELEMENT.finditer(layout):
            pieces.append(layout[at : match.start()])
            pieces.append(self._formatted(match[0], local, nanoseconds))
            at = match.end()
        pieces.append(layout[at:])
        return "".join(pieces)

    def _formatted(self, element: str, local: datetime, nanoseconds: int) -> str:
        """Return what one element of a layout shows."""
        if element in {"2006", "06"}:
            year = self.year()
            sign = "-" if year < 0 else ""
            return f"{sign}{abs(year):04d}" if element == "2006" else f"{abs(year) % 100:02d}"
        simple = _SIMPLE.get(element)
        if simple is not None:
            return simple(local)
        return _fraction(element, nanoseconds) if element[0] in ".," else _offset(element, local)

    def plus(self, nanoseconds: int) -> Time:
        """Return the time that many nanoseconds later."""
        return Time(self.instant + nanoseconds, self.zone)


UTC_ZONE = Zone("UTC", UTC)
#: Go's zero time: the first instant of the year 1.
ZERO_TIME = Time(-62_135_596_800 * SECOND, UTC_ZONE)


def now(zone: Zone = UTC_ZONE) -> Time:
    """Return the present time."""
    passed = datetime.now(UTC) - _EPOCH
    return Time((passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds * 1000, zone)


def parse_duration(text: str) -> Duration:
    """Return the duration that ``text`` means: ``1h30m``, ``-1.5s``.

    Raises:
        Failure: it has no unit, an unknown one, or is too long.
    """
    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in {"-", "+"} else text
    if body == "0":
        return Duration(0)
    total, at = 0, 0
    for match in _DURATION_TERM.finditer(body):
        if match.start() != at:
            break
        at, size = match.end(), _UNITS[match[3]]
        fraction = match[2] or ""
        total += int(match[1] or 0) * size + (int(fraction) * size // 10 ** len(fraction) if fraction else 0)
    if not body or at != len(body) or total > _MAX_DURATION:
        message = f'time: invalid duration "{text}"'
        raise Failure(message)
    return Duration(sign * total)


def load_zone(name: str) -> Zone:
    """Return the zone of an IANA name; ``""`` and ``Local`` are UTC here.

    Raises:
        Failure: there is no such zone.
    """
    if name in {"", "UTC"}:
        return UTC_ZONE
    if name == "Local":
        return Zone("Local", UTC)
    try:
        if ".." in name or name.startswith(("/", "\\")):
            raise ValueError(name)
        return Zone(name, ZoneInfo(name))
    except (OSError, ValueError, LookupError):
        message = f"unknown time zone {name}"
        raise Failure(message) from None


def at_local(value: tuple[int, int, int, int, int, int], nanoseconds: int, zone: Zone) -> Time:
    """Return the instant at which the clocks of ``zone`` show year, month, day, hour, minute, second."""
    return Time(from_clock(on_clock(datetime(*value, tzinfo=UTC)), zone) * SECOND + nanoseconds, zone)


def clock(instant: int, zone: Zone) -> datetime:
    """Return what the clocks of ``zone`` show, that many seconds after 1970; years 1 to 9999."""
    return (_EPOCH + timedelta(seconds=instant)).astimezone(zone.rules)


def on_clock(shown: datetime) -> int:
    """Return what a clock shows as a number: the seconds since 1970 if it were a clock in UTC."""
    delta = shown.replace(tzinfo=UTC) - _EPOCH
    return delta.days * 86_400 + delta.seconds


def first_of_month(year: int, month: int) -> int:
    """Return the begin of a month, as ``on_clock`` counts; the 13th month is in the next year."""
    return on_clock(datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC))


def from_clock(shown: int, zone: Zone) -> int:
    """Return the seconds since 1970 at which the clocks of ``zone`` show that; see ``on_clock``.

    Of the hours that clocks show twice, and near one that they skip, it is the one that Go takes.
    Source: Go time.Date.
    """
    guess = shown - _offset_at(shown, zone)
    return shown - _offset_at(guess, zone)


def _offset_at(instant: int, zone: Zone) -> int:
    """Return how many seconds the clocks of ``zone`` are ahead of UTC."""
    offset = clock(min(max(instant, _EARLIEST), _LATEST), zone).utcoffset() or timedelta(0)
    return offset.days * 86_400 + offset.seconds


def parse_time(layout: str, text: str, zone: Zone = UTC_ZONE) -> Time:
    """Return the time that ``text``, written as ``layout`` shows, means.

    Args:
        layout: Go's reference time, as ``2006-01-02 15:04``.
        text: what to read.
        zone: where it is meant when it names no zone itself.

    Raises:
        Failure: ``text`` does not fit the layout, or is no date.
    """
    return _time_of(read(layout, text), zone)


_DURATION_TERM = re.compile(r"(?=\.?\d)(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)")


def _decimal(value: int, unit: int) -> str:
    """Return ``value / unit`` with as many decimals as it has."""
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")


def _fraction(element: str, nanoseconds: int) -> str:
    """Return the decimals that ``.000`` shows, or ``.999``, which shows none where they are zero."""
    digits = f"{nanoseconds:09d}"[: len(element) - 1]
    if element[1] == "0":
        return element[0] + digits
    digits = digits.rstrip("0")
    return element[0] + digits if digits else ""


def _offset(element: str, local: datetime) -> str:
    delta = local.utcoffset() or timedelta(0)
    seconds = round(delta.total_seconds())
    if element[0] == "Z" and seconds == 0:
        return "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    colon = ":" if ":" in element else ""
    hours, minutes = f"{seconds // 3600:02d}", f"{seconds // 60 % 60:02d}"
    if element[1:] == "07":
        return f"{sign}{hours}"
    if element[1:] in {"0700", "07:00"}:
        return f"{sign}{hours}{colon}{minutes}"
    return f"{sign}{hours}{colon}{minutes}{colon}{seconds % 60:02d}"


def _zone_name(local: datetime) -> str:
    """Return the abbreviation of the zone; an unnamed offset is written as such."""
    if isinstance(local.tzinfo, timezone) and local.tzinfo is not UTC:
        name = local.tzname() or ""
        if not name.startswith("UTC"):
            return name
        return (
            _offset("-0700", local) if not _offset("-0700", local).endswith("00") else _offset("-07", local)
        )
    return local.tzname() or "UTC"


_SIMPLE: dict[str, Callable[[datetime], str]] = {
    "January": lambda t: MONTHS[t.month - 1], "Jan": lambda t: MONTHS[t.month - 1][:3],
    "Monday": lambda t: DAYS[t.weekday()], "Mon": lambda t: DAYS[t.weekday()][:3],
    "MST": _zone_name,

    "01": lambda t: f"{t.month:02d}", "1": lambda t: str(t.month),
    "02": lambda t: f"{t.day:02d}", "2": lambda t: str(t.day), "_2": lambda t: f"{t.day:2d}",
    "002": lambda t: f"{t.timetuple().tm_yday:03d}", "__2": lambda t: f"{t.timetuple().tm_yday:3d}",
    "15": lambda t: f"{t.hour:02d}",
    "03": lambda t: f"{(t.hour + 11) % 12 + 1:02d}", "3": lambda t: str((t.hour + 11) % 12 + 1),
    "04": lambda t: f"{t.minute:02d}", "4": lambda t: str(t.minute),
    "05": lambda t: f"{t.second:02d}", "5": lambda t: str(t.second),
    "PM": lambda t: "AM" if t.hour < 12 else "PM", "pm": lambda t: "am" if t.hour < 12 else "pm",
}  # fmt: skip


def _time_of(reader: Reader, zone: Zone) -> Time:
    """Return the time that ``reader`` has read; ``zone`` holds unless the text names one."""
    parts = reader.parts
    year = parts.get("year", 0)
    if "short_year" in parts:
        year = parts["short_year"] + (1900 if parts["short_year"] >= 69 else 2000)
    hour = parts.get("hour", parts.get("hour12", 0))
    if reader.afternoon is not None:
        hour = hour % 12 + (12 if reader.afternoon else 0)
    shift = 0
    if year == 0:
        # The calendar here begins with the year 1; the year 0 is a leap year as 2000 is.
        year, shift = 2000, -730_485 * 86_400 * SECOND
    try:
        day = datetime(year, parts.get("month", 1), parts.get("day", 1), tzinfo=UTC)
        if "yearday" in parts:
            day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=parts["yearday"] - 1)
        made = at_local(
            (day.year, day.month, day.day, hour, parts.get("minute", 0), parts.get("second", 0)),
            reader.nanoseconds,
            _written_zone(reader, zone),
        )
    except ValueError:
        message = f'parsing time "{reader.text}": day out of range'
        raise Failure(message) from None
    return Time(made.instant + shift, made.zone)


def _written_zone(reader: Reader, zone: Zone) -> Zone:
    """Return the zone that the text names, or ``zone``."""
    if reader.offset is None:
        return (
            Zone(reader.abbreviation, timezone(timedelta(0), reader.abbreviation))
            if reader.abbreviation
            else zone
        )
    if reader.offset == 0 and (reader.abbreviation in {"UTC", ""}):
        return UTC_ZONE
    delta = timedelta(seconds=reader.offset)
    name = reader.abbreviation
    return Zone(name, timezone(delta, name) if name else timezone(delta))
