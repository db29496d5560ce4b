"""The language's own functions between texts and values: JSON and base64.

Source: expr-lang v1.17.8, builtin/builtin.go; Go encoding/base64.
"""

from __future__ import annotations

import base64
import binascii

from pinnace.language.functions.arguments import text
from pinnace.language.functions.registry import builtin
from pinnace.language.gojson import decode_json, encode_json
from pinnace.language.values import Failure, bounded, decode, encode


@builtin("toJSON", "func(any) string")
def to_json(value: object) -> str:
    """Return the value as JSON, indented by two blanks."""
    return bounded(encode_json(value, indent="  "))


@builtin("fromJSON", "func(string) any")
def from_json(value: object) -> object:
    """Return the value of a JSON text; every number is a float."""
    return decode_json(text(value))


@builtin("toBase64", "func(string) string")
def to_base64(value: object) -> str:
    """Return the string in base64."""
    return base64.b64encode(encode(text(value))).decode()


@builtin("fromBase64", "func(string) string")
def from_base64(value: object) -> str:
    """Return the string that was written in base64."""
    return decode_base64(text(value))


def decode_base64(value: str) -> str:
    """Return the string of a base64 text; line ends in it do not count.

    Raises:
        Failure: it is not base64.
    """
    try:
        return decode(base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True))
    except (binascii.Error, ValueError):
        message = "illegal base64 data"
        raise Failure(message) from None
