"""The words of a jq filter.

A string with filters in it is one token, whose parts are texts and the tokens of the filters.
Source: itchyny/gojq v0.12.19, lexer.go.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from pinnace.language.errors import shown
from pinnace.language.values import Failure

KEYWORDS = frozenset({
    "or", "and", "module", "import", "include", "def", "as", "label", "break", "null", "true", "false", "if",
    "then", "elif", "else", "end", "try", "catch", "reduce", "foreach",
})  # fmt: skip

_BLANK = re.compile(r"(?:[ \t\r\n]|#(?:\\(?:\\|\n|\r\n?)|[^\r\n])*)*")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_TOKEN = re.compile(
    rf"""(?P<number> (?: [0-9]+ (?:\.[0-9]*)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]* )? )
       | (?P<name> {_NAME} (?: :: {_NAME} )? )
       | (?P<field> \. {_NAME} )
       | (?P<variable> \$ {_NAME} (?: :: {_NAME} )? )
       | (?P<format> @ [A-Za-z0-9_]+ )
       | (?P<symbol> \?// | //= | \.\. | \|= | \+= | -= | \*= | /= | %= | == | != | >= | <= | //
           | [-.|?+*/%=><,:;()\[\]{{}}] )""",
    re.VERBOSE,
)
_NUMBER_END = re.compile(r"[A-Za-z_]")
_TEXT = re.compile(r'[^"\\]+|\\(?:["/\\bfnrt]|u[0-9a-fA-F]{4})')
_BAD_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?.?", re.DOTALL)
_MAX_DEPTH = 60
#: The kind of the token after the last one.
END = ""


class Token(NamedTuple):
    """One word.

    ``kind`` is ``number``, ``name``, ``field``, ``variable``, ``format``, ``string``, ``END``, or the text of
    a symbol or keyword.
    """

    kind: str
    text: str
    at: int
    parts: tuple[str | tuple[Token, ...], ...] = ()


def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of a filter, the last of which is of the kind ``END``.

    Raises:
        Failure: something in it is no token.
    """
    tokens, at = _tokens(text, 0, 0)
    if at < len(text):
        raise unexpected(Token(")", ")", at))
    return tokens


def unexpected(token: Token) -> Failure:
    """Return the error for a token that cannot stand where it does."""
    what = "unexpected EOF" if token.kind == END else f"unexpected token {json.dumps(shown(token.text))}"
    return Failure(what, token.at)


def _tokens(text: str, at: int, depth: int) -> tuple[tuple[Token, ...], int]:
    """Return the tokens up to the end or a ``)`` that was not opened among them, and where that is."""
    if depth > _MAX_DEPTH:
        raise Failure("the filter is nested too deeply", at)
    tokens: list[Token] = []
    opened = 0
    while True:
        blank = _BLANK.match(text, at)
        at = at if blank is None else blank.end()
        if at >= len(text) or (text[at] == ")" and opened == 0):
            tokens.append(Token(END, "", at))
            return tuple(tokens), at
        if text[at] == '"':
            token, at = _string(text, at, depth)
        else:
            token = _token(text, at)
            at += len(token.text)
        opened += (token.kind == "(") - (token.kind == ")")
        tokens.append(token)


def _token(text: str, at: int) -> Token:
    match = _TOKEN.match(text, at)
    if match is None:
        raise unexpected(Token("", text[at], at))
    word = match[0]
    kind = match.lastgroup or ""
    if kind == "number":
        after = text[match.end() : match.end() + 1]
        if _NUMBER_END.match(after) or word[-1] in "eE+-" or (after == "." and "e" not in word.lower()):
            raise Failure(f"invalid token {json.dumps(word + after)}", at)
    elif kind == "symbol" or (kind == "name" and word in KEYWORDS):
        kind = word
    return Token(kind, word, at)


def _string(text: str, start: int, depth: int) -> tuple[Token, int]:
    """Return the string that begins at ``start``, and where it ends."""
    parts: list[str | tuple[Token, ...]] = []
    written = ""
    at = start + 1
    while not text.startswith('"', at):
        if text.startswith("\\(", at):
            inner, at = _tokens(text, at + 2, depth + 1)
            if at >= len(text):
                raise unexpected(inner[-1])
            parts += [_unescaped(written), inner]
            written = ""
            at += 1
            continue
        match = _TEXT.match(text, at)
        if match is None:
            raise _broken_string(text, start, at)
        written += match[0]
        at = match.end()
    parts.append(_unescaped(written))
    return Token("string", text[start : at + 1], start, tuple(parts)), at + 1


def _broken_string(text: str, start: int, at: int) -> Failure:
    escape = _BAD_ESCAPE.match(text, at)
    if escape is None or at + 1 >= len(text):
        return Failure("unterminated string literal", start)
    return Failure(f'invalid escape sequence "{escape[0]}" in string literal', at)


def _unescaped(written: str) -> str:
    """Return the text that a string means; halves of surrogate pairs become U+FFFD."""
    if "\\" not in written:
        return written
    value = str(json.loads(f'"{written}"', strict=False))
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
