"""``sprig``'s functions on defaults, types and JSON.

Source: Masterminds/sprig v3.3.0, defaults.go, reflect.go.
"""

from __future__ import annotations

from pinnace.language.functions.registry import sprig
from pinnace.language.gojson import decode_json, encode_json
from pinnace.language.operators import deep_equal, type_name
from pinnace.language.types import named
from pinnace.language.values import Failure, Function

sprig("func(any, any) bool", "deepEqual")(deep_equal)
sprig("func(any, any, bool) any", "ternary")(lambda yes, no, condition: yes if condition else no)
sprig("func(any) string", "mustToJson")(encode_json)
sprig("func(any) string", "mustToPrettyJson")(lambda value: encode_json(value, indent="  "))
sprig("func(any) string", "mustToRawJson", "toRawJson")(lambda value: encode_json(value, html=False))
sprig("func(string) any", "mustFromJson")(decode_json)


def is_empty(value: object) -> bool:
    """Return whether ``value`` is nil, zero, false, or has no elements."""
    if isinstance(value, (str, list, dict, bytes, bool, int, float)):
        return not value
    number = getattr(value, "nanoseconds", getattr(value, "number", None))
    return value is None or number == 0


sprig("func(any) bool", "empty")(is_empty)


@sprig("func(any, ...any) any", "default")
def default(fallback: object, *given: object) -> object:
    """Return the value given, or ``fallback`` when it is empty."""
    return given[0] if given and not is_empty(given[0]) else fallback


@sprig("func(...any) any", "coalesce")
def coalesce(*values: object) -> object:
    """Return the first value that is not empty, or nil."""
    return next((value for value in values if not is_empty(value)), None)


sprig("func(...any) bool", "all")(lambda *values: not any(map(is_empty, values)))
sprig("func(...any) bool", "any")(lambda *values: not all(map(is_empty, values)))


@sprig("func(string) any", "fromJson")
def from_json(text: str) -> object:
    """Return the value of a JSON text, or nil when it is none."""
    try:
        return decode_json(text)
    except Failure:
        return None


def _json_or_empty(value: object, indent: str = "") -> str:
    try:
        return encode_json(value, indent=indent)
    except Failure:
        return ""


sprig("func(any) string", "toJson")(_json_or_empty)
sprig("func(any) string", "toPrettyJson")(lambda value: _json_or_empty(value, "  "))


def type_of(value: object) -> str:
    """Return the Go type of ``value``."""
    return value.signature.replace("any", "interface {}") if isinstance(value, Function) else type_name(value)


sprig("func(any) string", "typeOf")(type_of)
sprig("func(string, any) bool", "typeIs")(lambda name, value: name == type_of(value))
sprig("func(string, any) bool", "typeIsLike")(lambda name, value: type_of(value) in {name, f"*{name}"})

_KINDS = {"float": "float64", "[2]interface {}": "array", "time.Time": "struct", "time.Duration": "int64"}


def kind_of(value: object) -> str:
    """Return the kind of Go type that ``value`` has: ``int``, ``slice``, ``map`` and so on."""
    if value is None:
        return "invalid"
    name = type_name(value)
    if name in _KINDS:
        return _KINDS[name]
    if name.startswith("*"):
        return "ptr"
    try:
        kind = named(name).kind
    except KeyError:
        return name
    return name if kind == "int" and "." not in name else {"float": "float64"}.get(kind, kind)


sprig("func(any) string", "kindOf")(kind_of)
sprig("func(string, any) bool", "kindIs")(lambda kind, value: kind == kind_of(value))


@sprig("func(string) string", "fail")
def fail(message: str) -> str:
    """Fail with ``message``."""
    raise Failure(message)
