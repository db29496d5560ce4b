"""Times written and read as ``strftime`` and ``strptime`` do.

Source: itchyny/timefmt-go v0.1.8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from pinnace.language.date_layouts import DAYS, MONTHS
from pinnace.language.dates import SECOND, UTC_ZONE, Time
from pinnace.language.values import Failure

_DAY = 86_400
_SUNDAYS_FIRST = (DAYS[6], *DAYS[:6])
_WIDEST = 1024
_COMBINED = {
    "c": "%a %b %e %H:%M:%S %Y", "+": "%a %b %e %H:%M:%S %Z %Y", "v": "%e-%b-%Y", "r": "%I:%M:%S %p",
    "F": "%Y-%m-%d", "D": "%m/%d/%y", "x": "%m/%d/%y", "T": "%H:%M:%S", "X": "%H:%M:%S", "R": "%H:%M",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%([-_^#0]*)([1-9][0-9]*)?(:{0,3}z|.)", re.DOTALL)


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 1970 to a date of the Gregorian calendar; month and day may run over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


class Moment(NamedTuple):
    """An instant: seconds since 1970, and the nanoseconds after them."""

    seconds: int
    nanoseconds: int = 0

    @classmethod
    def of(cls, clock: tuple[int, int, int, int, int, int], nanoseconds: int = 0) -> Moment:
        """Return the instant of year, month, day, hour, minute, second, each of which may run over."""
        year, month, day, hour, minute, second = clock
        return cls(_days(year, month, day) * _DAY + hour * 3600 + minute * 60 + second, nanoseconds)

    def epoch(self) -> float:
        """Return the seconds since 1970."""
        return float(self.seconds) + self.nanoseconds / SECOND

    def time(self) -> Time:
        """Return the instant in UTC."""
        return Time(self.seconds * SECOND, UTC_ZONE)

    def clock(self) -> tuple[int, int, int, int, int, int]:
        """Return year, month, day, hour, minute, second."""
        time = self.time()
        shown = time.local()
        return time.year(), shown.month, shown.day, shown.hour, shown.minute, shown.second

    def weekday(self) -> int:
        """Return the day of the week; Sunday is 0."""
        return (self.seconds // _DAY + 4) % 7

    def yearday(self) -> int:
        """Return the day of the year, from 1."""
        return self.seconds // _DAY - _days(self.clock()[0], 1, 1) + 1

    def iso_week(self) -> tuple[int, int]:
        """Return year and week by ISO 8601: that of this week's Thursday."""
        thursday = Moment(self.seconds + (4 - (self.weekday() or 7)) * _DAY)
        return thursday.clock()[0], (thursday.yearday() - 1) // 7 + 1


