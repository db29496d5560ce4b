"""The static type of a value that an environment holds.

Called by ``checker``.
"""

from __future__ import annotations

from pinnace.language.types import (
    ANY_MAP,
    BOOL,
    BYTES,
    FLOAT,
    GROUP_MAP,
    INT,
    LIST,
    MAP,
    NIL,
    STRING,
    UNKNOWN,
    Type,
    named,
    parse_signature,
)
from pinnace.language.values import AnyMap, Function, Struct


def type_of(value: object) -> Type:
    """Return the static type of a value of the environment."""
    if value is None:
        return NIL
    known = _CLASSES.get(type(value))
    if known is not None:
        return known
    if isinstance(value, Function):
        return Type(value.signature, "func", function=parse_signature(value.signature))
    if isinstance(value, AnyMap):
        return GROUP_MAP if type(value) is not AnyMap else ANY_MAP
    if isinstance(value, Struct):
        fields = {name: each for name, each in value.fields.items() if isinstance(each, Type)}
        return Type(value.go_type, "struct", fields=fields)
    go_type = getattr(value, "go_type", None)
    try:
        return named(go_type) if isinstance(go_type, str) else UNKNOWN
    except KeyError:
        return UNKNOWN


_CLASSES: dict[type, Type] = {
    bool: BOOL, int: INT, float: FLOAT, str: STRING, bytes: BYTES, list: LIST, dict: MAP,
}  # fmt: skip
