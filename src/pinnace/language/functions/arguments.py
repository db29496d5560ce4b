"""What functions expect of their arguments, and the checks of types they share."""

from __future__ import annotations

from collections.abc import Callable

from pinnace.language.operators import type_name
from pinnace.language.types import ANY, Type
from pinnace.language.values import Failure

#: What Go's strings.TrimSpace removes.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def text(value: object) -> str:
    """Return ``value``, a string.

    Raises:
        Failure: it is something else.
    """
    if isinstance(value, str):
        return value
    name = "nil" if value is None else type_name(value)
    message = f"interface conversion: interface {{}} is {name}, not string"
    raise Failure(message)


def elements(value: object, doing: str) -> list[object]:
    """Return the elements of a list or of bytes.

    Raises:
        Failure: it is something else; the text says that one "cannot ``doing``" it.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, bytes):
        return list(value)
    message = f"cannot {doing} {type_name(value)}"
    raise Failure(message)


def counted(types: list[Type], expected: int) -> None:
    """Refuse another number of arguments than ``expected``."""
    if len(types) != expected:
        message = f"invalid number of arguments (expected {expected}, got {len(types)})"
        raise Failure(message)


def one_of(
    kinds: set[str], doing: str, result: Type | Callable[[Type], Type]
) -> Callable[[list[Type]], Type]:
    """Return the check of a function of one argument, which is of one of ``kinds`` or unknown.

    Args:
        kinds: the kinds it may have, as ``Type.kind`` names them.
        doing: what an error says before the type.
        result: the type of the result, or what makes it from that of the argument.
    """

    def check(types: list[Type]) -> Type:
        counted(types, 1)
        if types[0].kind not in kinds and not types[0].is_unknown:
            message = f"{doing} (type {types[0].name})"
            raise Failure(message)
        return result if isinstance(result, Type) else result(types[0])

    return check


def element_type(given: Type) -> Type:
    """Return the type of the elements of ``given``."""
    return ANY if given.is_unknown else given.of()
