"""The steps that filters are made of, except those that assign; see ``machine`` for what a step is.

Each function returns a step; those whose names begin with ``_`` at the top are continuations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.machine import IN_TRY, LEFT_TRY, Machine, Path, State, Step
from pinnace.language.jq.paths import getpath, index, part
from pinnace.language.jq.values import FilterError, described, is_true

#: A function of a value, its arguments and the budget.
Native = Callable[..., object]
#: What a value and a frame make, without steps.
Simple = Callable[[Any, Any], object]


def intact(found: Path, value: object) -> bool:
    """Return whether ``value`` is still what a path has led to."""
    expected = found.value
    if isinstance(value, (list, dict)):
        return value is expected or (value == expected == [])
    if isinstance(value, float) and isinstance(expected, float):
        return value == expected or (math.isnan(value) and math.isnan(expected))
    return type(value) is type(expected) and value == expected


def tracked(path: Path, value: object, key: object, inner: object) -> Path:
    """Return the path to ``inner``, which is what ``value`` has for ``key``.

    Raises:
        FilterError: ``value`` is not what ``path`` has led to.
    """
    if not intact(path, value):
        raise FilterError(f"invalid path against: {described(value)}")
    return Path(path, key, inner)


def keys(path: Path) -> list[object]:
    """Return the keys of a path."""
    found: list[object] = []
    at = path
    while at.before is not None:
        found.append(at.key)
        at = at.before
    return found[::-1]


def simple(function: Simple) -> Step:
    """Return the step that makes one value of each."""

    def step(_m: Machine, v: Any, f: Any, p: Any, k: Any) -> State:
        return k[0], function(v, f), k[1], p, k[2]

    return step


def identity(_m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State:
    """Pass the value on."""
    return k[0], v, k[1], p, k[2]


def empty(_m: Machine, _v: Any, _f: Any, _p: Any, _k: Any) -> None:
    """Go back to the last choice."""
    return


def pipe(left: Step, right: Step) -> Step:
    """Return the step that does ``right`` with each result of ``left``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return left(m, v, f, p, (right, f, k))

    return step


def comma(items: Sequence[Step]) -> Step:
    """Return the step that has the results of each of ``items`` in turn."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        m.choices.append((following, v, (f, 1), p, k))
        return items[0](m, v, f, p, k)

    def following(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        f, at = data
        if at + 1 < len(items):
            m.choices.append((following, v, (f, at + 1), p, k))
        chosen: Step = items[at]
        return chosen(m, v, f, p, k)

    return step


def alternative(left: Step, right: Step) -> Step:
    """Return the step that has the true results of ``left``, or else those of ``right``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        found: list[bool] = []
        m.choices.append((_otherwise, v, (found, right, f), p, k))
        return left(m, v, f, p, (_if_true, found, k))

    return step


def _if_true(_m: Machine, v: Any, found: Any, p: Any, k: Any) -> State | None:
    if not is_true(v):
        return None
    found.append(True)
    return k[0], v, k[1], p, k[2]


