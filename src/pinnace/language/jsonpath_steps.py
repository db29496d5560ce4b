"""The steps of a JSONPath: each selects something of a value and hands it to the steps after it.

Called by ``jsonpath``. Source: evilmonkeyinc/jsonpath v0.8.1, token/.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pinnace.language.operators import type_name
from pinnace.language.values import Failure, Int64

#: The most steps that one query takes.
_MOST_STEPS = 1_000_000


class Query:
    """One query: the whole document, and how much work it has done."""

    def __init__(self, root: object) -> None:
        self.root = root
        self._taken = 0

    def follow(self, value: object, steps: Sequence[Step]) -> object:
        """Return what ``steps`` select of ``value``; ``value`` itself when there are none."""
        self._taken += 1
        if self._taken > _MOST_STEPS:
            message = f"the JSONPath query takes more than {_MOST_STEPS} steps"
            raise QueryTooLong(message)
        return steps[0].apply(self, value, steps[1:]) if steps else value

    def attempt(self, value: object, steps: Sequence[Step]) -> object:
        """Return what ``steps`` select of ``value``, or ``None`` when there is no such thing."""
        try:
            return self.follow(value, steps)
        except QueryTooLong:
            raise
        except Failure:
            return None


class QueryTooLong(Failure):
    """The query does more work than allowed; not forgiven where what is missing is left out."""


class Step(ABC):
    """One step of a path."""

    @abstractmethod
    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what this step and those after it select of ``value``.

        Raises:
            Failure: there is no such thing.
        """


