"""Replacing the tags in a part of a manifest, value by value.

``tagged(part)`` finds once which fields hold tags; replacing then touches those alone, so that a loop of a
thousand children does not walk the template a thousand times. A part without tags is returned as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from pinnace.language.expressions import analyse, evaluate, evaluate_bool
from pinnace.language.tags import LENIENT, Scope, Strictness, substitute

T = TypeVar("T")

_JSON = msgspec.json.Encoder()
#: Given a scope and a strictness, the value with its tags replaced.
Filler = Callable[[Scope, Strictness], Any]


def fill(memo: dict[Any, Any], part: T, scope: Scope, strict: Strictness = LENIENT) -> T:
    """Return ``part`` with every tag that ``scope`` knows replaced; ``memo`` keeps what was found of it.

    Raises:
        PinnaceError: as ``pinnace.language.tags.substitute`` does.
    """
    key = ("fill", id(part))
    known = memo.get(key)
    if known is None or known[0] is not part:
        known = memo[key] = (part, tagged(part) if has_tags(part) else None)
    filler = known[1]
    result: T = part if filler is None else filler(scope, strict)
    return result


def value_of(expression: str, scope: Scope) -> object:
    """Return the value of a field that is an expression.

    Its tags are replaced first, because Argo replaces those of a whole template before it looks at a field.
    Source: Argo common/util.go, SubstituteParams.

    Raises:
        ExpressionError: it cannot be read or evaluated.
    """
    text = substitute(expression, scope)
    return evaluate(text, dict(scope.variables(analyse(text).roots)))


def holds(expression: str, scope: Scope) -> bool:
    """Return whether a field that is a condition is true, its tags replaced first.

    Raises:
        ExpressionError: it cannot be read or evaluated, or is no boolean.
    """
    text = substitute(expression, scope)
    return evaluate_bool(text, dict(scope.variables(analyse(text).roots)))


def has_tags(part: Any) -> bool:
    """Return whether any text in ``part`` may hold a tag."""
    return b"{{" in _JSON.encode(part)


def tagged(part: Any) -> Filler | None:
    """Return what replaces the tags in ``part``, or None when it has none."""
    if isinstance(part, str):
        return _text(part) if "{{" in part else None
    if isinstance(part, msgspec.Struct):
        return _struct(part)
    if isinstance(part, dict):
        return _mapping(part)
    if isinstance(part, list | tuple):
        return _sequence(part)
    return None


def _text(text: str) -> Filler:
    return lambda scope, strict: substitute(text, scope, strict=strict)


def _struct(part: msgspec.Struct) -> Filler | None:
    fillers = []
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if value and value is not True and (filler := tagged(value)):
            fillers.append((name, filler))
    if not fillers:
        return None

    def fill_struct(scope: Scope, strict: Strictness) -> msgspec.Struct:
        changed = {}
        for name, filler in fillers:
            changed[name] = filler(scope, strict)
        return replace(part, **changed)

    return fill_struct


def _mapping(part: dict[Any, Any]) -> Filler | None:
    values = {key: tagged(value) for key, value in part.items()}
    keys = {key: tagged(key) for key in part}
    if not any(values.values()) and not any(keys.values()):
        return None

    def fill_mapping(scope: Scope, strict: Strictness) -> dict[Any, Any]:
        return {
            (filler(scope, strict) if (filler := keys[key]) else key): (
                inner(scope, strict) if (inner := values[key]) else value
            )
            for key, value in part.items()
        }

    return fill_mapping


def _sequence(part: list[Any] | tuple[Any, ...]) -> Filler | None:
    fillers = [(place, filler) for place, item in enumerate(part) if (filler := tagged(item))]
    if not fillers:
        return None
    make = type(part)

    def fill_sequence(scope: Scope, strict: Strictness) -> Any:
        filled = list(part)
        for place, filler in fillers:
            filled[place] = filler(scope, strict)
        return make(filled)

    return fill_sequence