def _otherwise(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
    found, right, f = data
    if found:
        return None
    chosen: Step = right
    return chosen(m, v, f, p, k)


def condition(test: Step, then: Step, otherwise: Step) -> Step:
    """Return the step that does one or the other with the value, for each result of ``test``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return test(m, v, f, None, (branch, (v, f, p), k))

    def branch(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, f, p = data
        chosen = then if is_true(v) else otherwise
        return chosen(m, value, f, p, k)

    return step


def attempt(body: Step, handler: Step | None) -> Step:
    """Return the step that does ``handler`` with an error of ``body``, or has no more results."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        m.choices.append((IN_TRY, handler, f, p, k))
        return body(m, v, f, p, (_leave_try, None, k))

    return step


def _leave_try(m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State:
    m.choices.append((LEFT_TRY, None, None, None, None))
    return k[0], v, k[1], p, k[2]


def label(body: Step) -> Step:
    """Return the step that does ``body`` in a frame with a label, which is how many choices there were."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return body(m, v, (len(m.choices), f), p, k)

    return step


def leave(lookup: Callable[[Any], Any]) -> Step:
    """Return the step that gives up all choices made since a label."""

    def step(m: Machine, _v: Any, f: Any, _p: Any, _k: Any) -> None:
        del m.choices[lookup(f) :]

    return step


def access(of: Step, key: Step) -> Step:
    """Return the step that has what ``of`` has for ``key``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return key(m, v, f, None, (found_key, (v, f, p), k))

    def found_key(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, f, p = data
        return of(m, value, f, p, (_access, v, k))

    return step


def access_constant(of: Step, key: object) -> Step:
    """Return the step that has what ``of`` has for a key that is known."""
    if of is identity:

        def own(m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State:
            return _access(m, v, key, p, k)

        return own

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return of(m, v, f, p, (_access, key, k))

    return step


def _access(m: Machine, v: Any, key: Any, p: Any, k: Any) -> State:
    inner = index(v, key, m.budget)
    return k[0], inner, k[1], p if p is None else tracked(p, v, key, inner), k[2]


def slice_(of: Step, start: Step, end: Step) -> Step:
    """Return the step that has part of ``of``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return start(m, v, f, None, (found_start, (v, f, p), k))

    def found_start(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        return end(m, data[0], data[1], None, (found_end, (v, *data), k))

    def found_end(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        first, value, f, p = data
        return of(m, value, f, p, (_slice, {"start": first, "end": v}, k))

    return step


def _slice(m: Machine, v: Any, key: Any, p: Any, k: Any) -> State:
    inner = part(v, key["start"], key["end"])
    if isinstance(inner, (list, str)):
        m.budget.spend(len(inner) >> 4)
    return k[0], inner, k[1], p if p is None else tracked(p, v, key, inner), k[2]


def iterate(of: Step) -> Step:
    """Return the step that has every element of ``of``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return of(m, v, f, p, (_elements, None, k))

    return step


def _elements(m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State | None:
    if not isinstance(v, (list, dict)):
        raise FilterError(f"cannot iterate over: {described(v)}")
    if p is not None and not intact(p, v):
        raise FilterError(f"invalid path on iterating against: {described(v)}")
    m.budget.spend(len(v) >> 3)
    return _element(m, v, (range(len(v)) if isinstance(v, list) else sorted(v), 0), p, k)


def _element(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
    """Have one element, and leave the next one as a choice."""
    names, at = data
    if at >= len(names):
        return None
    if at + 1 < len(names):
        m.choices.append((_element, v, (names, at + 1), p, k))
    key = names[at]
    inner = v[key]
    return k[0], inner, k[1], p if p is None else Path(p, key, inner), k[2]


def native(function: Native, args: Sequence[Step]) -> Step:
    """Return the step that calls ``function`` with the value and each choice of arguments.

    The last argument is the outermost loop.
    """
    if not args:

        def call(m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State:
            return k[0], function(v, m.budget), k[1], p, k[2]

        return call
    last = len(args) - 1

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return args[last](m, v, f, p, (argument, (v, f, last, ()), k))

    def argument(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        value, f, at, found = data
        found = (v, *found)
        if at:
            chosen: Step = args[at - 1]
            return chosen(m, value, f, p, (argument, (value, f, at - 1, found), k))
        return k[0], function(value, *found, m.budget), k[1], p, k[2]

    return step


def binary(function: Callable[[Any, Any, Budget], object], left: Simple, right: Simple) -> Step:
    """Return the step that joins two values that need no steps."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State:
        return k[0], function(left(v, f), right(v, f), m.budget), k[1], p, k[2]

    return step


def find_path(path: Step) -> Step:
    """Return the step ``getpath(path)``, which is a path itself."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return path(m, v, f, None, (found, (v, p), k))

    def found(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State:
        value, p = data
        inner = getpath(value, v, m.budget)
        if p is not None:
            if not intact(p, value):
                raise FilterError(f"invalid path against: {described(value)}")
            for key in v:
                p = Path(p, key, inner)
        return k[0], inner, k[1], p, k[2]

    return step


def object_(pairs: Sequence[tuple[Step, Step | None]]) -> Step:
    """Return the step that has an object of each choice of keys and values; the last pair varies first.

    Where a pair has no value, it is what the input has for the key.
    """
    parts = [each for pair in pairs for each in pair]

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return following(m, v, (f, ()), p, k)

    def following(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        f, found = data
        if len(found) == len(parts):
            m.budget.spend(len(parts))
            return k[0], _object_of(found), k[1], p, k[2]
        part = parts[len(found)]
        if part is None:
            return following(m, v, (f, (*found, index(v, found[-1], m.budget))), p, k)
        return part(m, v, f, p, (filled, (v, f, found), k))

    def filled(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        value, f, found = data
        return following(m, value, (f, (*found, v)), p, k)

    return step


def _object_of(found: tuple[Any, ...]) -> dict[str, object]:
    for key in found[-2::-2]:
        if not isinstance(key, str):
            raise FilterError(f"expected a string for object key but got: {described(key)}")
    return dict(zip(found[::2], found[1::2], strict=True))


def find_paths(body: Step) -> Step:
    """Return the step ``path(body)``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return body(m, v, f, Path(None, None, v), (_found_path, p, k))

    return step


def _found_path(_m: Machine, v: Any, outer: Any, p: Any, k: Any) -> State:
    return k[0], path_to(p, v), k[1], outer, k[2]


def path_to(path: Path, value: object) -> list[object]:
    """Return the keys of a path that is complete.

    Raises:
        FilterError: ``value`` is not what it has led to.
    """
    if not intact(path, value):
        raise FilterError(f"invalid path against: {described(value)}")
    return keys(path)
