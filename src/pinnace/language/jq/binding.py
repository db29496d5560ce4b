"""The steps that give values names: patterns, functions and their parameters.

A pattern is a step that gets a value and a frame, and whose result is the frame with the pattern's names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pinnace.language.jq.machine import IN_ALTERNATIVE, Machine, State, Step
from pinnace.language.jq.paths import index
from pinnace.language.jq.steps import tracked
from pinnace.language.jq.values import FilterError, described


def name_pattern(_m: Machine, v: Any, f: Any, p: Any, k: Any) -> State:
    """Bind the value to the next name."""
    return k[0], (v, f), k[1], p, k[2]


def array_pattern(items: Sequence[Step]) -> Step:
    """Return the pattern that takes an array apart."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        if v is not None and not isinstance(v, list):
            raise FilterError(f"expected an array but got: {described(v)}")
        return item(m, f, (v, 0), p, k)

    def item(m: Machine, f: Any, data: Any, p: Any, k: Any) -> State | None:
        value, at = data
        if at == len(items):
            return k[0], f, k[1], p, k[2]
        inner = index(value, at, m.budget)
        path = p if p is None else tracked(p, value, at, inner)
        following: Step = items[at]
        return following(m, inner, f, path, (item, (value, at + 1), k))

    return step


def object_pattern(entries: Sequence[tuple[Step, bool, Step | None]]) -> Step:
    """Return the pattern that takes an object apart: keys, whether they are names too, and patterns."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return entry(m, f, (v, 0), p, k)

    def entry(m: Machine, f: Any, data: Any, p: Any, k: Any) -> State | None:
        value, at = data
        if at == len(entries):
            return k[0], f, k[1], p, k[2]
        chosen: Step = entries[at][0]
        return chosen(m, value, f, p, (found_key, (value, at, f), k))

    def found_key(m: Machine, v: Any, data: Any, p: Any, k: Any) -> State | None:
        value, at, f = data
        _, is_name, pattern = entries[at]
        inner = index(value, v, m.budget)
        path = p if p is None else tracked(p, value, v, inner)
        if is_name:
            f = (inner, f)
        if pattern is None:
            return entry(m, f, (value, at + 1), path, k)
        chosen: Step = pattern
        return chosen(m, inner, f, path, (entry, (value, at + 1), k))

    return step


def after_nulls(count: int, pattern: Step) -> Step:
    """Return the pattern in whose frame so many names come first, all null."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        for _ in range(count):
            f = (None, f)
        return pattern(m, v, f, p, k)

    return step


def bind(source: Step, pattern: Step, body: Step) -> Step:
    """Return the step that does ``body`` with names for each result of ``source``."""
    plain = pattern is name_pattern

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return source(m, v, f, None, (found, (v, f, p), k))

    def found(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        if plain:
            value, f, p = data
            return body(m, value, (v, f), p, k)
        return pattern(m, v, data[1], None, (bound, data, k))

    def bound(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        return body(m, data[0], v, data[2], k)

    return step


def bind_first(source: Step, patterns: Sequence[tuple[Step, Callable[[Any], Any]]], body: Step) -> Step:
    """Return the step that does ``body`` with the names of the first pattern under which nothing fails.

    Beside each pattern is what makes of its frame the one that all of them have for ``body``.
    """

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return source(m, v, f, None, (choose, (v, f, p, 0), k))

    def choose(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, f, p, at = data
        if at + 1 < len(patterns):
            m.choices.append((IN_ALTERNATIVE, (choose, v), (value, f, p, at + 1), None, k))
        pattern, _ = patterns[at]
        chosen: Step = pattern
        return chosen(m, v, f, None, (bound, data, k))

    def bound(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, _, p, at = data
        return body(m, value, patterns[at][1](v), p, k)

    return step


class Definition:
    """A function: its parameters, which of them are values, and its body once it is compiled."""

    def __init__(self, parameters: Sequence[str]) -> None:
        self.parameters = tuple(parameters)
        self.values = [at for at, name in enumerate(parameters) if name.startswith("$")]
        self.body: Step | None = None


def define(body: Step) -> Step:
    """Return the step that does ``body`` in a frame that a function was defined in."""

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        return body(m, v, (None, f), p, k)

    return step


def call(definition: Definition, home: Callable[[Any], Any], args: Sequence[Step]) -> Step:
    """Return the step that calls a function.

    Args:
        definition: the function.
        home: finds, in the caller's frame, the frame that the function was defined in.
        args: its arguments, which it calls in turn; those that it takes as values are found before.
    """
    values = [args[at] for at in definition.values]

    def step(m: Machine, v: Any, f: Any, p: Any, k: Any) -> State | None:
        frame = home(f)
        m.budget.spend(2 * len(args))
        for arg in args:
            frame = ((arg, f), frame)
        if values:
            return values[0](m, v, f, None, (found, (v, f, p, frame, 1), k))
        assert definition.body is not None
        return definition.body, v, frame, p, k

    def found(m: Machine, v: Any, data: Any, _p: Any, k: Any) -> State | None:
        value, f, p, frame, at = data
        frame = (v, frame)
        if at < len(values):
            chosen: Step = values[at]
            return chosen(m, value, f, None, (found, (value, f, p, frame, at + 1), k))
        assert definition.body is not None
        return definition.body, value, frame, p, k

    return step


def call_parameter(lookup: Callable[[Any], Any]) -> Step:
    """Return the step that does what an argument is, in the frame of the caller."""

    def step(_m: Machine, v: Any, f: Any, p: Any, k: Any) -> State:
        body, frame = lookup(f)
        return body, v, frame, p, k

    return step
