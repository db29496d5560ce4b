"""The types that operators take and give.

Called by ``checker``. Source: expr-lang v1.17.8, checker/checker.go, unaryNode and binaryNode.
"""

from __future__ import annotations

from collections.abc import Callable

from pinnace.language.types import (
    BOOL,
    DURATION,
    FLOAT,
    INT,
    NIL,
    STRING,
    TIME,
    UNKNOWN,
    Type,
    assignable,
    comparable,
    list_of,
)

_Rule = Callable[[Type, Type], Type | None]


def result_of_unary(operator: str, operand: Type) -> Type | None:
    """Return the type of ``operator operand``, or ``None`` when there is no such operation."""
    if operator in {"!", "not"}:
        return BOOL if operand.kind == "bool" or operand.is_unknown else None
    if operand.is_number:
        return operand
    return UNKNOWN if operand.is_unknown else None


def result_of_binary(operator: str, left: Type, right: Type) -> Type | None:
    """Return the type of ``left operator right``, or ``None`` when there is no such operation."""
    return _RULES[operator](left, right)


def _is(name: str) -> Callable[[Type], bool]:
    return lambda each: each.name == name


def _number(each: Type) -> bool:
    return each.is_number


def _integer(each: Type) -> bool:
    return each.is_integer


_string, _bool, _time, _duration = _is("string"), _is("bool"), _is(TIME.name), _is(DURATION.name)


def _maybe(left: Type, right: Type, *checks: Callable[[Type], bool]) -> bool:
    """Return whether one side is unknown and the other could fit it."""
    if left.is_unknown:
        return right.is_unknown or any(check(right) for check in checks)
    return right.is_unknown and any(check(left) for check in checks)


def _promoted(left: Type, right: Type) -> Type:
    return FLOAT if "float" in {left.kind, right.kind} else INT


def _equality(left: Type, right: Type) -> Type | None:
    return BOOL if comparable(left, right) else None


def _logic(left: Type, right: Type) -> Type | None:
    return BOOL if (_bool(left) and _bool(right)) or _maybe(left, right, _bool) else None


def _order(left: Type, right: Type) -> Type | None:
    for check in (_number, _string, _time, _duration):
        if check(left) and check(right):
            return BOOL
    return BOOL if _maybe(left, right, _number, _string, _time, _duration) else None


def _plus(left: Type, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        return _promoted(left, right)
    if _string(left) and _string(right):
        return STRING
    if _duration(left) and _duration(right):
        return DURATION
    if (_time(left) and _duration(right)) or (_duration(left) and _time(right)):
        return TIME
    return UNKNOWN if _maybe(left, right, _number, _string, _time, _duration) else None


def _minus(left: Type, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        return _promoted(left, right)
    if (_time(left) and _time(right)) or (_duration(left) and _duration(right)):
        return DURATION
    if _time(left) and _duration(right):
        return TIME
    return UNKNOWN if _maybe(left, right, _number, _time, _duration) else None


def _times(left: Type, right: Type) -> Type | None:
    if left.is_number and right.is_number:
        return _promoted(left, right)
    fits = (left.is_number or _duration(left)) and (right.is_number or _duration(right))
    if fits:
        return DURATION
    return UNKNOWN if _maybe(left, right, _number, _duration) else None


def _quotient(left: Type, right: Type) -> Type | None:
    return FLOAT if (left.is_number and right.is_number) or _maybe(left, right, _number) else None


def _remainder(left: Type, right: Type) -> Type | None:
    return INT if (left.is_integer and right.is_integer) or _maybe(left, right, _integer) else None


def _text(left: Type, right: Type) -> Type | None:
    return BOOL if (_string(left) and _string(right)) or _maybe(left, right, _string) else None


def _match(left: Type, right: Type) -> Type | None:
    return BOOL if left.name == "[]uint8" and _string(right) else _text(left, right)


def _containment(left: Type, right: Type) -> Type | None:
    if right.kind == "struct":
        return BOOL if left.is_unknown or _string(left) else None
    return BOOL if right.kind in {"map", "slice"} or right.is_unknown or _into_text(left, right) else None


def _into_text(left: Type, right: Type) -> bool:
    return left.is_unknown and _string(right)


def _range(left: Type, right: Type) -> Type | None:
    if (left.is_integer and right.is_integer) or _maybe(left, right, _integer):
        return list_of(INT)
    return None


def _coalesce(left: Type, right: Type) -> Type | None:
    if left.is_nil:
        return NIL if right.is_nil else right
    if right.is_nil:
        return left
    return left if assignable(right, left) else UNKNOWN


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(["==", "!="], _equality), **dict.fromkeys(["or", "||", "and", "&&"], _logic),
    **dict.fromkeys(["<", ">", "<=", ">="], _order), "+": _plus, "-": _minus, "*": _times,
    **dict.fromkeys(["/", "**", "^"], _quotient), "%": _remainder, "in": _containment, "matches": _match,
    **dict.fromkeys(["contains", "startsWith", "endsWith"], _text), "..": _range, "??": _coalesce,
}  # fmt: skip
