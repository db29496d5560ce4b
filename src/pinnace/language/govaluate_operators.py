"""What the operators of ``when`` do, and which values they take.

Called by ``govaluate``. Source: Knetic/govaluate 7625b7f8, evaluationStage.go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pinnace.language.goformat import format_value
from pinnace.language.operators import cut, divided, float_power
from pinnace.language.regex import compile_pattern
from pinnace.language.values import Failure, encode

#: A computation: from the parameters to a value.
Term = Callable[[Mapping[str, object]], object]
_Check = Callable[[object], bool]


class _Operate(Protocol):
    def __call__(self, left: object, right: object, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Operator:
    """What an operator does, and whether it takes a left value, a right value, and both together.

    ``complaint`` is what an error says of a value that it does not take.
    """

    operate: _Operate
    complaint: str
    left: _Check | None = None
    right: _Check | None = None
    both: Callable[[object, object], bool] | None = None


def literal(value: object) -> Term:
    """Return the computation that is ``value``."""
    return lambda _: value


def parameter(name: str) -> Term:
    """Return the computation that is a parameter; ``a.B`` asks for a field, which no value has."""
    first, dot, _ = name.partition(".")

    def look_up(parameters: Mapping[str, object]) -> object:
        key = first if dot else name
        if key not in parameters:
            message = f"No parameter '{key[:80]}' found."
            raise Failure(message)
        if dot:
            message = f"Unable to access a field of '{key[:80]}', it is not a struct"
            raise Failure(message)
        value = parameters[key]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return look_up


class Evaluated:
    """The computation of an operator on the values of two others."""

    __slots__ = ("left", "operator", "right", "symbol")

    def __init__(self, symbol: str, left: Term, right: Term, operator: Operator) -> None:
        """Make the computation of ``left symbol right``."""
        self.symbol = symbol
        self.left = left
        self.right = right
        self.operator = operator

    def __call__(self, parameters: Mapping[str, object]) -> object:
        """Return the value; no recursion to the left, where the terms of a long chain are."""
        chain: list[Evaluated] = []
        term: Term = self
        while isinstance(term, Evaluated):
            chain.append(term)
            term = term.left
        value = term(parameters)
        for each in reversed(chain):
            value = each.with_left(value, parameters)
        return value

    def with_left(self, left: object, parameters: Mapping[str, object]) -> object:
        """Return the value; ``&&``, ``||``, ``?``, ``:`` and ``??`` do not look right where they need not."""
        if self.symbol == "&&" and left is False:
            return False
        if self.symbol == "||" and left is True:
            return True
        if self.symbol in {":", "??"} and left is not None:
            return left
        skips = self.symbol == "?" and left is False
        right = None if skips else self.right(parameters)
        self._check(left, right)
        return self.operator.operate(left, right)

    def _check(self, left: object, right: object) -> None:
        operator = self.operator
        for check, value in ((operator.left, left), (operator.right, right)):
            if check is not None and not check(value):
                raise self._refusal(value)
        if operator.both is not None and not operator.both(left, right):
            raise self._refusal(left)

    def _refusal(self, value: object) -> Failure:
        shown = format_value(value)[:80]
        return Failure(self.operator.complaint.format(value=shown, symbol=self.symbol))


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, float)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _both_alike(left: object, right: object) -> bool:
    return type(left) is type(right) and type(left) in {float, str}


def _can_add(left: object, right: object) -> bool:
    return _both_alike(left, right) or isinstance(left, str) or isinstance(right, str)


def _float(value: object) -> float:
    """Return a number that a check has let through."""
    assert isinstance(value, float)
    return value


def _same(left: object, right: object) -> bool:
    """Return whether both have the same type and value."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and left == right


def _order(left: object, right: object) -> float:
    if isinstance(left, str) and isinstance(right, str):
        a, b = encode(left), encode(right)
        return (a > b) - (a < b)
    x, y = _float(left), _float(right)
    return math.nan if math.isnan(x) or math.isnan(y) else (x > y) - (x < y)


def _plus(left: object, right: object) -> object:
    if isinstance(left, str) or isinstance(right, str):
        return format_value(left) + format_value(right)
    return _float(left) + _float(right)


