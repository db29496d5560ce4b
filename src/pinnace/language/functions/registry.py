"""Where functions are registered: the language's own, and those of ``sprig``.

A function says its Go signature, because calls are checked against it; see ``signatures``.
"""

from __future__ import annotations

import inspect
import sys
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
        least, most: how many arguments ``call`` takes.
    """

    name: str
    call: Callable[..., object]
    signatures: tuple[Signature, ...] = ()
    check: Callable[[list[Type]], Type] | None = None
    grows: bool = False
    least: int = 0
    most: int = 0


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
        least, most = _arguments_of(call)
        BUILTIN_FUNCTIONS[name] = Builtin(name, call, parsed, check, grows, least, most)
        return call

    return register


def _arguments_of(call: Callable[..., object]) -> tuple[int, int]:
    """Return the least and the most arguments that ``call`` takes."""
    parameters = inspect.signature(call).parameters.values()
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 0, sys.maxsize
    return sum(each.default is each.empty for each in parameters), len(parameters)


def sprig(signature: str, *names: str) -> Callable[[_Call], _Call]:
    """Return a decorator that registers a function of ``sprig`` under each of ``names``."""

    def register(call: _Call) -> _Call:
        for name in names:
            SPRIG_FUNCTIONS[name] = Function(name, signature, call)
        return call

    return register
