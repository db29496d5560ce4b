"""Paths into values: what is there, and values with something else there.

A path is a list of keys: a string for an object, a number for an array, an object of ``start`` and ``end``
for part of an array. Source: itchyny/gojq v0.12.19, func.go.
"""

from __future__ import annotations

from typing import Final

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.numbers import is_number, to_int, to_int_up
from pinnace.language.jq.values import FilterError, compare, described, failed, preview, refused

#: Arrays may grow to that many elements by an assignment; gojq allows more.
_MOST_ELEMENTS = 4_000_000
#: What is to be deleted, while other paths are still to be found.
DELETED: Final = object()


class Owned:
    """The lists and maps that an assignment made itself, and so may change."""

    def __init__(self) -> None:
        self.made: dict[int, object] = {}

    def keep(self, value: object) -> None:
        """Note that ``value`` was made here."""
        self.made[id(value)] = value

    def holds(self, value: object) -> bool:
        """Return whether ``value`` may be changed."""
        return id(value) in self.made

    def give(self, root: object, path: list[object]) -> None:
        """Forget what lies at ``path``, since someone else gets to see it; keep what leads there."""
        kept: dict[int, object] = {}
        at = root
        for key in path:
            if self.holds(at):
                kept[id(at)] = at
            if isinstance(key, dict):
                break
            at = _peek(at, key)
        self.made = kept


def _peek(value: object, key: object) -> object:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and is_number(key):
        at = _clamp(_int(key), -1, len(value))
        return value[at] if 0 <= at < len(value) else None
    return None


def _int(number: object) -> int:
    assert isinstance(number, (int, float))
    return to_int(number)


def _clamp(at: int, least: int, length: int) -> int:
    """Return an index counted from the begin, between ``least`` and ``length``."""
    return min(max(at + length if at < 0 else at, least), length)


def index(value: object, key: object, budget: Budget) -> object:
    """Return what a value has for a key, or null.

    Raises:
        FilterError: a value of that type has no such keys.
    """
    if isinstance(key, str):
        if isinstance(value, dict):
            return value.get(key)
        if value is not None:
            raise FilterError(f"expected an object but got: {described(value)}")
        return None
    if is_number(key):
        return _element(value, _int(key))
    if isinstance(key, list):
        if value is not None and not isinstance(value, list):
            raise FilterError(f"expected an array but got: {described(value)}")
        return None if value is None else positions(value, key, budget)
    if isinstance(key, dict):
        return None if value is None else part(value, *_bounds(key))
    kind = "array" if isinstance(value, list) else "string"
    if isinstance(value, (list, str)):
        an = "an" if kind == "array" else "a"
        raise FilterError(f"expected a number for indexing {an} {kind} but got: {described(key)}")
    raise FilterError(f"expected a string for object key but got: {described(key)}")


def _element(value: object, at: int) -> object:
    if isinstance(value, (list, str)):
        at = _clamp(at, -1, len(value))
        return value[at] if 0 <= at < len(value) else None
    if value is not None:
        raise FilterError(f"expected an array but got: {described(value)}")
    return None


def positions(values: list[object], wanted: list[object], budget: Budget) -> list[object]:
    """Return the indices at which ``wanted`` begins in ``values``."""
    if not wanted:
        return []
    length = len(wanted)
    return [
        at for at in range(len(values) - length + 1) if compare(values[at : at + length], wanted, budget) == 0
    ]


def _bounds(key: dict[str, object]) -> tuple[object, object]:
    if "start" not in key or "end" not in key:
        raise FilterError(f'expected "start" and "end" for slicing but got: {described(key)}')
    return key["start"], key["end"]


def part(value: object, start: object, end: object) -> object:
    """Return part of an array or string; both bounds may be null.

    Raises:
        FilterError: it is neither, or a bound is not a number.
    """
    if value is None:
        return None
    if not isinstance(value, (list, str)):
        raise FilterError(f"expected an array but got: {described(value)}")
    begin, stop = _clamped(start, end, len(value), "an array" if isinstance(value, list) else "a string")
    return value if stop - begin == len(value) else value[begin:stop]


def _clamped(start: object, end: object, length: int, what: str) -> tuple[int, int]:
    for bound in (start, end):
        if bound is not None and not is_number(bound):
            raise FilterError(f"expected a number for indexing {what} but got: {described(bound)}")
    begin = 0 if start is None else _clamp(_int(start), 0, length)
    if end is None:
        return begin, length
    assert isinstance(end, (int, float))
    return begin, _clamp(to_int_up(end), begin, length)


