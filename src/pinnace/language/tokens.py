"""The words of an expression: ``tokenize`` turns its text into tokens.

Called by ``parser`` alone. Source: expr-lang v1.17.8, parser/lexer.
"""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from pinnace.language.errors import ExpressionError

IDENTIFIER, NUMBER, STRING, BYTES, OPERATOR, BRACKET, END = (
    "Identifier", "Number", "String", "Bytes", "Operator", "Bracket", "EOF",
)  # fmt: skip

_WORD_OPERATORS = frozenset(
    ["in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else", "not"]
)
#: What ``not`` may be joined to, as in ``not in``.
NEGATABLE = frozenset(["in", "matches", "contains", "startsWith", "endsWith"])

#: One token after blanks. The order matters: comments before ``/``, numbers before ``.``.
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*\n?|/\*(?s:.*?)\*/)
  | (?P<bytes>[bB](?=['"]))
  | (?P<identifier>[^\W\d]\w*|\$)
  | (?P<number>\d|\.(?=\d))
  | (?P<quote>['"`])
  | (?P<operator>\?[.?]?|\|\|?|::?|[&!=*<>][&=*]?|\.\.?|\#\#?|[,;%+\-^/])
  | (?P<bracket>[()\[\]{}])
    """,
    re.VERBOSE,
)
_IDENTIFIER_REST = re.compile(r"[\w$]*")
_NUMBER = re.compile(
    r"""(?: 0[xX][0-9a-fA-F_]* | 0[oO][0-7_]* | 0[bB][01_]* | [0-9_]* )
        (?: (?!\.\.) \.[0-9_]* )? (?: [eE][+-]?[0-9_]* )? """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"""\\(?: (?P<simple>[abfnrtv\\'"]) | (?P<octal>[0-3][0-7]{2}) | x(?P<x>[0-9a-fA-F]{2})
      | u\{(?P<braced>[0-9a-fA-F]{1,6})\} | u(?P<u>[0-9a-fA-F]{4}) | U(?P<U>[0-9a-fA-F]{8}) )""",
    re.VERBOSE,
)
_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Token(NamedTuple):
    """One word: its kind, its text (of a string: what it means) and where it starts."""

    kind: str
    text: str
    position: int

    def __str__(self) -> str:
        """Return the token as errors name it."""
        return f'{self.kind}("{self.text}")' if self.text else self.kind


def tokenize(text: str) -> list[Token]:
    """Return the tokens of ``text``, the last of which is ``END``.

    Raises:
        ExpressionError: (stage parse) a character, number or string that the language does not have.
    """
    tokens: list[Token] = []
    at, size = 0, len(text)
    while at < size:
        match = _TOKEN.match(text, at)
        if match is None:
            _fail(text, at, f"unrecognized character: {text[at]!r}")
        kind, start, at = match.lastgroup, at, match.end()
        if kind == "identifier":
            at = _end_of_identifier(text, at)
            word = text[start:at]
            tokens.append(Token(OPERATOR if word in _WORD_OPERATORS else IDENTIFIER, word, start))
        elif kind == "operator":
            at = _operator(text, tokens, start, at)
        elif kind == "bracket":
            tokens.append(Token(BRACKET, match[0], start))
        elif kind == "number":
            at = _number(text, tokens, start)
        elif kind == "quote":
            at = _raw_string(text, tokens, start) if match[0] == "`" else _string(text, tokens, start)
        elif kind == "bytes":
            at = _bytes(text, tokens, start)
    tokens.append(Token(END, "", max(size - 1, 0)))
    return tokens


def _operator(text: str, tokens: list[Token], start: int, end: int) -> int:
    """Append the operator at ``start``, and what ``#`` points at; return where the next token starts."""
    operator = text[start:end]
    if operator == "/" and text.startswith("/*", start):
        _fail(text, start, "unclosed comment")
    tokens.append(Token(OPERATOR, operator, start))
    if operator in {"#", "##"}:
        stop = _end_of_identifier(text, end)
        if stop > end:
            tokens.append(Token(IDENTIFIER, text[end:stop], end))
        return stop
    return end


def _end_of_identifier(text: str, at: int) -> int:
    match = _IDENTIFIER_REST.match(text, at)
    return match.end() if match else at


def _number(text: str, tokens: list[Token], start: int) -> int:
    match = _NUMBER.match(text, start)
    end = match.end() if match else start
    if end < len(text) and (text[end].isalnum() or text[end] in "_$"):
        _fail(text, end, f'bad number syntax: "{text[start : end + 1]}"')
    tokens.append(Token(NUMBER, text[start:end], start))
    return end


def _string(text: str, tokens: list[Token], start: int) -> int:
    body, end = _quoted(text, start)
    tokens.append(Token(STRING, _unescaped(text, body, start, text[start]), start))
    return end


def _bytes(text: str, tokens: list[Token], start: int) -> int:
    """Append a bytes literal, whose token text holds one character for each byte."""
    body, end = _quoted(text, start + 1)
    if "\\u" in body.replace("\\\\", "") or "\\U" in body.replace("\\\\", ""):
        _fail(text, start, "unable to unescape string")
    raw = b"".join(
        piece.encode("latin-1") if escaped else piece.encode()
        for escaped, piece in _pieces(text, body, start, text[start + 1])
    )
    tokens.append(Token(BYTES, raw.decode("latin-1"), start))
    return end


def _quoted(text: str, start: int) -> tuple[str, int]:
    """Return what stands between the quote at ``start`` and its partner, and where that ends."""
    quote, at = text[start], start + 1
    while at < len(text) and text[at] not in {quote, "\n"}:
        at += 2 if text[at] == "\\" else 1
    if at >= len(text) or text[at] == "\n":
        _fail(text, min(at, len(text) - 1), "literal not terminated")
    return text[start + 1 : at].replace("\r\n", "\n").replace("\r", "\n"), at + 1


def _unescaped(text: str, body: str, start: int, quote: str) -> str:
    if "\\" not in body:
        return body
    return "".join(piece for _, piece in _pieces(text, body, start, quote))


def _pieces(text: str, body: str, start: int, quote: str) -> list[tuple[bool, str]]:
    """Return the parts of ``body``, each with whether it was written as an escape."""
    pieces, at = [], 0
    while (slash := body.find("\\", at)) >= 0:
        pieces.append((False, body[at:slash]))
        match = _ESCAPE.match(body, slash)
        if match is None or (match["simple"] in {"'", '"'} and match["simple"] != quote):
            _fail(text, start + slash + 1, "invalid char escape")
        pieces.append((True, _escape(text, match, start)))
        at = match.end()
    pieces.append((False, body[at:]))
    return pieces


def _escape(text: str, match: re.Match[str], start: int) -> str:
    kind = match.lastgroup or ""
    if kind == "simple":
        return _SIMPLE_ESCAPES.get(match[kind], match[kind])
    code = int(match[kind], 8 if kind == "octal" else 16)
    if code > 0x10FFFF:
        _fail(text, start, "unable to unescape string")
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _raw_string(text: str, tokens: list[Token], start: int) -> int:
    at = start + 1
    while (at := text.find("`", at)) >= 0:
        if not text.startswith("``", at):
            tokens.append(Token(STRING, text[start + 1 : at].replace("``", "`"), start))
            return at + 1
        at += 2
    _fail(text, len(text) - 1, "literal not terminated")


def _fail(text: str, position: int, message: str) -> NoReturn:
    raise ExpressionError(message, text, position, "parse")