class Root(Step):
    """``$``: the document."""

    def apply(self, query: Query, _value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the document."""
        return query.follow(query.root, rest)


class Current(Step):
    """``@``: the value at hand."""

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the value."""
        return query.follow(value, rest)


@dataclass(frozen=True, slots=True)
class Key(Step):
    """``.name``: the value of a key."""

    name: str

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the key's value."""
        if not isinstance(value, dict):
            raise _wrong("key", value, "[map]")
        if self.name not in value:
            message = f"key: invalid token key '{self.name[:80]}' not found"
            raise Failure(message)
        return query.follow(value[self.name], rest)


class Length(Step):
    """``.length``: the number of elements, keys or bytes; or the key of that name."""

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the length."""
        if isinstance(value, dict):
            return query.follow(value.get("length", Int64(len(value))), rest)
        if isinstance(value, str):
            return query.follow(Int64(len(value.encode("utf-8", "surrogateescape"))), rest)
        if isinstance(value, list):
            return query.follow(Int64(len(value)), rest)
        raise _wrong("length", value, "[array map slice string]")


@dataclass(frozen=True, slots=True)
class Index(Step):
    """``[n]``: an element; negative from the end."""

    index: int

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the element."""
        if not isinstance(value, list):
            raise _wrong("index", value, "[array slice]")
        if not -len(value) <= self.index < len(value):
            message = "index: invalid token out of range"
            raise Failure(message)
        return query.follow(value[self.index], rest)


class Wildcard(Step):
    """``*``: every element, or every value in the order of sorted keys."""

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return the list of what ``rest`` selects of each."""
        items = _children(value)
        if items is None:
            raise _wrong("wildcard", value, "[array map slice]")
        return _selected(query, items, rest)


class Recursive(Step):
    """``..``: the value and everything in it."""

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return the list of what ``rest`` selects of each, lists among them opened."""
        found: list[object] = []
        self._descend(query, value, rest, found)
        return found

    def _descend(self, query: Query, value: object, rest: Sequence[Step], found: list[object]) -> None:
        if value is None:
            return
        selected = query.attempt(value, rest)
        if not rest:
            found.append(value)
        elif isinstance(selected, list):
            found.extend(selected)
        elif selected is not None:
            found.append(selected)
        for child in _children(value) or []:
            self._descend(query, child, rest, found)


@dataclass(frozen=True, slots=True)
class Script(Step):
    """``[(…)]``: the key or index that a script computes."""

    text: str
    evaluate: Callable[[object, object], object]

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return what ``rest`` selects of the value at that key or index."""
        key = self.result(query, value)
        if isinstance(key, str):
            return Key(key).apply(query, value, rest)
        index = whole(key)
        if index is None:
            message = f"invalid expression. unexpected expression result, got {type_name(key)}"
            raise Failure(message)
        return Index(index).apply(query, value, rest)

    def result(self, query: Query, value: object) -> object:
        """Return what the script computes of ``value``."""
        if not self.text:
            message = "invalid expression. is empty"
            raise Failure(message)
        return self.evaluate(query.root, value)


@dataclass(frozen=True, slots=True)
class Filter(Step):
    """``[?(…)]``: the elements for which a script says so."""

    script: Script

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return the list of what ``rest`` selects of each; an index after a filter picks among them."""
        if not self.script.text:
            message = "invalid expression. is empty"
            raise Failure(message)
        items = _children(value)
        if items is None:
            raise _wrong("filter", value, "[array map slice]")
        kept = [item for item in items if self._keeps(query, item)]
        if rest and isinstance(rest[0], Index):
            return query.follow(kept, rest)
        return _selected(query, kept, rest)

    def _keeps(self, query: Query, item: object) -> bool:
        try:
            found = self.script.result(query, item)
        except QueryTooLong:
            raise
        except Failure:
            return False
        if isinstance(found, str) and len(found) > 1 and found[0] == found[-1] and found[0] in "'\"":
            found = found[1:-1]
        return bool(found)


@dataclass(frozen=True, slots=True)
class Range(Step):
    """``[start:stop:step]``; a negative step goes backwards through the same elements."""

    start: int | Script | None
    stop: int | Script | None
    step: int | Script | None

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return the list of what ``rest`` selects of each."""
        if not isinstance(value, list):
            raise _wrong("range", value, "[array slice]")
        size = len(value)
        start = self._end(query, value, self.start, 0)
        stop = self._end(query, value, self.stop, size)
        step = 1 if self.step is None else self._number(query, value, self.step)
        if step == 0:
            message = "range: invalid token out of range"
            raise Failure(message)
        items = value[start:stop][::step]
        return _picked(query, items, rest)

    def _end(self, query: Query, value: list[object], written: int | Script | None, default: int) -> int:
        if written is None:
            return default
        number = self._number(query, value, written)
        size = len(value)
        return min(max(number + size if number < 0 else number, 0), size)

    def _number(self, query: Query, value: object, written: int | Script) -> int:
        number = written if isinstance(written, int) else whole(written.result(query, value))
        if number is None:
            message = "range: invalid token argument. expected [int]"
            raise Failure(message)
        return number


@dataclass(frozen=True, slots=True)
class Union(Step):
    """``[a,b]``: the elements at these indices, or the values of these keys; those missing are left out."""

    arguments: tuple[int | str | Script, ...]

    def apply(self, query: Query, value: object, rest: Sequence[Step]) -> object:
        """Return the list of what ``rest`` selects of each."""
        wanted = [self._argument(query, value, each) for each in self.arguments]
        keys = [each for each in wanted if isinstance(each, str)]
        indices = [each for each in wanted if isinstance(each, int)]
        if keys and indices:
            message = "union: invalid token argument. keys and indices cannot be mixed"
            raise Failure(message)
        if keys:
            if not isinstance(value, dict):
                raise _wrong("union", value, "[map]")
            return _picked(query, [value[key] for key in keys if key in value], rest)
        if not isinstance(value, list):
            raise _wrong("union", value, "[array slice]")
        return _picked(query, [value[at] for at in indices if -len(value) <= at < len(value)], rest)

    def _argument(self, query: Query, value: object, written: int | str | Script) -> int | str:
        if isinstance(written, (int, str)):
            return written
        found = written.result(query, value)
        if isinstance(found, str):
            return found
        number = whole(found)
        if number is None:
            message = "union: invalid token argument. expected [int string]"
            raise Failure(message)
        return number


def whole(value: object) -> int | None:
    """Return a number without decimals as an integer, or ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _children(value: object) -> list[object] | None:
    """Return the elements or values of a list or map, or ``None`` for anything else."""
    if isinstance(value, list):
        return value
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else None


def _selected(query: Query, items: list[object], rest: Sequence[Step]) -> list[object]:
    """Return what ``rest`` selects of each item, without what it does not find."""
    if not rest:
        return list(items)
    found = (query.attempt(item, rest) for item in items)
    return [each for each in found if each is not None]


def _picked(query: Query, items: list[object], rest: Sequence[Step]) -> object:
    """Return what ``rest`` selects of each item; an index selects one of them."""
    if rest and isinstance(rest[0], Index):
        return query.follow(items, rest)
    return _selected(query, items, rest)


def _wrong(step: str, value: object, expected: str) -> Failure:
    got = "nil" if value is None else type_name(value)
    return Failure(f"{step}: invalid token target. expected {expected} got [{got}]")
