"""A search that visits no state twice, for patterns that could make backtracking explode.

A state is an instruction and a place in the text. What failed once from a state fails again, so each is tried
once, and the time is the size of the pattern times that of the text. The first match found is the one that
backtracking finds. Source: the idea is RE2's BitState, https://swtch.com/~rsc/regexp/regexp2.html.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pinnace.language.regex_parts import Assertion, Chars, Choice, Group, Parsed, Part, Repeat, Row, emit
from pinnace.language.values import Failure

#: The most states that one search visits, which takes about ten seconds.
_MOST_STATES = 10_000_000
_MOST_INSTRUCTIONS = 20_000


class _Step(NamedTuple):
    """One instruction: consume a character, look at a place, remember it, go on elsewhere, or be done.

    ``kind`` is ``chars``, ``place``, ``save``, ``split`` (try ``first``, then ``second``) or ``done``.
    """

    kind: str
    pattern: re.Pattern[str] | None = None
    slot: int = 0
    first: int = 0
    second: int = 0


class Machine:
    """The instructions of a pattern."""

    def __init__(self, parsed: Parsed) -> None:
        """Make the instructions of ``parsed``.

        Raises:
            Failure: the pattern, its repetitions written out, is too large.
        """
        self.slots = 2 * (parsed.groups + 1)
        self.steps: list[_Step] = []
        self._add(_Step("save", slot=0))
        self._emit(parsed.root)
        self._add(_Step("save", slot=1))
        self._add(_Step("done"))

    def search(self, text: str, start: int) -> list[tuple[int, int]] | None:
        """Return where the leftmost match at or after ``start`` is, and its groups, or ``None``.

        Raises:
            Failure: the text times the pattern is too large to search.
        """
        visited: set[int] = set()
        for begin in range(start, len(text) + 1):
            found = self._match(text, begin, visited)
            if found is not None:
                return [(found[at], found[at + 1]) for at in range(0, self.slots, 2)]
        return None

    def _match(self, text: str, begin: int, visited: set[int]) -> list[int] | None:
        """Return the remembered places of a match that begins at ``begin``, or ``None``."""
        count = len(self.steps)
        places = [-1] * self.slots
        #: What is left to try: an instruction and a place; or, below zero, a slot to set back.
        left: list[tuple[int, int]] = [(0, begin)]
        while left:
            pc, at = left.pop()
            if pc < 0:
                places[-pc - 1] = at
                continue
            while True:
                state = at * count + pc
                if state in visited:
                    break
                visited.add(state)
                step = self.steps[pc]
                if step.kind == "done":
                    return places
                if step.kind == "split":
                    left.append((step.second, at))
                    pc = step.first
                elif step.kind == "save":
                    left.append((-step.slot - 1, places[step.slot]))
                    places[step.slot] = at
                    pc += 1
                elif step.pattern is not None and step.pattern.match(text, at):
                    at += step.kind == "chars"
                    pc += 1
                else:
                    break
        if len(visited) > _MOST_STATES:
            message = "the pattern is too expensive for a text of this length"
            raise Failure(message)
        return None

    def _add(self, step: _Step) -> int:
        if len(self.steps) >= _MOST_INSTRUCTIONS:
            message = "error parsing regexp: expression too large"
            raise Failure(message)
        self.steps.append(step)
        return len(self.steps) - 1

    def _emit(self, part: Part) -> None:
        if isinstance(part, Chars):
            self._add(_Step("chars", re.compile(emit(part))))
        elif isinstance(part, Assertion):
            self._add(_Step("place", re.compile(emit(part))))
        elif isinstance(part, Row):
            for each in part.parts:
                self._emit(each)
        elif isinstance(part, Group):
            self._add(_Step("save", slot=2 * part.number))
            self._emit(part.part)
            self._add(_Step("save", slot=2 * part.number + 1))
        elif isinstance(part, Choice):
            self._choice(part.parts)
        else:
            self._repeat(part)

    def _choice(self, parts: tuple[Part, ...]) -> None:
        ends = []
        for each in parts[:-1]:
            split = self._add(_Step("split"))
            self._emit(each)
            ends.append(self._add(_Step("split")))
            self.steps[split] = _Step("split", first=split + 1, second=len(self.steps))
        self._emit(parts[-1])
        for end in ends:
            self.steps[end] = _Step("split", first=len(self.steps), second=len(self.steps))

    def _repeat(self, part: Repeat) -> None:
        for _ in range(part.least):
            self._emit(part.part)
        if part.most is None:
            split = self._add(_Step("split"))
            self._emit(part.part)
            self._add(_Step("split", first=split, second=split))
            self._set_split(split, part.greedy)
            return
        splits = []
        for _ in range(part.most - part.least):
            splits.append(self._add(_Step("split")))
            self._emit(part.part)
        for split in splits:
            self._set_split(split, part.greedy)

    def _set_split(self, split: int, greedy: bool) -> None:
        """Make ``split`` go into the part after it, or past everything made so far."""
        into, past = split + 1, len(self.steps)
        self.steps[split] = _Step("split", first=into if greedy else past, second=past if greedy else into)
