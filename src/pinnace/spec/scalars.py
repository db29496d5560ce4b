"""What a YAML scalar means to Kubernetes: the resolution rules of its YAML reader, goyaml v2.

They differ from YAML 1.1 as PyYAML reads it: ``y`` and ``n`` are booleans, ``1e3`` and ``0o14`` are numbers,
``12:30`` and dates are text. Source: go.yaml.in/yaml/v2 resolve.go and decode.go, scalar.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

_PREFIX = "tag:yaml.org,2002:"
STR, BOOL, INT, FLOAT, NULL, TIMESTAMP, BINARY, MERGE = (
    _PREFIX + name for name in ("str", "bool", "int", "float", "null", "timestamp", "binary", "merge")
)

#: The explicit tags that change how a scalar is read; any other leaves its text alone.
_RESOLVABLE = frozenset({STR, BOOL, INT, FLOAT, NULL, TIMESTAMP})

#: What a scalar can become.
Scalar = str | int | float | bool | None

_WORDS: dict[str, tuple[str, Scalar]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), (BOOL, True)),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), (BOOL, False)),
    **dict.fromkeys(("off", "Off", "OFF"), (BOOL, False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (NULL, None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (FLOAT, math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (FLOAT, math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (FLOAT, -math.inf)),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO]?(?P<octal>[0-7]+)|0[bB](?P<binary>[01]+)|"
    r"(?P<decimal>0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
#: After a leading point, underscores count only between digits, as Go's own numbers have them.
_POINT_FIRST = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])"
    r"([Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?)?"
)
_LARGEST_UNSIGNED = 2**64 - 1
_SMALLEST_SIGNED = -(2**63)


class ScalarError(ValueError):
    """The scalar contradicts its own tag; the text says how."""


def resolve(text: str, tag: str | None, *, plain: bool) -> Scalar:
    """Return the value of one scalar; ``tag`` is the explicit tag, ``plain`` whether it stands unquoted.

    Raises:
        ScalarError: the text does not fit its explicit tag.
    """
    if tag is None:
        return text if not plain else _resolve_plain(text)[1]
    if tag == BINARY:
        return _decode_binary(text)
    if tag not in _RESOLVABLE or tag == STR:
        return text
    if tag == TIMESTAMP and _TIMESTAMP.fullmatch(text):
        return text
    found, value = _resolve_plain(text)
    if tag == FLOAT and found == INT and isinstance(value, int):
        return float(value)
    if found != tag:
        message = f"cannot decode !!{found.removeprefix(_PREFIX)} `{text}` as a !!{tag.removeprefix(_PREFIX)}"
        raise ScalarError(message)
    return value


def _resolve_plain(text: str) -> tuple[str, Scalar]:
    """Return the tag and the value of an unquoted scalar."""
    word = _WORDS.get(text)
    if word is not None:
        return word
    first = text[0]
    if first == ".":
        separated = _POINT_FIRST.fullmatch(text)
        return (_resolve_float(text.replace("_", "")) if separated else None) or (STR, text)
    if first not in "+-0123456789":
        return STR, text
    if _TIMESTAMP.fullmatch(text):
        # Recognized only to keep it from being a number: dates stay text in what Kubernetes reads.
        return STR, text
    digits = text.replace("_", "")
    integer = _INTEGER.fullmatch(digits)
    if integer is not None:
        value = _integer_value(integer)
        if _SMALLEST_SIGNED <= value <= _LARGEST_UNSIGNED and (value <= 2**63 - 1 or not integer["sign"]):
            return INT, value
    return _resolve_float(digits) or (STR, text)


def _resolve_float(digits: str) -> tuple[str, Scalar] | None:
    """Return the float that ``digits`` write, or None: also when it exceeds float64, as in Go."""
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        if math.isfinite(value):
            return FLOAT, value
    return None


def _integer_value(match: re.Match[str]) -> int:
    for base, name in ((16, "hex"), (8, "octal"), (2, "binary"), (10, "decimal")):
        if match[name] is not None:
            value = _bounded_int(match[name], base)
            return -value if match["sign"] == "-" else value
    raise AssertionError  # one of the four alternatives matched


def _bounded_int(digits: str, base: int) -> int:
    """Return the integer, or one too large for 64 bits when it has more digits than any that fits."""
    significant = digits.lstrip("0")
    return int(significant or "0", base) if len(significant) <= 64 else 2**65


def _decode_binary(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        message = "!!binary value contains invalid base64 data"
        raise ScalarError(message) from error
    return data.decode("utf-8", "replace")


def format_float32(value: float) -> str:
    """Return ``value`` rounded to 32 bits as Go's shortest ``%g``: what a number becomes in a field of text.

    Source: sigs.k8s.io/yaml, convertToJSONableObject (FormatFloat with 'g', -1, 32).
    """
    rounded = _to_float32(value)
    if math.isinf(rounded):
        return "+Inf" if rounded > 0 else "-Inf"
    # Nine digits always identify a float32; the fewest that do are the shortest form.
    texts = (f"{rounded:.{precision}e}" for precision in range(9))
    text = next(text for text in texts if _to_float32(float(text)) == rounded)
    mantissa, _, exponent = text.partition("e")
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    sign = "-" if mantissa.startswith("-") else ""
    return sign + _place_point(digits, int(exponent))


def _to_float32(value: float) -> float:
    """Return the 32-bit float nearest to ``value``; infinity beyond their range."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def _place_point(digits: str, power: int) -> str:
    """Return ``d.ddd * 10**power`` as Go's shortest %g: with an exponent below -4 and from 6 on."""
    if power < -4 or power >= 6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    if len(digits) <= power + 1:
        return digits + "0" * (power + 1 - len(digits))
    return f"{digits[: power + 1]}.{digits[power + 1 :]}"


def format_float64(value: float) -> str:
    """Return ``value`` with the fewest digits that identify it and no exponent: what AnyString prints.

    Source: Argo api/anystring.go (FormatFloat with 'f', -1, 64).
    """
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    negative = mantissa.startswith("-")
    digits = mantissa.lstrip("-").replace(".", "")
    point = len(mantissa.lstrip("-").partition(".")[0]) + int(exponent)
    if point <= 0:
        body = "0." + "0" * -point + digits
    elif point >= len(digits):
        body = digits + "0" * (point - len(digits))
    else:
        body = f"{digits[:point]}.{digits[point:]}"
    return f"-{body}" if negative else body
