"""Reading a pattern by RE2's rules.

Called by ``regex``. Source: Go regexp/syntax/parse.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from pinnace.language.regex_classes import PERL, POSIX, Ranges, inverted, unicode_class
from pinnace.language.regex_parts import Assertion, Chars, Choice, Group, Parsed, Part, Repeat, Row
from pinnace.language.values import Failure

_MOST_REPEATS = 1000
_MOST_DEPTH = 100
_LONGEST = 100_000
_MAX_CODE = 0x10FFFF


def parse_pattern(source: str) -> Parsed:
    """Return what ``source`` means.

    Raises:
        Failure: it is not a pattern of RE2.
    """
    if len(source) > _LONGEST:
        message = "error parsing regexp: expression too large"
        raise Failure(message)
    reader = _Reader(source)
    root = reader.choice(0)
    if reader.at < len(source):
        reader.fail("unexpected )", source)
    loops, explosive, size = _complexity(root, inside=False)
    if size > _LONGEST:
        reader.fail("expression too large", source)
    return Parsed(source, root, reader.groups, reader.names, loops, explosive)


def _complexity(part: Part, *, inside: bool) -> tuple[int, bool, int]:
    """Return the number of loops in ``part``, whether one lies in another, and its size written out."""
    if isinstance(part, (Chars, Assertion)):
        return 0, False, 1
    if isinstance(part, Group):
        return _complexity(part.part, inside=inside)
    if isinstance(part, Repeat):
        loops = part.most is None or part.most - part.least > 1
        repeats = part.most is None or part.most > 1
        count, explosive, size = _complexity(part.part, inside=inside or repeats)
        explosive = explosive or (loops and inside)
        return count + loops, explosive, size * max(part.least, part.most or 1, 1)
    results = [_complexity(each, inside=inside) for each in part.parts]
    # A choice in a loop may be tried in exponentially many ways, as in (a|a)*.
    explosive = any(result[1] for result in results) or (inside and isinstance(part, Choice))
    return sum(result[0] for result in results), explosive, sum(result[2] for result in results) + 1


@dataclass(slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = False
    ungreedy: bool = False


@dataclass(slots=True)
class _Reader:
    """One reading of a pattern."""

    source: str
    at: int = 0
    groups: int = 0
    names: dict[str, int] = field(default_factory=dict)
    flags: _Flags = field(default_factory=_Flags)

    def fail(self, reason: str, text: str) -> NoReturn:
        message = f"error parsing regexp: {reason}: `{text[:80]}`"
        raise Failure(message)

    def sees(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.source, self.at)
        if match is not None:
            self.at = match.end()
        return match

    # -- structure ------------------------------------------------------------------------------

    def choice(self, depth: int) -> Part:
        if depth > _MOST_DEPTH:
            self.fail("expression nests too deeply", self.source)
        parts = [self.row(depth)]
        while self.sees("|"):
            self.at += 1
            parts.append(self.row(depth))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def row(self, depth: int) -> Part:
        parts: list[Part] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            if self.source[self.at] in "*+?" or _COUNT.match(self.source, self.at):
                if not parts:
                    operator = (_COUNT.match(self.source, self.at) or [self.source[self.at]])[0]
                    self.fail("missing argument to repetition operator", operator)
                parts.append(self.repeat(parts.pop()))
            else:
                parts.extend(self.atom(depth))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def repeat(self, part: Part) -> Part:
        start = self.at
        count = self.take(_COUNT)
        if count is None:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self.source[self.at]]
            self.at += 1
        else:
            least = int(count[1])
            most = None if count[2] and not count[3] else int(count[3] or count[1])
            if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
                self.fail("invalid repeat count", count[0])
        greedy = not self.flags.ungreedy
        if self.sees("?"):
            self.at += 1
            greedy = not greedy
        if self.at < len(self.source) and (
            self.source[self.at] in "*+?" or _COUNT.match(self.source, self.at)
        ):
            self.fail("invalid nested repetition operator", self.source[start : self.at + 1])
        if _repeats(part) * max(least, most or 1, 1) > _MOST_REPEATS:
            self.fail("invalid repeat count", self.source[start : self.at])
        return Repeat(part, least, most, greedy)

    def atom(self, depth: int) -> list[Part]:
        character = self.source[self.at]
        if character == "(":
            return self.group(depth)
        if character == "[":
            return [self.char_class()]
        if character == "\\":
            return self.escape()
        self.at += 1
        if character == ".":
            return [Chars(((0, _MAX_CODE),) if self.flags.dot_all else inverted(((10, 10),)))]
        if character == "^":
            return [Assertion("line start" if self.flags.lines else "start")]
        if character == "$":
            return [Assertion("line end" if self.flags.lines else "end")]
        return [self.literal(character)]

    def literal(self, character: str) -> Part:
        return Chars(((ord(character), ord(character)),), self.flags.fold)

    def group(self, depth: int) -> list[Part]:
        flags = _Flags(self.flags.fold, self.flags.lines, self.flags.dot_all, self.flags.ungreedy)
        number = None
        named = self.take(_NAMED)
        if named is not None:
            number = self.named(named)
        elif self.sees("(?"):
            if self.set_flags() == ")":
                return []
        else:
            self.at += 1
            self.groups += 1
            number = self.groups
        inner = self.choice(depth + 1)
        if not self.sees(")"):
            self.fail("missing closing )", self.source)
        self.at += 1
        self.flags = flags
        return [inner if number is None else Group(number, inner)]

    def named(self, match: re.Match[str]) -> int:
        if match[1] in self.names:
            self.fail("duplicate capture group name", match[1])
        self.groups += 1
        self.names[match[1]] = self.groups
        return self.groups

    def set_flags(self) -> str:
        """Read ``(?i-s:`` or ``(?i)`` and return what ended it."""
        match = self.take(_FLAGS)
        if match is None or match[0] == "(?)" or match[1] == "-":
            self.fail("invalid or unsupported Perl syntax", self.source[self.at : self.at + 4])
        on, _, off = match[0][2:-1].partition("-")
        for letters, value in ((on, True), (off, False)):
            for letter in letters:
                setattr(self.flags, _FLAG_NAMES[letter], value)
        return match[0][-1]

    # -- escapes and classes ----------------------------------------------------------------------

    def escape(self) -> list[Part]:
        if self.sees("\\Q"):
            end = self.source.find("\\E", self.at)
            stop = len(self.source) if end < 0 else end
            text = self.source[self.at + 2 : stop]
            self.at = stop if end < 0 else end + 2
            return [self.literal(character) for character in text]
        word = self.source[self.at : self.at + 2]
        if word in _PLACES:
            self.at += 2
            return [Assertion(_PLACES[word])]
        ranges = self.class_escape()
        if ranges is not None:
            return [Chars(ranges, self.flags.fold)]
        return [self.literal(chr(self.char_escape()))]

    def class_escape(self) -> Ranges | None:
        r"""Return the characters of ``\d`` or ``\pL``, or ``None`` when another escape stands here."""
        word = self.source[self.at : self.at + 2]
        if word in PERL:
            self.at += 2
            return PERL[word]
        match = self.take(_UNICODE)
        if match is None:
            return None
        name = match[2] or match[3]
        ranges = unicode_class(name.removeprefix("^"))
        if ranges is None:
            self.fail("invalid character class range", match[0])
        return inverted(ranges) if (match[1] == "P") != name.startswith("^") else ranges

    def char_escape(self) -> int:
        match = self.take(_CHAR_ESCAPE)
        if match is None:
            rest = self.source[self.at : self.at + 2]
            self.fail(
                "trailing backslash at end of expression" if len(rest) < 2 else "invalid escape sequence",
                rest,
            )
        kind = match.lastgroup
        text = match[kind or 0]
        if kind == "control":
            return ord(_CONTROLS[text])
        if kind == "octal":
            return int(text, 8)
        if kind in {"hex", "braced"}:
            if int(text, 16) > _MAX_CODE:
                self.fail("invalid escape sequence", match[0])
            return int(text, 16)
        return ord(text)

    def char_class(self) -> Part:
        start = self.at
        self.at += 1
        negated = self.sees("^")
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.sees("]"):
            if self.at >= len(self.source):
                self.fail("missing closing ]", self.source[start:])
            first = False
            ranges.extend(self.class_item(start))
        self.at += 1
        made = tuple(ranges)
        if not negated:
            return Chars(made, self.flags.fold)
        if self.flags.fold:
            made = made + tuple(_swapped_case(made))
        return Chars(inverted(made))

    def class_item(self, start: int) -> Ranges:
        posix = self.take(_POSIX)
        if posix is not None:
            if posix[2] not in POSIX:
                self.fail("invalid character class range", posix[0])
            return inverted(POSIX[posix[2]]) if posix[1] else POSIX[posix[2]]
        if self.sees("\\"):
            ranges = self.class_escape()
            if ranges is not None:
                return ranges
        low = self.class_char()
        if not (self.sees("-") and self.at + 1 < len(self.source) and self.source[self.at + 1] != "]"):
            return ((low, low),)
        self.at += 1
        high = self.class_char()
        if high < low:
            self.fail("invalid character class range", self.source[start : self.at])
        return ((low, high),)

    def class_char(self) -> int:
        if self.sees("\\"):
            return self.char_escape()
        if self.at >= len(self.source):
            self.fail("missing closing ]", self.source)
        self.at += 1
        return ord(self.source[self.at - 1])


_COUNT = re.compile(r"\{(\d{1,9})(,(\d{1,9})?)?\}", re.ASCII)
_NAMED = re.compile(r"\(\?P?<([0-9A-Za-z_]+)>")
_FLAGS = re.compile(r"\(\?[imsU]*(-[imsU]*)?[:)]")
_FLAG_NAMES = {"i": "fold", "m": "lines", "s": "dot_all", "U": "ungreedy"}
_POSIX = re.compile(r"\[:(\^?)([^\]:]*):\]")
_UNICODE = re.compile(r"\\([pP])(?:\{(\^?[A-Za-z_]+)\}|([A-Za-z]))")
_PLACES = {"\\A": "start", "\\z": "end", "\\b": "word", "\\B": "not word"}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CHAR_ESCAPE = re.compile(
    r"\\(?:(?P<control>[afnrtv])|(?P<octal>0[0-7]{0,2}|[1-7][0-7]{1,2})|x(?P<hex>[0-9A-Fa-f]{2})"
    r"|x\{(?P<braced>[0-9A-Fa-f]{1,8})\}|(?P<mark>[\x00-/:-@\[-`{-\x7f]))"
)


def _repeats(part: Part) -> int:
    """Return how many times counted repetitions repeat the innermost part of ``part``."""
    if isinstance(part, Repeat):
        return _repeats(part.part) * max(part.least, part.most or 1, 1)
    if isinstance(part, Group):
        return _repeats(part.part)
    if isinstance(part, (Row, Choice)):
        return max(map(_repeats, part.parts), default=1)
    return 1


def _swapped_case(ranges: Ranges) -> list[tuple[int, int]]:
    """Return the other cases of the characters in short ranges."""
    codes = (code for low, high in ranges if high - low < 1024 for code in range(low, high + 1))
    swapped = (ord(each) for each in (chr(code).swapcase() for code in codes) if len(each) == 1)
    return [(code, code) for code in swapped]
