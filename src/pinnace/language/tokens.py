"""The words of an expression: ``tokenize`` turns its text into tokens.

Called by ``parser`` alone. Source: expr-lang v1.17.8, parser/lexer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pinnace.language.errors import ExpressionError
from pinnace.language.grammar import MAX_INTEGER, MAX_TOKENS

IDENTIFIER, NUMBER, STRING, BYTES, OPERATOR, BRACKET, END = (
    "Identifier", "Number", "String", "Bytes", "Operator", "Bracket", "EOF",
)  # fmt: skip

_WORD_OPERATORS = frozenset(
    ["in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else", "not"]
)
#: What ``not`` may be joined to, as in ``not in``.
NEGATABLE = frozenset(["in", "matches", "contains", "startsWith", "endsWith"])

#: One token after blanks. The commonest forms are whole here; the others only begin, and are read by hand.
#: Blanks are taken for good (``++``, ``*+``): to try every way of parting them takes time without end.
_TOKEN = re.compile(
    r"""
    (?:\s++|//[^\n]*+\n?|/\*(?s:.*?)\*/)*+
  (?: (?P<bytes>[bB](?=['"]))
    | (?P<identifier>(?:[^\W\d]|\$)[\w$]*)
    | (?P<integer>[1-9][0-9]*(?![\w$.]))
    | (?P<number>\d|\.(?=\d))
    | (?P<plain>"[^"\\\r\n]*"|'[^'\\\r\n]*')
    | (?P<quote>['"`])
    | (?P<pointer>\#\#?)
    | (?P<operator>\?[.?]?|\|\|?|::?|[&!=*<>][&=*]?|\.\.?|[,;%+\-^/])
    | (?P<bracket>[()\[\]{}])
    | (?P<end>\Z)
  )""",
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
        ExpressionError: (stage parse) a character, number or string that the language does not have, or more
            tokens than an expression may have.
    """
    tokens: list[Token] = []
    at, match_token = 0, _TOKEN.match
    while len(tokens) <= MAX_TOKENS:
        match = match_token(text, at)
        if match is None:
            raise _error_at_token(text, at)
        group = match.lastgroup
        at = match.end()
        if group == "end":
            tokens.append(Token(END, "", max(len(text) - 1, 0)))
            return tokens
        assert group is not None
        start, word = match.start(group), match[group]
        if group == "identifier":
            tokens.append(_token(Token, (OPERATOR if word in _WORD_OPERATORS else IDENTIFIER, word, start)))
        elif group == "operator":
            if word == "/" and text.startswith("/*", start):
                raise _error(text, start, "unclosed comment")
            tokens.append(_token(Token, (OPERATOR, word, start)))
        elif group == "bracket":
            tokens.append(_token(Token, (BRACKET, word, start)))
        elif group == "integer":
            tokens.append(_token(Token, (NUMBER, word, start)))
        elif group == "plain":
            tokens.append(_token(Token, (STRING, word[1:-1], start)))
        else:
            at = _READERS[group](text, tokens, start)
    raise _error(text, at, "compilation failed: expression exceeds maximum allowed nodes")


#: Makes a token from a tuple, which is three times as fast as by its fields.
_token = tuple.__new__


def _error_at_token(text: str, at: int) -> ExpressionError:
    """Say which character no token begins with."""
    blank = re.compile(r"\s*").match(text, at)
    place = blank.end() if blank else at
    return _error(text, place, f"unrecognized character: {text[place : place + 1]!r}")


def _pointer(text: str, tokens: list[Token], start: int) -> int:
    """Append ``#`` and the name right after it."""
    end = start + (2 if text.startswith("##", start) else 1)
    tokens.append(Token(OPERATOR, text[start:end], start))
    stop = _end_of_identifier(text, end)
    if stop > end:
        tokens.append(Token(IDENTIFIER, text[end:stop], end))
    return stop


def literal_number(token: Token, text: str) -> int | float:
    """Return the number that a token writes; ``017`` is 17.

    Raises:
        ExpressionError: (stage parse) 64 bits cannot hold it.
    """
    digits = token.text.replace("_", "").lower()
    try:
        if digits.startswith("0x"):
            value: int | float = int(digits, 16)
        elif "." in digits or "e" in digits:
            value = float(digits)
        else:
            value = int(digits, {"0b": 2, "0o": 8}.get(digits[:2], 10))
    except ValueError:
        raise _error(text, token.position, f"invalid number literal: {token.text[:80]}") from None
    if value == float("inf") or (isinstance(value, int) and value > MAX_INTEGER):
        kind = "float" if isinstance(value, float) else "integer"
        raise _error(text, token.position, f"{kind} literal is too large")
    return value


def _end_of_identifier(text: str, at: int) -> int:
    match = _IDENTIFIER_REST.match(text, at)
    return match.end() if match else at


def _number(text: str, tokens: list[Token], start: int) -> int:
    match = _NUMBER.match(text, start)
    end = match.end() if match else start
    if end < len(text) and (text[end].isalnum() or text[end] in "_$"):
        raise _error(text, end, f'bad number syntax: "{text[start : end + 1]}"')
    tokens.append(Token(NUMBER, text[start:end], start))
    return end


def _quote(text: str, tokens: list[Token], start: int) -> int:
    return _raw_string(text, tokens, start) if text[start] == "`" else _string(text, tokens, start)


def _string(text: str, tokens: list[Token], start: int) -> int:
    body, end = _quoted(text, start)
    tokens.append(Token(STRING, _unescaped(text, body, start, text[start]), start))
    return end


def _bytes(text: str, tokens: list[Token], start: int) -> int:
    """Append a bytes literal, whose token text holds one character for each byte."""
    body, end = _quoted(text, start + 1)
    if "\\u" in body.replace("\\\\", "") or "\\U" in body.replace("\\\\", ""):
        raise _error(text, start, "unable to unescape string")
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
        raise _error(text, min(at, len(text) - 1), "literal not terminated")
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
            raise _error(text, start + slash + 1, "invalid char escape")
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
        raise _error(text, start, "unable to unescape string")
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _raw_string(text: str, tokens: list[Token], start: int) -> int:
    at = start + 1
    while (at := text.find("`", at)) >= 0:
        if not text.startswith("``", at):
            tokens.append(Token(STRING, text[start + 1 : at].replace("``", "`"), start))
            return at + 1
        at += 2
    raise _error(text, len(text) - 1, "literal not terminated")


_READERS = {"number": _number, "quote": _quote, "bytes": _bytes, "pointer": _pointer}


def _error(text: str, position: int, message: str) -> ExpressionError:
    return ExpressionError(message, text, position, "parse")