def _modulo(a: float, b: float) -> float:
    return math.nan if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b) else math.fmod(a, b)


def _matches(left: object, right: object) -> bool:
    return compile_pattern(str(right)).matches(str(left))


def _separate(left: object, right: object) -> object:
    return [*left, right] if isinstance(left, list) else [left, right]


def _contained(left: object, right: object) -> bool:
    return isinstance(right, list) and any(_same(left, each) for each in right)


def _natural(value: float) -> int:
    """Return a float as 64 bits without a sign."""
    return cut(value) & 0xFFFF_FFFF_FFFF_FFFF if value < 2.0**63 else int(min(value, 2.0**64 - 2048))


def _shift_left(a: float, b: float) -> float:
    count = _natural(b)
    return float((_natural(a) << count) & 0xFFFF_FFFF_FFFF_FFFF) if count < 64 else 0.0


def _shift_right(a: float, b: float) -> float:
    count = _natural(b)
    return float(_natural(a) >> count) if count < 64 else 0.0


_LOGICAL = "Value '{value}' cannot be used with the logical operator '{symbol}', it is not a bool"
_MODIFIER = "Value '{value}' cannot be used with the modifier '{symbol}', it is not a number"
_COMPARATOR = "Value '{value}' cannot be used with the comparator '{symbol}', it is not a number"
_TERNARY = "Value '{value}' cannot be used with the ternary operator '{symbol}', it is not a bool"
_PREFIX = "Value '{value}' cannot be used with the prefix '{symbol}'"


def _numeric(operate: Callable[[float, float], float]) -> Operator:
    return Operator(lambda a, b: operate(_float(a), _float(b)), _MODIFIER, _is_number, _is_number)


def _ordering(holds: Callable[[float], bool]) -> Operator:
    return Operator(lambda a, b: holds(_order(a, b)), _COMPARATOR, both=_both_alike)


def _otherwise(_left: object, right: object) -> object:
    return right


#: What stands between two values.
BINARY: dict[str, Operator] = {
    "==": Operator(_same, _COMPARATOR), "!=": Operator(lambda a, b: not _same(a, b), _COMPARATOR),
    "<": _ordering(lambda order: order < 0), "<=": _ordering(lambda order: order <= 0),
    ">": _ordering(lambda order: order > 0), ">=": _ordering(lambda order: order >= 0),
    "=~": Operator(_matches, _COMPARATOR, _is_string, _is_string),
    "!~": Operator(lambda a, b: not _matches(a, b), _COMPARATOR, _is_string, _is_string),
    "in": Operator(_contained, _COMPARATOR, right=_is_list),
    "&&": Operator(lambda a, b: a is True and b is True, _LOGICAL, _is_bool, _is_bool),
    "||": Operator(lambda a, b: a is True or b is True, _LOGICAL, _is_bool, _is_bool),
    "?": Operator(lambda a, b: b if a is True else None, _TERNARY, _is_bool),
    ":": Operator(_otherwise, _TERNARY), "??": Operator(_otherwise, _TERNARY), ",": Operator(_separate, ""),
    "+": Operator(_plus, _MODIFIER, both=_can_add), "-": _numeric(lambda a, b: a - b),
    "*": _numeric(lambda a, b: a * b), "/": _numeric(divided), "%": _numeric(_modulo),
    "**": _numeric(float_power), "&": _numeric(lambda a, b: float(cut(a) & cut(b))),
    "|": _numeric(lambda a, b: float(cut(a) | cut(b))), "^": _numeric(lambda a, b: float(cut(a) ^ cut(b))),
    "<<": _numeric(_shift_left), ">>": _numeric(_shift_right),
}  # fmt: skip
#: What stands before one value, here the right one.
PREFIXES: dict[str, Operator] = {
    "-": Operator(lambda _, value: -_float(value), _PREFIX, right=_is_number),
    "!": Operator(lambda _, value: value is False, _PREFIX, right=_is_bool),
    "~": Operator(lambda _, value: float(~cut(_float(value))), _PREFIX, right=_is_number),
}
