"""Go's layouts of times: how ``2006-01-02 15:04`` is taken apart, and how a text is read by one.

Called by ``dates``, which knows the calendar. Source: Go time/format.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pinnace.language.values import Failure

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00"
RFC822 = "02 Jan 06 15:04 MST"
RFC822Z = "02 Jan 06 15:04 -0700"
RFC850 = "Monday, 02-Jan-06 15:04:05 MST"
RFC1123 = "Mon, 02 Jan 2006 15:04:05 MST"
ANSIC = "Mon Jan _2 15:04:05 2006"
UNIX_DATE = "Mon Jan _2 15:04:05 MST 2006"
RUBY_DATE = "Mon Jan 02 15:04:05 -0700 2006"
KITCHEN = "3:04PM"

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

#: The parts of a layout, longest first. A ``2`` inside ``2006`` and such are taken by the longer ones.
ELEMENT = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|01|02|03|04|05|06|_2(?!006)|15"
    r"|-07:00:00|-07:00|-070000|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07"
    r"|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5"
)
_NUMBERS = {
    "2006": ("year", r"\d{4}"), "06": ("short_year", r"\d{2}"),
    "01": ("month", r"\d{2}"), "1": ("month", r"\d{1,2}"),
    "02": ("day", r"\d{2}"), "2": ("day", r"\d{1,2}"), "_2": ("day", r" ?\d{1,2}"),
    "002": ("yearday", r"\d{3}"), "__2": ("yearday", r" {0,2}\d{1,3}"),
    "15": ("hour", r"\d{2}"), "03": ("hour12", r"\d{2}"), "3": ("hour12", r"\d{1,2}"),
    "04": ("minute", r"\d{2}"), "4": ("minute", r"\d{1,2}"),
    "05": ("second", r"\d{2}"), "5": ("second", r"\d{1,2}"),
}  # fmt: skip
_LIMITS = {"month": (1, 12), "hour": (0, 23), "hour12": (0, 12), "minute": (0, 59), "second": (0, 59)}
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?:?(\d{2})?")
_ZONE_NAME = re.compile(r"ChST|MeST|GMT(?:[+-]\d{1,2})?|[A-Z]{3,4}T|[A-Z]{3}|[+-]\d{2}(?:\d{2})?")
_FRACTION = re.compile(r"[.,](\d+)")


def read(layout: str, text: str) -> Reader:
    """Return what ``text``, written as ``layout`` shows, says.

    Raises:
        Failure: it does not fit the layout.
    """
    reader = Reader(layout, text)
    reader.read()
    return reader


@dataclass(slots=True)
class Reader:
    """One reading of a text by a layout.

    Attributes:
        layout, text: what is read, and how.
        at: how far it has come.
        parts: the numbers found, as ``year`` and ``minute``.
        nanoseconds: the fraction of the second.
        afternoon: whether ``PM`` or ``AM`` was found; ``None`` for neither.
        offset: seconds east of UTC, if the text says so.
        abbreviation: the name of the zone, if the text says so.
    """

    layout: str
    text: str
    at: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    nanoseconds: int = 0
    afternoon: bool | None = None
    offset: int | None = None
    abbreviation: str = ""

    def read(self) -> None:
        """Read the whole text."""
        last = 0
        elements = list(ELEMENT.finditer(self.layout))
        for index, match in enumerate(elements):
            self._literal(self.layout[last : match.start()])
            following = elements[index + 1][0] if index + 1 < len(elements) else ""
            self._element(match[0], adjacent_fraction=following[:1] in {".", ","})
            last = match.end()
        self._literal(self.layout[last:])
        if self.at != len(self.text):
            self._fail("extra text")

    def _fail(self, why: str) -> None:
        message = f'parsing time "{self.text}" as "{self.layout}": {why}'
        raise Failure(message)

    def _literal(self, expected: str) -> None:
        """Skip ``expected``; blanks in it match any number of blanks."""
        for character in expected:
            if character == " ":
                while self.at < len(self.text) and self.text[self.at] == " ":
                    self.at += 1
            elif self.at < len(self.text) and self.text[self.at] == character:
                self.at += 1
            else:
                self._fail(f"cannot parse {self.text[self.at :]!r} as {expected!r}")

    def _element(self, element: str, *, adjacent_fraction: bool) -> None:
        if element in _NUMBERS:
            name, pattern = _NUMBERS[element]
            self.parts[name] = int(self._take(pattern))
            low, high = _LIMITS.get(name, (0, 9999))
            if not low <= self.parts[name] <= high:
                self._fail(f"{name} out of range")
            if name == "second" and not adjacent_fraction:
                self._fraction()
        elif element in {"January", "Jan"}:
            self.parts["month"] = 1 + self._name(MONTHS, short=element == "Jan")
        elif element in {"Monday", "Mon"}:
            self._name(DAYS, short=element == "Mon")
        elif element in {"PM", "pm"}:
            self.afternoon = self._take("AM|PM" if element == "PM" else "am|pm").lower() == "pm"
        elif element == "MST":
            self._zone_name()
        elif element[0] in ".,":
            self._fraction(len(element) - 1 if element[1] == "0" else None)
        else:
            self._zone_offset(element)

    def _take(self, pattern: str) -> str:
        match = re.compile(pattern, re.ASCII).match(self.text, self.at)
        if match is None:
            message = f'parsing time "{self.text}" as "{self.layout}": cannot parse {self.text[self.at :]!r}'
            raise Failure(message)
        self.at = match.end()
        return match[0]

    def _name(self, names: tuple[str, ...], *, short: bool) -> int:
        for index, name in enumerate(names):
            wanted = name[:3] if short else name
            if self.text[self.at : self.at + len(wanted)].lower() == wanted.lower():
                self.at += len(wanted)
                return index
        self._fail("unknown name")
        return 0

    def _fraction(self, digits: int | None = None) -> None:
        match = _FRACTION.match(self.text, self.at)
        if match is None:
            if digits is not None:
                self._fail("fraction missing")
            return
        if digits is not None and len(match[1]) != digits:
            self._fail("fraction of another length")
        self.nanoseconds = int(match[1][:9].ljust(9, "0"))
        self.at = match.end()

    def _zone_name(self) -> None:
        self.abbreviation = self._take(_ZONE_NAME.pattern)
        if self.abbreviation in {"UTC", "GMT"}:
            self.offset = 0
        elif self.abbreviation.startswith("GMT"):
            self.offset = int(self.abbreviation[3:]) * 3600

    def _zone_offset(self, element: str) -> None:
        if element[0] == "Z" and self.text.startswith("Z", self.at):
            self.at += 1
            self.offset, self.abbreviation = 0, "UTC"
            return
        shape = element[1:].replace("07", r"\d\d", 1).replace("00", r"\d\d")
        match = _OFFSET.fullmatch(self._take(rf"[+-]{shape}"))
        assert match is not None
        hours, minutes, seconds = int(match[2]), int(match[3] or 0), int(match[4] or 0)
        if hours > 24 or minutes > 60 or seconds > 60:
            self._fail("time zone offset out of range")
        self.offset = (hours * 3600 + minutes * 60 + seconds) * (-1 if match[1] == "-" else 1)
