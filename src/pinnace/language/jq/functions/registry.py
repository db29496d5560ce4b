"""The table of jq's functions that are written in Python.

One is called with the value, its arguments and the budget of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pinnace.language.jq.steps import Native

_Function = TypeVar("_Function", bound=Native)

#: The functions by name and number of arguments.
NATIVES: dict[tuple[str, int], Native] = {}
#: The functions of formats, by name with ``@``.
FORMATS: dict[str, Native] = {}


def native(name: str, arity: int = 0) -> Callable[[_Function], _Function]:
    """Return the decorator that makes a function known by ``name``."""

    def register(function: _Function) -> _Function:
        NATIVES[name, arity] = function
        return function

    return register


def format_(name: str) -> Callable[[_Function], _Function]:
    """Return the decorator that makes a function known as a format."""

    def register(function: _Function) -> _Function:
        FORMATS[name] = function
        return function

    return register
