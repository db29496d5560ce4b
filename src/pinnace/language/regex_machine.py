"""A search whose time grows no faster than text times pattern, where backtracking could explode.

Whether a pattern occurs is asked of an automaton that is made as the text needs it: its state is the set of
instructions at which a match could be. Where it occurs is found by backtracking that tries no instruction
twice at the same place, because what failed once fails again; the first match is that of any backtracking.
Source: the ideas are RE2's DFA and BitState, https://swtch.com/~rsc/regexp/.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pinnace.language.regex_parts import Assertion, Chars, Choice, Group, Parsed, Part, Repeat, Row, emit
from pinnace.language.values import Failure

#: The most places times instructions that one search for groups tries, which takes a few seconds.
_MOST_STATES = 2_000_000
#: The most states and transitions of an automaton that are kept.
_MOST_KEPT = 5_000
_MOST_INSTRUCTIONS = 20_000


class _Step(NamedTuple):
    """One instruction: consume a character, look at a place, remember it, go on elsewhere, or be done.

    ``kind`` is ``chars``, ``place``, ``save``, ``split`` (try ``first``, then ``second``) or ``done``.
    """

    kind: str
    pattern: re.Pattern[str] | None = None
    place: str = ""
    slot: int = 0
    first: int = 0
    second: int = 0


class _State:
    """Instructions at which a match could be, after a character of some kind.

    ``after`` leads on by the next character; to ``None`` when that completes a match.
    """

    __slots__ = ("after", "before", "instructions")

    def __init__(self, instructions: frozenset[int], before: str) -> None:
        self.instructions = instructions
        self.before = before
        self.after: dict[str, _State | None] = {}


class Machine:
    """The instructions of a pattern."""

    def __init__(self, parsed: Parsed) -> None:
        """Make the instructions of ``parsed``.

        Raises:
            Failure: the pattern, its repetitions written out, is too large.
        """
        self.slots = 2 * (parsed.groups + 1)
        self.steps: list[_Step] = []
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._kept = 0
        self._add(_Step("save", slot=0))
        self._emit(parsed.root)
        self._add(_Step("save", slot=1))
        self._add(_Step("done"))

    def matches(self, text: str) -> bool:
        """Return whether the pattern occurs in ``text``, in time that grows with its length alone."""
        state: _State | None = self._state(frozenset([0]), "start")
        for character in text:
            assert state is not None
            following = state.after.get(character, state)
            if following is state and character not in state.after:
                following = self._advance(state, character)
            if following is None:
                return True
            state = following
        assert state is not None
        return self._at(state, None) is None

    def _advance(self, state: _State, character: str) -> _State | None:
        """Return the state after ``character``, and remember it; ``None`` when a match is complete before."""
        if self._kept > _MOST_KEPT:
            self._states.clear()
            self._kept = 0
            state.after.clear()
        open_at = self._at(state, character)
        following: _State | None = None
        if open_at is not None:
            consuming = [at for at in open_at if self._consumes(at, character)]
            # A match may also begin after this character.
            following = self._state(frozenset([0, *(at + 1 for at in consuming)]), _kind(character))
        state.after[character] = following
        self._kept += 1
        return following

    def _consumes(self, at: int, character: str) -> bool:
        pattern = self.steps[at].pattern
        return pattern is not None and pattern.match(character) is not None

    def _state(self, instructions: frozenset[int], before: str) -> _State:
        key = (instructions, before)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(instructions, before)
            self._kept += 1
        return state

    def _at(self, state: _State, character: str | None) -> list[int] | None:
        """Return the instructions that would consume ``character``; ``None`` when a match is complete."""
        seen: set[int] = set()
        left = list(state.instructions)
        consuming: list[int] = []
        while left:
            at = left.pop()
            if at in seen:
                continue
            seen.add(at)
            step = self.steps[at]
            if step.kind == "done":
                return None
            if step.kind == "chars":
                consuming.append(at)
            elif step.kind == "split":
                left += [step.first, step.second]
            elif step.kind == "save" or _holds(step.place, state.before, character):
                left.append(at + 1)
        return consuming

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
                if len(visited) > _MOST_STATES:
                    message = "the pattern is too expensive for a text of this length"
                    raise Failure(message)
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
            self._add(_Step("place", re.compile(emit(part)), part.place))
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
        """Add a repetition; one without end is written so that an empty turn ends it, as in Go."""
        for _ in range(part.least - 1 if part.most is None else part.least):
            self._emit(part.part)
        if part.most is None:
            skip = self._add(_Step("split")) if part.least == 0 else None
            body = len(self.steps)
            self._emit(part.part)
            past = len(self.steps) + 1
            self._add(
                _Step("split", first=body if part.greedy else past, second=past if part.greedy else body)
            )
            splits = [] if skip is None else [skip]
        else:
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


def _kind(character: str) -> str:
    """Return what assertions ask of the character before them: ``line end``, ``word`` or ``other``."""
    if character == "\n":
        return "line end"
    return "word" if character == "_" or (character.isascii() and character.isalnum()) else "other"


def _holds(place: str, before: str, character: str | None) -> bool:
    """Return whether an assertion holds between a character of the kind ``before`` and ``character``."""
    if place == "start":
        return before == "start"
    if place == "line start":
        return before in {"start", "line end"}
    if place == "end":
        return character is None
    if place == "line end":
        return character is None or character == "\n"
    boundary = (before == "word") != (character is not None and _kind(character) == "word")
    return boundary == (place == "word")