def getpath(value: object, path: object, budget: Budget) -> object:
    """Return what lies at ``path``, or null."""
    if not isinstance(path, list):
        raise refused("getpath", value, path)
    at = value
    for key in path:
        if at is not None and not isinstance(at, (list, dict)):
            raise refused("getpath", value, path)
        try:
            at = index(at, key, budget)
        except FilterError as error:
            raise failed("getpath", value, error.message, path) from None
    return at


def setpath(value: object, path: object, new: object, owned: Owned, budget: Budget) -> object:
    """Return ``value`` with ``new`` at ``path``."""
    if not isinstance(path, list):
        raise refused("setpath", value, path)
    try:
        return _updated(value, path, new, owned, budget)
    except FilterError as error:
        raise failed("setpath", value, error.message, path, new) from None


def delpaths(value: object, paths: object, owned: Owned, budget: Budget) -> object:
    """Return ``value`` without what lies at any of ``paths``, all of which mean ``value`` as it is."""
    if not isinstance(paths, list):
        raise refused("delpaths", value, paths)
    made = value
    for path in paths:
        try:
            if not isinstance(path, list):
                raise FilterError(f"expected an array but got: {described(path)}")
            made = _updated(made, path, DELETED, owned, budget)
        except FilterError as error:
            raise failed("delpaths", value, error.message, paths) from None
    return _swept(made, owned) if paths else value


def _swept(value: object, owned: Owned) -> object:
    """Return a value without what is marked as deleted, which only lies in values made for that."""
    if value is DELETED:
        return None
    if not owned.holds(value):
        return value
    if isinstance(value, dict):
        return {key: _swept(each, owned) for key, each in value.items() if each is not DELETED}
    assert isinstance(value, list)
    return [_swept(each, owned) for each in value if each is not DELETED]


def _updated(value: object, path: list[object], new: object, owned: Owned, budget: Budget) -> object:
    if not path:
        return new
    if value is DELETED:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, str):
        if value is None or isinstance(value, dict):
            return _with_key(value, key, (rest, new), owned, budget)
        raise FilterError(f"expected an object but got: {described(value)}")
    if is_number(key) or isinstance(key, dict):
        if value is not None and not isinstance(value, list):
            raise FilterError(f"expected an array but got: {described(value)}")
        if isinstance(key, dict):
            return _with_part(value, key, (rest, new), owned, budget)
        return _with_element(value, _int(key), (rest, new), owned, budget)
    if isinstance(value, list):
        raise FilterError(f"expected a number for indexing an array but got: {described(key)}")
    raise FilterError(f"expected a string for object key but got: {described(key)}")


#: The rest of a path, and what is to be there.
_Change = tuple[list[object], object]


def _with_key(
    value: dict[str, object] | None, key: str, change: _Change, owned: Owned, budget: Budget
) -> object:
    if change[1] is DELETED and (value is None or key not in value):
        return value
    inner = _updated((value or {}).get(key), *change, owned, budget)
    if value is None or not owned.holds(value):
        budget.spend(1 + len(value or ()) // 16)
        value = dict(value or {})
        owned.keep(value)
    value[key] = inner
    return value


def _with_element(
    value: list[object] | None, at: int, change: _Change, owned: Owned, budget: Budget
) -> object:
    length = len(value or ())
    found = _clamp(at, -1, length)
    if not 0 <= found < length:
        if change[1] is DELETED:
            return value
        if found < 0:
            raise FilterError(f"array index should not be negative: {preview(at)}")
        if at >= _MOST_ELEMENTS:
            raise FilterError(f"array index too large: {preview(at)}")
        found = at
    inner = _updated(value[found] if value is not None and found < length else None, *change, owned, budget)
    if value is None or not owned.holds(value):
        budget.spend(1 + length // 128)
        value = list(value or ())
        owned.keep(value)
    if found >= length:
        budget.spend(found + 1 - length)
        value += [None] * (found + 1 - length)
    value[found] = inner
    return value


def _with_part(
    value: list[object] | None, key: dict[str, object], change: _Change, owned: Owned, budget: Budget
) -> object:
    start, end = _bounds(key)
    old = value or []
    begin, stop = _clamped(start, end, len(old), "an array")
    if begin == stop and change[1] is DELETED:
        return value
    inner = _updated(old[begin:stop] if value is not None else None, *change, owned, budget)
    if inner is DELETED:
        inner = [DELETED] * (stop - begin)
    if not isinstance(inner, list):
        raise FilterError(f"expected an array but got: {described(inner)}")
    if len(inner) == stop - begin and owned.holds(value):
        old[begin:stop] = inner
        return value
    budget.spend(1 + len(old) // 128)
    made = [*old[:begin], *inner, *old[stop:]]
    owned.keep(made)
    return made
