"""The steps that go over all results of another: arrays, ``reduce``, ``foreach``, ``last``."""

from __future__ import annotations

from typing import Any

from pinnace.language.jq.machine import Machine, State, Step
from pinnace.language.jq.numbers import is_number
from pinnace.language.jq.operators import add
from pinnace.language.jq.steps import identity, native, pipe
from pinnace.language.jq.values import compare, refused


def array(body: Step) -> Step:
    """Return the step that has all results of ``body`` as one array."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        made: list[object] = []
        m.choices.append((identity, made, None, p, k))
        return body(m, v, f, p, (_collect, made, None))

    return step


def _collect(_m: Machine, v: Any, made: Any, _p: Any, _k: Any) -> None:
    made.append(v)


def reduce(source: Step, start: Step, bind: Step, update: Step) -> Step:
    """Return the step that updates a result of ``start`` for each result of ``source``, and has the last."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return start(m, v, f, p, (started, (v, f), k))

    def started(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        value, f = data
        state = [v]
        m.choices.append((finished, None, state, p, k))
        return source(m, value, f, p, (bind, f, (bound, state, None)))

    def bound(m: Machine, v: Any, state: Any, p: Any, _k: Any) -> State | None:
        return update(m, state[0], v, p, (updated, state, None))

    def updated(_m: Machine, v: Any, state: Any, _p: Any, _k: Any) -> None:
        state[0] = v

    def finished(_m: Machine, _v: Any, state: Any, p: Any, k: Any) -> State:
        return k[0], state[0], k[1], p, k[2]

    return step


def foreach(source: Step, start: Step, bind: Step, update_and_extract: tuple[Step, Step]) -> Step:
    """Return the step that updates as ``reduce`` does, and extracts from each state."""
    update, extract = update_and_extract

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return start(m, v, f, p, (started, (v, f), k))

    def started(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        value, f = data
        return source(m, value, f, p, (bind, f, (bound, [v], k)))

    def bound(m: Machine, v: Any, state: Any, p: Any, k: Any) -> State | None:
        return update(m, state[0], v, p, (updated, (state, v), k))

    def updated(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        state, f = data
        state[0] = v
        return extract(m, v, f, p, k)

    return step


def last(body: Step) -> Step:
    """Return the step that has the last result of ``body``."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        found: list[object] = []
        m.choices.append((finished, None, found, p, k))
        return body(m, v, f, p, (note, found, None))

    def note(_m: Machine, v: Any, found: Any, _p: Any, _k: Any) -> None:
        found[:] = [v]

    def finished(_m: Machine, _v: Any, found: Any, p: Any, k: Any) -> State | None:
        return (k[0], found[0], k[1], p, k[2]) if found else None

    return step


def range_(start: Step, end: Step, width: Step) -> Step:
    """Return the step that counts from ``start`` to before ``end``."""

    def begin(m: Machine, v: Any, _f: Any, p: Any, k: Any) -> State | None:
        for number in v:
            if not is_number(number):
                raise refused("range", number)
        return count(m, v[0], v, p, k)

    def count(m: Machine, v: Any, bounds: Any, p: Any, k: Any) -> State | None:
        _, end, width = bounds
        if compare(width, 0, m.budget) * compare(v, end, m.budget) >= 0:
            return None
        m.choices.append((count, add(v, width, m.budget), bounds, p, k))
        return k[0], v, k[1], p, k[2]

    bounds = native(lambda _value, *found: found[:3], (start, end, width))
    return pipe(bounds, begin)
