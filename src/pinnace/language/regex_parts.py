"""What a pattern consists of, and how Python's ``re`` writes it.

Made by ``regex_syntax``, used by ``regex`` and ``regex_machine``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pinnace.language.regex_classes import Ranges


@dataclass(frozen=True, slots=True)
class Chars:
    """One character among ``ranges``; ``fold`` when its case does not matter."""

    ranges: Ranges
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place: ``start``, ``end``, ``line start``, ``line end``, ``word``, ``not word``."""

    place: str


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, the first that leads to a match."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose place is remembered under a number."""

    number: int
    part: Part


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part from ``least`` to ``most`` times; ``most`` is ``None`` without a limit."""

    part: Part
    least: int
    most: int | None
    greedy: bool


Part = Chars | Assertion | Row | Choice | Group | Repeat


@dataclass(frozen=True, slots=True)
class Parsed:
    """A pattern that was read.

    Attributes:
        source: as it was written.
        root: what it means.
        groups: how many groups it has.
        names: the numbers of named groups.
        loops: how many repetitions without a small limit it has.
        explosive: one repetition lies in another, which may take exponential time to search by backtracking.
    """

    source: str
    root: Part
    groups: int
    names: dict[str, int]
    loops: int
    explosive: bool


_WRITTEN_PLACES = {
    "start": r"\A", "end": r"\Z", "line start": "(?m:^)", "line end": "(?m:$)",
    "word": r"(?a:\b)", "not word": r"(?!(?a:\b))",
}  # fmt: skip


def emit(part: Part) -> str:
    """Return ``part`` as Python's ``re`` writes it."""
    if isinstance(part, Chars):
        body = "".join(
            _code(low) if low == high else f"{_code(low)}-{_code(high)}" for low, high in part.ranges
        )
        # A class of no characters never matches.
        text = f"[{body}]" if body else "(?!)"
        return f"(?i:{text})" if part.fold else text
    if isinstance(part, Assertion):
        return _WRITTEN_PLACES[part.place]
    if isinstance(part, Row):
        return "".join(map(emit, part.parts))
    if isinstance(part, Choice):
        return f"(?:{'|'.join(map(emit, part.parts))})"
    if isinstance(part, Group):
        return f"({emit(part.part)})"
    most = "" if part.most is None else part.most
    return f"(?:{emit(part.part)}){{{part.least},{most}}}{'' if part.greedy else '?'}"


def _code(code: int) -> str:
    return f"\\U{code:08x}"