#: A number with how many places it has, and what fills them.
_Number = tuple[int, int, str]
_NUMBERS: dict[str, Callable[[Moment], _Number]] = {
    "Y": lambda m: (m.clock()[0], 4, "0"), "C": lambda m: (m.clock()[0] // 100, 2, "0"),
    "y": lambda m: (abs(m.clock()[0]) % 100, 2, "0"), "m": lambda m: (m.clock()[1], 2, "0"),
    "G": lambda m: (m.iso_week()[0], 4, "0"), "g": lambda m: (abs(m.iso_week()[0]) % 100, 2, "0"),
    "V": lambda m: (m.iso_week()[1], 2, "0"), "U": lambda m: ((m.yearday() + 6 - m.weekday()) // 7, 2, "0"),
    "W": lambda m: ((m.yearday() + 6 - (m.weekday() - 1) % 7) // 7, 2, "0"),
    "w": lambda m: (m.weekday(), 0, "0"), "u": lambda m: (m.weekday() or 7, 0, "0"),
    "d": lambda m: (m.clock()[2], 2, "0"), "e": lambda m: (m.clock()[2], 2, " "),
    "j": lambda m: (m.yearday(), 3, "0"), "H": lambda m: (m.clock()[3], 2, "0"),
    "k": lambda m: (m.clock()[3], 2, " "), "I": lambda m: (m.clock()[3] % 12 or 12, 2, "0"),
    "l": lambda m: (m.clock()[3] % 12 or 12, 2, " "), "M": lambda m: (m.clock()[4], 2, "0"),
    "S": lambda m: (m.clock()[5], 2, "0"), "s": lambda m: (m.seconds, 0, " "),
    "f": lambda m: (m.nanoseconds // 1000, 6, "0"),
}  # fmt: skip
_TEXTS: dict[str, Callable[[Moment], str]] = {
    "B": lambda m: MONTHS[m.clock()[1] - 1], "b": lambda m: MONTHS[m.clock()[1] - 1][:3],
    "h": lambda m: MONTHS[m.clock()[1] - 1][:3], "A": lambda m: _SUNDAYS_FIRST[m.weekday()],
    "a": lambda m: _SUNDAYS_FIRST[m.weekday()][:3], "p": lambda m: "AM" if m.clock()[3] < 12 else "PM",
    "P": lambda m: "am" if m.clock()[3] < 12 else "pm", "Z": lambda _: "UTC", "t": lambda _: "\t",
    "n": lambda _: "\n", "%": lambda _: "%", "z": lambda _: "+0000", ":z": lambda _: "+00:00",
    "::z": lambda _: "+00:00:00", ":::z": lambda _: "+00",
}  # fmt: skip


def format_moment(moment: Moment, layout: str) -> str:
    """Return a time as ``layout`` says; what is no directive stays as it is."""

    def written(match: re.Match[str]) -> str:
        flags, width, letter = match.groups()
        places = min(int(width or 0), _WIDEST)
        combined = _COMBINED.get(letter)
        if combined is not None:
            text = format_moment(moment, combined)
            return text.upper() if "^" in flags else text
        if letter in _NUMBERS:
            number, least, fill = _NUMBERS[letter](moment)
            return _padded(str(number), "" if "-" in flags else _fill(flags, fill), max(places, least))
        if letter not in _TEXTS:
            return match[0]
        text = _TEXTS[letter](moment)
        if "^" in flags:
            text = text.upper()
        elif "#" in flags:
            text = text.lower() if text.isupper() else text.upper()
        return _padded(text, "" if "-" in flags else _fill(flags, " "), places)

    return _DIRECTIVE.sub(written, layout)


def _fill(flags: str, fill: str) -> str:
    return next(({"_": " ", "0": "0"}[flag] for flag in reversed(flags) if flag in "_0"), fill)


def _padded(text: str, fill: str, width: int) -> str:
    if not fill:
        return text
    if fill == "0" and text.startswith("-"):
        return f"-{text[1:].rjust(width - 1, fill)}"
    return text.rjust(width, fill)


def parse_moment(text: str, layout: str) -> Moment:
    """Return the time that ``text``, written as ``layout`` says, means.

    Raises:
        Failure: it is not written so.
    """
    return _Reader(text).moment(layout)


#: What a number may be: digits at most, least and most.
_READ = {
    "Y": (4, 0, 9999), "G": (4, 0, 9999), "y": (2, 0, 99), "g": (2, 0, 99), "C": (2, 0, 99), "m": (2, 1, 12),
    "w": (1, 0, 6), "u": (1, 1, 7), "V": (2, 1, 53), "U": (2, 0, 53), "W": (2, 0, 53), "d": (2, 1, 31),
    "e": (2, 1, 31), "j": (3, 1, 366), "H": (2, 0, 23), "k": (2, 0, 23), "I": (2, 1, 12), "l": (2, 1, 12),
    "M": (2, 0, 59), "S": (2, 0, 60), "s": (19, 0, 10**19), "f": (6, 0, 999_999),
}  # fmt: skip
_NAMES = {
    "B": MONTHS, "b": tuple(name[:3] for name in MONTHS), "h": tuple(name[:3] for name in MONTHS),
    "A": _SUNDAYS_FIRST, "a": tuple(name[:3] for name in _SUNDAYS_FIRST), "p": ("AM", "PM"),
    "P": ("AM", "PM"),
}  # fmt: skip
_ZONE = re.compile(r"Z|([+-])([0-9]{2})(?::?([0-9]{2}))?(?::([0-9]{2}))?")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class _Reader:
    """A text that is read from left to right, and what was found in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[str, int] = {}
        self.offset = 0

    def moment(self, layout: str) -> Moment:
        self.read(layout)
        if self.at < len(self.text):
            raise Failure(f"unparsed string {self.text[self.at :]!r}")
        if "s" in self.found:
            return Moment(self.found["s"])
        hour = self.found.get("hour", 0) + 12 * self.found.get("afternoon", 0)
        clock = (hour, self.found.get("M", 0), self.found.get("S", 0))
        made = Moment.of((*self.date(), *clock), self.found.get("f", 0) * 1000)
        return Moment(made.seconds - self.offset, made.nanoseconds)

    def date(self) -> tuple[int, int, int]:
        year = self.found.get("year", 1900)
        if "C" in self.found:
            year = self.found["C"] * 100 + year % 100
        if "day" in self.found:
            return year, self.found.get("month", 1), self.found["day"]
        if "j" in self.found:
            return year, 1, self.found["j"]
        for letter, first in (("V", 4), ("U", 0), ("W", 1)):
            if letter in self.found:
                return self.day_of_week(year, self.found[letter], first)
        return year, self.found.get("month", 1), 1

    def day_of_week(self, year: int, week: int, first: int) -> tuple[int, int, int]:
        """Return the date of a weekday of a numbered week; ``first`` is the day that the first week has."""
        weekday = self.found.get("weekday", 1 if first else 0)
        if first and weekday == 0:
            week += 1
        start = Moment.of((year, 1, -first, 0, 0, 0))
        return year, 1, -first + week * 7 - start.weekday() + weekday

    def read(self, layout: str) -> None:
        at = 0
        while at < len(layout):
            match = _DIRECTIVE.match(layout, at)
            if match is None:
                self.literal(layout[at])
                at += 1
                continue
            if match[1] or match[2]:
                raise Failure(f'unexpected format "%{layout[at + 1]}"')
            self.directive(match[3])
            at = match.end()

    def literal(self, character: str) -> None:
        if not self.text.startswith(character, self.at):
            raise Failure(f"expected {character!r}")
        self.at += 1

    def directive(self, letter: str) -> None:
        if letter in _COMBINED:
            self.read(_COMBINED[letter])
        elif letter in _READ:
            self.number(letter)
        elif letter in _NAMES:
            self.name(letter)
        elif letter.endswith("z"):
            self.zone()
        elif letter == "Z":
            self.zone_name()
        elif letter in "tn":
            rest = self.text[self.at :].lstrip(" \t\n\v\f\r")
            if len(rest) == len(self.text) - self.at:
                raise Failure(f'expected a space for "%{letter}"')
            self.at = len(self.text) - len(rest)
        elif letter == "%":
            self.literal("%")
        else:
            raise Failure(f'unexpected format "%{letter}"')

    def number(self, letter: str) -> None:
        if letter in "ekl" and self.text.startswith(" ", self.at):
            self.at += 1
        sign = 1
        if letter in "YGs" and self.text.startswith("-", self.at):
            sign = -1
            self.at += 1
        places, least, most = _READ[letter]
        match = _DIGITS.match(self.text[: self.at + places], self.at)
        if match is None or not least <= int(match[0]) <= most:
            raise Failure(f'cannot parse "%{letter}"')
        self.at = match.end()
        self.note(letter, sign * int(match[0]), len(match[0]))

    def note(self, letter: str, value: int, digits: int) -> None:
        """Keep a number under what it is."""
        if letter in "yg":
            value += 2000 if value < 69 else 1900
        if letter == "f":
            value *= 10 ** (6 - digits)
        if letter in "Il":
            value %= 12
        self.found[_MEANING.get(letter, letter)] = value % 7 if letter == "u" else value

    def name(self, letter: str) -> None:
        names = _NAMES[letter]
        for number, name in enumerate(names):
            if self.text[self.at : self.at + len(name)].lower() == name.lower():
                self.at += len(name)
                meaning = {"A": "weekday", "a": "weekday", "p": "afternoon", "P": "afternoon"}.get(letter)
                self.found[meaning or "month"] = number if meaning else number + 1
                return
        raise Failure(f'cannot parse "%{letter}"')

    def zone(self) -> None:
        match = _ZONE.match(self.text, self.at)
        if match is None:
            raise Failure('cannot parse "%z"')
        self.at = match.end()
        sign, hours, minutes, seconds = match.groups()
        offset = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        self.offset = -offset if sign == "-" else offset

    def zone_name(self) -> None:
        """Read a zone's abbreviation, which says nothing of its offset, as in Go."""
        end = self.at
        while end < len(self.text) and "A" <= self.text[end] <= "Z":
            end += 1
        if not 3 <= end - self.at <= 5:
            raise Failure(f'cannot parse {self.text[self.at : end]!r} with "%Z"')
        self.at = end


_MEANING = {
    "Y": "year", "G": "year", "y": "year", "g": "year", "m": "month", "d": "day", "e": "day", "H": "hour",
    "k": "hour", "I": "hour", "l": "hour", "w": "weekday", "u": "weekday",
}  # fmt: skip
