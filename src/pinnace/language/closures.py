"""The closures of operators, accesses and tests, from those of their operands.

Called by ``compiler``. A failure gets its place from the innermost closure that it passes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from pinnace.language import operators
from pinnace.language.frames import Code, Frame
from pinnace.language.regex import Pattern, compile_pattern
from pinnace.language.values import MEMORY_BUDGET, Failure, Ints, encode, is_nil


class Constant:
    """The closure of a value that is known already."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        """Make the closure of ``value``."""
        self.value = value

    def __call__(self, _frame: Frame) -> object:
        """Return the value."""
        return self.value


class ShortCircuit(Exception):
    """The base of ``?.`` is nil: the chain around it is nil."""


def placed(failure: Failure, position: int) -> Failure:
    """Return ``failure`` with its place, if an inner node did not set one."""
    if failure.position is None:
        failure.position = position
    return failure


#: The builtins that take one value from the engine's stack: of too many arguments the last one counts.
_OF_LAST = frozenset({
    "len", "type", "abs", "ceil", "floor", "round", "int", "float", "string", "upper", "lower",
})  # fmt: skip


def unchecked_call(name: str, call: Callable[..., object], surplus: int) -> Callable[..., object]:
    """Return what a builtin does with a wrong number of arguments, in a part that the check does not look at.

    Too few are an error; of too many some are left aside, so many that ``surplus`` is their number.
    """

    def operate(*given: object) -> object:
        if surplus <= 0:
            message = "invalid number of arguments"
            raise Failure(message)
        return call(*(given[surplus:] if name in _OF_LAST else given[:-surplus]))

    return operate


def not_a(value: object, wanted: str) -> Failure:
    """Return the failure of a value that is no ``wanted``."""
    name = "nil" if value is None else operators.type_name(value)
    return Failure(f"interface conversion: interface {{}} is {name}, not {wanted}")


def not_a_bool(value: object) -> Failure:
    """Return the failure of a value that is neither true nor false."""
    return not_a(value, "bool")


def negated(value: object) -> bool:
    """Return the opposite of a boolean."""
    if value is True:
        return False
    if value is False:
        return True
    raise not_a_bool(value)


def foldable(code: Code) -> TypeGuard[Constant]:
    """Return whether ``code`` is a constant on which an operation can be done at once."""
    return isinstance(code, Constant) and type(code.value) in {int, float, str}


def operation(operate: Callable[..., object], left: Code, right: Code, position: int) -> Code:
    """Return the code of an operation on both sides; one with a constant right side is a call shorter."""
    if isinstance(right, Constant):
        constant = right.value

        def with_constant(frame: Frame) -> object:
            try:
                return operate(left(frame), constant)
            except Failure as failure:
                raise placed(failure, position) from None

        return with_constant

    def guarded(frame: Frame) -> object:
        try:
            return operate(left(frame), right(frame))
        except Failure as failure:
            raise placed(failure, position) from None

    return guarded


def equality(left: Code, right: Code, *, wanted: bool) -> Code:
    """Return ``==``, or ``!=`` when ``wanted`` is false; a plain constant needs no look at both types."""
    if isinstance(right, Constant) and type(right.value) in {int, str}:
        constant, kind = right.value, type(right.value)

        def equals_constant(frame: Frame) -> object:
            value = left(frame)
            if type(value) is kind:
                return (value == constant) is wanted
            return operators.equal(value, constant) is wanted

        return equals_constant
    return lambda frame: operators.equal(left(frame), right(frame)) is wanted


def coalesced(left: Code, right: Code) -> Code:
    """Return the code of ``left ?? right``."""

    def run(frame: Frame) -> object:
        value = left(frame)
        return right(frame) if is_nil(value) else value

    return run


def integer_range(left: Code, right: Code, position: int) -> Code:
    """Return the code of ``left..right``."""

    def run(frame: Frame) -> object:
        try:
            first, last = operators.to_int(left(frame)), operators.to_int(right(frame))
            if last - first + 1 >= MEMORY_BUDGET:
                frame.grow(MEMORY_BUDGET)
            frame.grow(max(last - first + 1, 0))
        except Failure as failure:
            raise placed(failure, position) from None
        return Ints(range(first, last + 1))

    return run


def optional_member(base: Code, prop: Code, position: int) -> Code:
    """Return the code of ``base?.property``."""

    def run(frame: Frame) -> object:
        value = base(frame)
        if is_nil(value):
            raise ShortCircuit
        try:
            return operators.fetch(value, prop(frame))
        except Failure as failure:
            raise placed(failure, position) from None

    return run


def named_member(base: Code, name: str, position: int) -> Code:
    """Return the code of ``base.name``."""

    def run(frame: Frame) -> object:
        value = base(frame)
        if type(value) is dict:
            return value.get(name)
        try:
            return operators.fetch(value, name)
        except Failure as failure:
            raise placed(failure, position) from None

    return run


def in_strings(needle: object, strings: frozenset[str]) -> bool:
    """Return whether a string is among ``strings``; nil counts as the empty one."""
    if isinstance(needle, str):
        return needle in strings
    if needle is None:
        return "" in strings
    message = (
        f"reflect.Value.MapIndex: value of type {operators.type_name(needle)} is not assignable to string"
    )
    raise Failure(message)


def in_range(needle: object, bounds: tuple[int, int]) -> bool:
    """Return whether a number is one of the integers between ``bounds``."""
    if not isinstance(needle, (int, float)) or isinstance(needle, bool):
        return False
    return bounds[0] <= needle <= bounds[1] and needle == int(needle)


def _texts(left: object, right: object) -> tuple[str, str] | None:
    """Return both as strings; ``None`` when one is nil, which contains and begins nothing."""
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    if is_nil(left) or is_nil(right):
        return None
    raise not_a(right if isinstance(left, str) else left, "string")


def _contains(left: object, right: object) -> bool:
    texts = _texts(left, right)
    return texts is not None and texts[1] in texts[0]


def _starts_with(left: object, right: object) -> bool:
    texts = _texts(left, right)
    return texts is not None and texts[0].startswith(texts[1])


def _ends_with(left: object, right: object) -> bool:
    texts = _texts(left, right)
    return texts is not None and encode(texts[0]).endswith(encode(texts[1]))


#: What ``contains``, ``startsWith`` and ``endsWith`` do.
TEXT_TESTS = {"contains": _contains, "startsWith": _starts_with, "endsWith": _ends_with}


def matches_pattern(left: object, pattern: Pattern) -> bool:
    """Return whether ``pattern`` occurs in a string or in bytes; in nil nothing does."""
    if is_nil(left):
        return False
    if isinstance(left, bytes):
        left = left.decode("utf-8", "surrogateescape")
    if not isinstance(left, str):
        raise not_a(left, "[]uint8")
    return pattern.matches(left)


def matches_text(left: object, right: object) -> bool:
    """Return whether the pattern ``right`` occurs in ``left``; nothing does with nil."""
    if is_nil(left) or is_nil(right):
        return False
    if not isinstance(right, str):
        raise not_a(right, "string")
    return matches_pattern(left, compile_pattern(right))
