"""What is wrong with a text that is not JSON, in the words of Go's decoder.

Source: Go encoding/json scanner.go; ``invalid character`` names a byte, not a character.
"""

from __future__ import annotations

import re

from pinnace.language.goformat import quote

_END = "unexpected end of JSON input"
_BLANKS = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(r"[0-9]*")
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_CLOSING = {"[": "]", "{": "}"}
#: What is expected → what an unexpected character is found to be.
_PLACES = {
    "value": "looking for beginning of value",
    "first value": "looking for beginning of value",
    "key": "looking for beginning of object key string",
    "first key": "looking for beginning of object key string",
    "colon": "after object key",
    "[": "after array element",
    "{": "after object key:value pair",
    "end": "after top-level value",
}


class _Wrong(Exception):
    """The text is not JSON."""


def syntax_error(text: str) -> str:
    """Return why ``text`` is not JSON, "" if it is."""
    try:
        _read(f"{text} ")  # as Go does at the end, which so ends numbers
    except _Wrong as error:
        return str(error)
    return ""


def _read(text: str) -> None:
    open_: list[str] = []
    expected, at = "value", 0
    while True:
        at = _match(_BLANKS, text, at)
        if at == len(text) and expected == "end":
            return
        character = _at(text, at)
        if open_ and character == _CLOSING[open_[-1]] and expected in {open_[-1], "first value", "first key"}:
            open_.pop()
            at, expected = at + 1, _after(open_)
        elif expected in {"value", "first value"} and character in _CLOSING:
            open_.append(character)
            at, expected = at + 1, "first value" if character == "[" else "first key"
        elif expected in {"value", "first value"}:
            at, expected = _scalar(text, at), _after(open_)
        elif expected in {"key", "first key"} and character == '"':
            at, expected = _string(text, at), "colon"
        elif expected == "colon" and character == ":":
            at, expected = at + 1, "value"
        elif expected in _CLOSING and character == ",":
            at, expected = at + 1, "value" if expected == "[" else "key"
        else:
            raise _wrong(text, at, _PLACES[expected])


def _after(open_: list[str]) -> str:
    """Return what is expected after a value."""
    return open_[-1] if open_ else "end"


def _scalar(text: str, at: int) -> int:
    """Return where the text, number or word ends that begins at ``at``."""
    character = text[at]
    if character == '"':
        return _string(text, at)
    if character in _LITERALS:
        word = _LITERALS[character]
        for place, letter in enumerate(word):
            if _at(text, at + place) != letter:
                raise _wrong(text, at + place, f"in literal {word} (expecting '{letter}')")
        return at + len(word)
    if character == "-" or (character.isascii() and character.isdigit()):
        return _number(text, at)
    raise _wrong(text, at, _PLACES["value"])


def _number(text: str, at: int) -> int:
    at += text[at] == "-"
    at = at + 1 if _at(text, at) == "0" else _digits(text, at, "in numeric literal")
    if text[at : at + 1] == ".":
        at = _digits(text, at + 1, "after decimal point in numeric literal")
    if text[at : at + 1] in {"e", "E"}:
        at += 1 + (text[at + 1 : at + 2] in {"+", "-"})
        at = _digits(text, at, "in exponent of numeric literal")
    return at


def _digits(text: str, at: int, place: str) -> int:
    end = _match(_DIGITS, text, at)
    if end == at:
        raise _wrong(text, at, place)
    return end


def _string(text: str, at: int) -> int:
    at += 1
    while (character := _at(text, at := _match(_PLAIN, text, at))) != '"':
        if character != "\\":
            raise _wrong(text, at, "in string literal")
        if _at(text, at + 1) == "u":
            for place in range(at + 2, at + 6):
                if _at(text, place) not in "0123456789abcdefABCDEF":
                    raise _wrong(text, place, r"in \u hexadecimal character escape")
            at += 6
        elif text[at + 1] in 'bfnrt\\/"':
            at += 2
        else:
            raise _wrong(text, at + 1, "in string escape code")
    return at + 1


def _match(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _at(text: str, at: int) -> str:
    if at >= len(text):
        raise _Wrong(_END)
    return text[at]


def _wrong(text: str, at: int, place: str) -> _Wrong:
    byte = chr(text[at].encode("utf-8", "surrogateescape")[0])
    shown = {"'": r"\'", '"': '"'}.get(byte) or quote(byte)[1:-1]
    return _Wrong(f"invalid character '{shown}' {place}")
