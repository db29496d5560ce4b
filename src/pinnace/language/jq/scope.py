"""What names in a filter mean while it is compiled: each is one pair of the frame that there will be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pinnace.language.jq.binding import Definition

#: Finds something in a frame.
Lookup = Callable[[Any], Any]


class Name(NamedTuple):
    """A name in scope: how it is written, with its number of parameters, and what is bound to it."""

    name: str
    arity: int
    definition: Definition | None = None


class Scope(NamedTuple):
    """The names that a filter sees, the innermost first; each is one pair of the frame."""

    entry: Name | None = None
    outer: Scope | None = None

    def with_name(self, name: str, definition: Definition | None = None) -> Scope:
        """Return the scope with one more name."""
        arity = len(definition.parameters) if definition is not None else 0
        return Scope(Name(name, arity, definition), self)

    def depth(self) -> int:
        """Return how many names there are."""
        return 0 if self.outer is None else 1 + self.outer.depth()

    def find(self, name: str, arity: int) -> tuple[int, Name] | None:
        """Return how far out a name is, and what it is."""
        at: Scope | None = self
        distance = 0
        while at is not None and at.entry is not None:
            if at.entry.name == name and at.entry.arity == arity:
                return distance, at.entry
            at = at.outer
            distance += 1
        return None


def frame_at(distance: int) -> Lookup:
    """Return what finds the pair of a name so far out."""

    def find(frame: Any) -> Any:
        for _ in range(distance):
            frame = frame[1]
        return frame

    return find


def value_at(distance: int) -> Lookup:
    """Return what finds the value of a name so far out."""
    if distance == 0:
        return lambda frame: frame[0]
    if distance == 1:
        return lambda frame: frame[1][0]
    find = frame_at(distance)
    return lambda frame: find(frame)[0]
