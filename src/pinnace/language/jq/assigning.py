"""The steps that assign: ``=``, ``|=``, and ``+=`` with its like.

Source: itchyny/gojq v0.12.19, compiler.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.machine import Machine, Path, State, Step
from pinnace.language.jq.paths import Owned, delpaths, getpath, setpath
from pinnace.language.jq.steps import path_to


def assign_at(keys: list[object], value: Step) -> Step:
    """Return the step ``.a.b = value``, whose path is known."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return value(m, v, f, p, (found, v, k))

    def found(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State:
        return k[0], setpath(data, keys, v, Owned(), m.budget), k[1], p, k[2]

    return step


def assign(paths: Step, value: Step) -> Step:
    """Return the step that sets all ``paths`` to one result of ``value`` after the other."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return value(m, v, f, None, (found_value, (v, f, p), k))

    def found_value(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, f, p = data
        state = [value, Owned(), v]
        m.choices.append((finished, None, state, p, k))
        return paths(m, value, f, Path(None, None, value), (found_path, state, None))

    def found_path(m: Machine, v: Any, state: Any, p: Any, _k: Any) -> None:
        state[0] = setpath(state[0], path_to(p, v), state[2], state[1], m.budget)

    def finished(_m: Machine, _v: Any, state: Any, p: Any, k: Any) -> State:
        return k[0], state[0], k[1], p, k[2]

    return step


class _Modification:
    """What has become of a value so far, and what is to be deleted of it in the end."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.owned = Owned()
        self.deletions: list[object] = []


def modify(paths: Step, change: Step) -> Step:
    """Return the step that puts the first result of ``change`` in the place of each of ``paths``.

    Where it has none, what is there is deleted.
    """

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        state = _Modification(v)
        m.choices.append((finished, None, state, p, k))
        return paths(m, v, f, Path(None, None, v), (found_path, (state, f), None))

    def found_path(m: Machine, v: Any, data: Any, p: Any, _k: Any) -> State | None:
        state, f = data
        path = path_to(p, v)
        choices = len(m.choices)
        m.choices.append((no_result, path, state, None, None))
        old = getpath(state.value, path, m.budget)
        if isinstance(old, (list, dict)):
            state.owned.give(state.value, path)
        return change(m, old, f, None, (changed, (state, path, choices), None))

    def changed(m: Machine, v: Any, data: Any, _p: Any, _k: Any) -> None:
        state, path, choices = data
        state.value = setpath(state.value, path, v, state.owned, m.budget)
        del m.choices[choices:]

    def no_result(_m: Machine, path: Any, state: Any, _p: Any, _k: Any) -> None:
        state.deletions.append(path)

    def finished(m: Machine, _v: Any, state: Any, p: Any, k: Any) -> State:
        value = delpaths(state.value, state.deletions, state.owned, m.budget)
        return k[0], value, k[1], p, k[2]

    return step


def compute(paths: Step, function: Callable[[Any, Any, Budget], object], value: Step) -> Step:
    """Return the step ``paths += value`` and its like."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return value(m, v, f, p, (found, (v, f), k))

    def found(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        def change(m: Machine, old: Any, _f: Any, p: Any, k: Any) -> State:
            return k[0], function(old, v, m.budget), k[1], p, k[2]

        return modify(paths, change)(m, data[0], data[1], p, k)

    return step
