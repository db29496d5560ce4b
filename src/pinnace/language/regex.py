"""Regular expressions of RE2's syntax, searched in time that an attacker cannot make explode.

A pattern is read by RE2's rules (no look-around, no back-references; ASCII classes), and then searched with
Python's ``re`` where that cannot take long, and by ``regex_machine`` where repetitions are nested or the text
is long: that one is slower, but its time grows with text times pattern and no faster.
Source: Go regexp, regexp/syntax; https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from pinnace.language.regex_machine import Machine
from pinnace.language.regex_parts import Parsed, emit
from pinnace.language.regex_syntax import parse_pattern
from pinnace.language.values import NilStrings, Strings, check_size

#: The most work that Python's backtracking may do in the worst case, in characters looked at.
_MOST_BACKTRACKING = 20_000_000

#: Where a match and its groups begin and end; ``(-1, -1)`` for a group that took no part.
Spans = list[tuple[int, int]]


class Pattern:
    """A compiled pattern. Positions are indices of characters."""

    def __init__(self, source: str) -> None:
        """Compile ``source``.

        Raises:
            Failure: it is not a pattern of RE2.
        """
        self.parsed: Parsed = parse_pattern(source)
        self._fast = None if self.parsed.explosive else re.compile(emit(self.parsed.root))
        self._slow: Machine | None = None

    def matches(self, text: str) -> bool:
        """Return whether the pattern occurs in ``text``."""
        fast = self._fast_for(len(text))
        return self._machine().matches(text) if fast is None else fast.search(text) is not None

    def search(self, text: str, start: int = 0) -> Spans | None:
        """Return where the leftmost match at or after ``start`` is, and its groups, or ``None``.

        Raises:
            Failure: backtracking could take too long, and the text is too large for the slow search.
        """
        fast = self._fast_for(len(text) - start)
        if fast is None:
            return self._machine().search(text, start)
        match = fast.search(text, start)
        return None if match is None else [match.span(each) for each in range(self.parsed.groups + 1)]

    def _fast_for(self, size: int) -> re.Pattern[str] | None:
        """Return the pattern as Python has it, unless a text of that size could take it too long."""
        worst = max(size, 1) ** (self.parsed.loops + 1)
        return self._fast if worst <= _MOST_BACKTRACKING or not self.parsed.loops else None

    def _machine(self) -> Machine:
        if self._slow is None:
            self._slow = Machine(self.parsed)
        return self._slow

    def find_all(self, text: str, limit: int = -1) -> Iterator[Spans]:
        """Yield the matches that do not overlap, ``limit`` at most unless negative.

        An empty match right after a match does not count, as in Go.
        """
        at, previous_end, found = 0, -1, 0
        while at <= len(text) and found != limit:
            spans = self.search(text, at)
            if spans is None:
                return
            start, end = spans[0]
            if end > start or start != previous_end:
                found += 1
                yield spans
            previous_end = end
            at = end if end > start or end > at else at + 1
            if end == start:
                at = max(at, end + 1)

    def replace(self, text: str, template: str, *, literal: bool = False) -> str:
        """Return ``text`` with each match replaced; ``$1`` and ``${name}`` in ``template`` mean groups."""
        pieces: list[str] = []
        at, size = 0, len(text)
        for spans in self.find_all(text):
            start, end = spans[0]
            made = template if literal else self._expanded(template, text, spans)
            size += len(made)
            check_size(size)
            pieces += [text[at:start], made]
            at = end
        pieces.append(text[at:])
        return "".join(pieces)

    def split(self, text: str, limit: int = -1) -> Strings:
        """Return the pieces between matches, ``limit`` at most unless negative."""
        if limit == 0:
            return NilStrings()
        if self.parsed.source and not text:
            return Strings([""])
        pieces = Strings()
        begin = end = 0
        for spans in self.find_all(text, limit):
            if limit > 0 and len(pieces) == limit - 1:
                break
            end = spans[0][0]
            if spans[0][1] != 0:
                pieces.append(text[begin:end])
            begin = spans[0][1]
        if end != len(text):
            pieces.append(text[begin:])
        return pieces

    def _expanded(self, template: str, text: str, spans: Spans) -> str:
        def group(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name is None:
                return "$"
            number = int(name) if name.isdigit() and len(name) < 8 else self.parsed.names.get(name, -1)
            if not 0 <= number < len(spans) or spans[number][0] < 0:
                return ""
            return text[slice(*spans[number])]

        return _REFERENCE.sub(group, template)


_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


@lru_cache(maxsize=512)
def compile_pattern(source: str) -> Pattern:
    """Return the pattern of ``source``, kept for the next time.

    Raises:
        Failure: it is not a pattern of RE2.
    """
    return Pattern(source)


#: Refuses what is not a pattern of RE2, by a ``Failure``.
check_pattern: Callable[[str], Pattern] = compile_pattern


def quote_meta(text: str) -> str:
    """Return the pattern that matches exactly ``text``."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)
