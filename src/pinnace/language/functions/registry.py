"""Where functions are registered: the language's own, and those of ``sprig``.

A function says its Go signature, because calls are checked against it; see ``signatures``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pinnace.language.types import Signature, Type, parse_signature
from pinnace.language.values import Function

_Call = TypeVar("_Call", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language itself.

    Attributes:
        name: how it is called.
        call: what it does, with values as arguments.
        signatures: how it may be called, the first that fits wins.
        check: instead of signatures: from the types of arguments to the type of the result.
        grows: its result counts against the memory that an evaluation may use.
    """

    name: str
    call: Callable[..., object]
    signatures: tuple[Signature, ...] = ()
    check: Callable[[list[Type]], Type] | None = None
    grows: bool = False


#: The language's own functions by name, but for those that take a predicate.
BUILTIN_FUNCTIONS: dict[str, Builtin] = {}
#: The functions of ``sprig`` by name.
SPRIG_FUNCTIONS: dict[str, object] = {}


def builtin(
    name: str, *signatures: str, check: Callable[[list[Type]], Type] | None = None, grows: bool = False
) -> Callable[[_Call], _Call]:
    """Return a decorator that registers a function of the language under ``name``."""

    def register(call: _Call) -> _Call:
        parsed = tuple(map(parse_signature, signatures))
        BUILTIN_FUNCTIONS[name] = Builtin(name, call, parsed, check, grows)
        return call

    return register


def sprig(signature: str, *names: str) -> Callable[[_Call], _Call]:
    """Return a decorator that registers a function of ``sprig`` under each of ``names``."""

    def register(call: _Call) -> _Call:
        for name in names:
            SPRIG_FUNCTIONS[name] = Function(name, signature, call)
        return call

    return register
