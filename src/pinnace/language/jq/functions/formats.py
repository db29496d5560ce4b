"""The formats ``@csv``, ``@base64`` and so on. Source: itchyny/gojq v0.12.19, func.go."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.encoding import encode
from pinnace.language.jq.functions.registry import FORMATS, NATIVES, format_, native
from pinnace.language.jq.functions.values import tostring
from pinnace.language.jq.values import FilterError, described, failed, refused
from pinnace.language.values import decode
from pinnace.language.values import encode as utf8

_HTML = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&apos;", '"': "&quot;"})
_CSV = str.maketrans({'"': '""', "\0": "\\0"})
_TSV = str.maketrans({"\t": "\\t", "\r": "\\r", "\n": "\\n", "\\": "\\\\", "\0": "\\0"})
_SHELL = str.maketrans({"'": "'\\''", "\0": "\\0"})
_PLAIN_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})?")


@native("format", 1)
def _format(value: object, name: object, budget: Budget) -> object:
    if not isinstance(name, str):
        raise refused("format", name)
    function = FORMATS.get(f"@{name}")
    if function is None:
        message = f"format not defined: @{name}"
        raise FilterError(message)
    return function(value, budget)


FORMATS["@text"] = NATIVES["tostring", 0]
FORMATS["@json"] = NATIVES["tojson", 0]


@format_("@html")
def _html(value: object, budget: Budget) -> str:
    return tostring(value, budget).translate(_HTML)


@format_("@uri")
def _uri(value: object, budget: Budget) -> str:
    raw = utf8(tostring(value, budget))
    budget.spend(len(raw))
    return "".join(chr(byte) if byte in _PLAIN_BYTES else f"%{byte:02X}" for byte in raw)


@format_("@urid")
def _urid(value: object, budget: Budget) -> str:
    text = tostring(value, budget)
    budget.spend(len(text))
    made = bytearray()
    at = 0
    for match in _ESCAPE.finditer(text):
        if match[1] is None:
            raise failed("@urid", value, f'invalid URL escape "{text[match.start() : match.start() + 3]}"')
        made += utf8(text[at : match.start()])
        made.append(int(match[1], 16))
        at = match.end()
    return decode(bytes(made + utf8(text[at:])))


@format_("@csv")
def _csv(value: object, budget: Budget) -> str:
    return _row("csv", value, ",", lambda text: f'"{text.translate(_CSV)}"', budget)


@format_("@tsv")
def _tsv(value: object, budget: Budget) -> str:
    return _row("tsv", value, "\t", lambda text: text.translate(_TSV), budget)


@format_("@sh")
def _sh(value: object, budget: Budget) -> str:
    values = value if isinstance(value, list) else [value]
    return _row("sh", values, " ", lambda text: f"'{text.translate(_SHELL)}'", budget)


def _row(name: str, value: object, separator: str, quote: Callable[[str], str], budget: Budget) -> str:
    if not isinstance(value, list):
        raise refused(f"@{name}", value)
    texts = []
    for each in value:
        if isinstance(each, (list, dict)):
            message = f"@{name} cannot format an array including: {described(each)}"
            raise FilterError(message)
        if isinstance(each, str):
            texts.append(quote(each))
        else:
            text = encode(each, budget)
            texts.append("" if text == "null" and name != "sh" else text)
    return separator.join(texts)


@format_("@base64")
def _base64(value: object, budget: Budget) -> str:
    return base64.b64encode(utf8(tostring(value, budget))).decode()


@format_("@base64d")
def _base64d(value: object, budget: Budget) -> str:
    text = tostring(value, budget).partition("=")[0].replace("\r", "").replace("\n", "")
    try:
        if len(text) % 4 == 1:
            raise ValueError(text)
        return decode(base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", validate=True))
    except (ValueError, binascii.Error):
        raise failed("@base64d", value, "illegal base64 data") from None
