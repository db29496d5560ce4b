"""Functions of strings. Source: itchyny/gojq v0.12.19, func.go."""

from __future__ import annotations

import re

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.functions.registry import native
from pinnace.language.jq.numbers import is_number, to_int
from pinnace.language.jq.operators import split
from pinnace.language.jq.values import refused

#: What Go's unicode.IsSpace takes for blank.
_BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_LARGEST_CODE = 0x10FFFF


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise refused(name, value)
    return value


def _strings(name: str, value: object, other: object) -> tuple[str, str]:
    if not isinstance(value, str) or not isinstance(other, str):
        raise refused(name, value, other)
    return value, other


@native("startswith", 1)
def _startswith(value: object, prefix: object, _budget: Budget) -> bool:
    text, start = _strings("startswith", value, prefix)
    return text.startswith(start)


@native("endswith", 1)
def _endswith(value: object, suffix: object, _budget: Budget) -> bool:
    text, end = _strings("endswith", value, suffix)
    return text.endswith(end)


@native("ltrimstr", 1)
def _ltrimstr(value: object, prefix: object, _budget: Budget) -> str:
    text, start = _strings("ltrimstr", value, prefix)
    return text.removeprefix(start)


@native("rtrimstr", 1)
def _rtrimstr(value: object, suffix: object, _budget: Budget) -> str:
    text, end = _strings("rtrimstr", value, suffix)
    return text.removesuffix(end)


@native("trimstr", 1)
def _trimstr(value: object, part: object, _budget: Budget) -> str:
    text, both = _strings("trimstr", value, part)
    return text.removeprefix(both).removesuffix(both)


@native("trim")
def _trim(value: object, _budget: Budget) -> str:
    return _string("trim", value).strip(_BLANK)


@native("ltrim")
def _ltrim(value: object, _budget: Budget) -> str:
    return _string("ltrim", value).lstrip(_BLANK)


@native("rtrim")
def _rtrim(value: object, _budget: Budget) -> str:
    return _string("rtrim", value).rstrip(_BLANK)


@native("explode")
def _explode(value: object, budget: Budget) -> list[object]:
    text = _string("explode", value)
    budget.spend(len(text))
    return [ord(character) for character in text]


@native("implode")
def _implode(value: object, budget: Budget) -> str:
    if not isinstance(value, list):
        raise refused("implode", value)
    budget.spend(len(value))
    pieces = []
    for code in value:
        if not isinstance(code, (int, float)) or not is_number(code):
            raise refused("implode", value)
        number = to_int(code)
        is_valid = 0 <= number <= _LARGEST_CODE and not 0xD800 <= number <= 0xDFFF
        pieces.append(chr(number) if is_valid else "\ufffd")
    return "".join(pieces)


@native("split", 1)
def _split(value: object, separator: object, budget: Budget) -> list[object]:
    text, between = _string("split", value), _string("split", separator)
    budget.spend(len(text) >> 3)
    return split(text, between)


@native("ascii_downcase")
def _ascii_downcase(value: object, _budget: Budget) -> str:
    return re.sub("[A-Z]+", lambda match: match[0].lower(), _string("ascii_downcase", value))


@native("ascii_upcase")
def _ascii_upcase(value: object, _budget: Budget) -> str:
    return re.sub("[a-z]+", lambda match: match[0].upper(), _string("ascii_upcase", value))
