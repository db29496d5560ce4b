"""Values as text the way Go prints them: ``%v``, and the shortest form of floats.

Source: Go fmt/print.go, strconv/ftoa.go.
"""

from __future__ import annotations

import math

from pinnace.language.values import AnyMap, Function, entries, is_nil


def format_value(value: object) -> str:
    """Return ``value`` as Go's ``%v``: ``[1 a <nil>]``, ``map[a:1]``, ``1e+06``."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, bytes):
        return f"[{' '.join(map(str, value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(format_value, value))}]"
    if isinstance(value, dict):
        pairs = sorted(entries(value), key=_key_order) if isinstance(value, AnyMap) else entries(value)
        return f"map[{' '.join(f'{format_value(key)}:{format_value(each)}' for key, each in pairs)}]"
    if isinstance(value, Function):
        return f"func {value.name}"
    return str(value)


def format_float(value: float) -> str:
    """Return ``value`` by Go's ``%v``: the fewest digits, with an exponent below 1e-4 and from 1e6 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = shortest(value)
    sign = "-" if value < 0 else ""
    if exponent < -4 or exponent >= 6:
        return sign + scientific(digits, exponent)
    return sign + positional(digits, exponent)


def shortest(value: float) -> tuple[str, int]:
    """Return the fewest digits that mean ``value``, without a point, and the power of ten of the first."""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or 0) + len(whole) - 1
    digits = whole + fraction
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    return stripped.rstrip("0") or "0", power


def scientific(digits: str, exponent: int) -> str:
    """Return ``d.ddde+XX``."""
    point = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{point}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def positional(digits: str, exponent: int) -> str:
    """Return the number without an exponent."""
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    if exponent + 1 >= len(digits):
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def quote(text: str) -> str:
    """Return ``text`` in double quotes as Go's ``%q`` writes it."""
    return f'"{"".join(_quoted(character) for character in text)}"'


_QUOTES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def _quoted(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character in _QUOTES:
        return _QUOTES[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _key_order(pair: tuple[object, object]) -> tuple[int, float, str]:
    """Return how a key sorts among keys of many types: nil, numbers, booleans, strings, the rest."""
    key = pair[0]
    if is_nil(key):
        return (0, 0.0, "")
    if isinstance(key, bool):
        return (2, float(key), "")
    if isinstance(key, (int, float)):
        return (1, float(key), "")
    return (3, 0.0, key) if isinstance(key, str) else (4, 0.0, str(key))
