"""The language of ``when``: comparisons of words, strings and numbers.

Called by ``conditions``. Every number is a float; operators are left-associative and bind as the table below
says. Symbols that touch are one token, so that ``a==-1`` is an error.
Source: Knetic/govaluate 7625b7f8: parsing.go, lexerState.go, stagePlanner.go, evaluationStage.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pinnace.language import date_layouts, dates
from pinnace.language.goformat import format_value
from pinnace.language.gonumbers import parse_float
from pinnace.language.govaluate_operators import BINARY, PREFIXES, Evaluated, Term, literal, parameter
from pinnace.language.regex import compile_pattern
from pinnace.language.values import Failure

#: Deepest nesting of brackets and prefixes.
_MAX_DEPTH = 100
_LONGEST = 100_000


class Token(NamedTuple):
    """One word: its kind, as ``VARIABLE`` or ``STRING``, and its value."""

    kind: str
    value: object


_AFTER_VALUE = "MODIFIER COMPARATOR LOGICALOP CLAUSE_CLOSE TERNARY SEPARATOR"
_OPERAND = "PREFIX NUMERIC BOOLEAN VARIABLE ACCESSOR STRING TIME CLAUSE"
#: What may follow each kind of token; ``""`` is the beginning.
_FOLLOWERS = {
    kind: frozenset(followers.split())
    for kind, followers in {
        "": f"{_OPERAND} PATTERN", "CLAUSE": f"{_OPERAND} PATTERN CLAUSE_CLOSE",
        "CLAUSE_CLOSE": f"{_AFTER_VALUE} NUMERIC BOOLEAN VARIABLE STRING PATTERN TIME CLAUSE",
        "NUMERIC": _AFTER_VALUE, "BOOLEAN": _AFTER_VALUE, "STRING": _AFTER_VALUE, "VARIABLE": _AFTER_VALUE,
        "TIME": "MODIFIER COMPARATOR LOGICALOP CLAUSE_CLOSE SEPARATOR",
        "PATTERN": "MODIFIER COMPARATOR LOGICALOP CLAUSE_CLOSE SEPARATOR",
        "MODIFIER": "PREFIX NUMERIC VARIABLE ACCESSOR STRING BOOLEAN CLAUSE CLAUSE_CLOSE",
        "COMPARATOR": f"{_OPERAND} PATTERN CLAUSE_CLOSE", "LOGICALOP": f"{_OPERAND} CLAUSE_CLOSE",
        "PREFIX": "NUMERIC BOOLEAN VARIABLE ACCESSOR CLAUSE CLAUSE_CLOSE",
        "TERNARY": f"{_OPERAND} SEPARATOR", "ACCESSOR": f"{_AFTER_VALUE} CLAUSE", "SEPARATOR": _OPERAND,
    }.items()
}  # fmt: skip
#: Kinds of tokens with which an expression may end.
_LAST = frozenset(["CLAUSE_CLOSE", "NUMERIC", "BOOLEAN", "STRING", "TIME", "PATTERN", "VARIABLE", "ACCESSOR"])

_SYMBOLS = {
    **dict.fromkeys(["+", "-", "*", "/", "%", "**", "&", "|", "^", ">>", "<<"], "MODIFIER"),
    **dict.fromkeys(["&&", "||"], "LOGICALOP"), **dict.fromkeys(["?", ":", "??"], "TERNARY"),
    **dict.fromkeys(["==", "!=", ">", ">=", "<", "<=", "=~", "!~"], "COMPARATOR"),
}  # fmt: skip
#: How hard operators bind, loosest first.
_LEVELS = (
    (",",), ("?", ":", "??"), ("||",), ("&&",), ("==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"),
    ("^", "&", "|"), ("<<", ">>"), ("+", "-"), ("*", "/", "%"), ("**",),
)  # fmt: skip
_LEVEL = {symbol: level for level, symbols in enumerate(_LEVELS) for symbol in symbols}
_OPERATOR_KINDS = frozenset(["MODIFIER", "COMPARATOR", "LOGICALOP", "TERNARY", "SEPARATOR"])
_DATE_LAYOUTS = (
    date_layouts.ANSIC, date_layouts.UNIX_DATE, date_layouts.RUBY_DATE, date_layouts.KITCHEN,
    date_layouts.RFC3339, date_layouts.RFC3339_NANO,
    "2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04:05-07:00",
    "2006-01-02T15Z0700", "2006-01-02T15:04Z0700", "2006-01-02T15:04:05Z0700",
    "2006-01-02T15:04:05.999999999Z0700",
)  # fmt: skip
#: A text that could be a date: looking for one costs more than all the rest.
_DATE_LIKE = re.compile(r"\d{4}-|\d{1,2}:\d\d[AP]M|[A-Z][a-z]{2} [A-Z]")


def tokenize(text: str) -> list[Token]:
    """Return the tokens of ``text``, in an order that the language allows.

    Raises:
        Failure: a token that the language does not have, or one where it cannot stand.
    """
    if len(text) > _LONGEST:
        message = f"the expression is longer than {_LONGEST} characters"
        raise Failure(message)
    tokens = _Tokenizer(text).tokens
    check_order(tokens)
    return [_with_pattern(tokens, index) for index in range(len(tokens))]


def check_order(tokens: list[Token]) -> None:
    """Refuse tokens in an order that the language does not allow.

    Raises:
        Failure: brackets that do not match, two operands in a row, an operator at the end.
    """
    kinds = [token.kind for token in tokens]
    if kinds.count("CLAUSE") != kinds.count("CLAUSE_CLOSE"):
        message = "Unbalanced parenthesis"
        raise Failure(message)
    last = Token("", None)
    for token in tokens:
        if token.kind not in _FOLLOWERS[last.kind]:
            if last.kind == "VARIABLE" and token.kind == "CLAUSE":
                message = f"Undefined function {last.value}"
            else:
                was = f"{last.kind or 'UNKNOWN'} [{format_value(last.value)}]"
                message = (
                    f"Cannot transition token types from {was} to {token.kind} [{format_value(token.value)}]"
                )
            raise Failure(message)
        last = token
    if last.kind not in _LAST:
        message = "Unexpected end of expression"
        raise Failure(message)


def plan(tokens: list[Token]) -> Term:
    """Return the computation of ``tokens``.

    Raises:
        Failure: a token stands where it means nothing, or brackets are nested too deeply.
    """
    return _Planner(tokens).expression(0, 0)


def evaluate(term: Term, parameters: Mapping[str, object]) -> object:
    """Return the value of a computation: a float, a string, a boolean, a list or ``None``.

    Raises:
        Failure: a parameter is missing, or a value does not fit its operator.
    """
    return term(parameters)


def _with_pattern(tokens: list[Token], index: int) -> Token:
    """Return a token; a string after ``=~`` must be a pattern."""
    token = tokens[index]
    if token.kind == "STRING" and index and tokens[index - 1] in _MATCHES:
        compile_pattern(str(token.value))
        return Token("PATTERN", token.value)
    return token


_MATCHES = (Token("COMPARATOR", "=~"), Token("COMPARATOR", "!~"))


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        while True:
            while self.at < len(text) and text[self.at].isspace():
                self.at += 1
            if self.at >= len(text):
                return
            self.tokens.append(self.token(text[self.at]))

    def token(self, character: str) -> Token:
        if _is_numeric(character):
            return self.number()
        if character in _SINGLES:
            self.at += 1
            return _SINGLES[character]
        if character == "[":
            return Token("VARIABLE", self.enclosed(lambda each: each != "]", "Unclosed parameter bracket"))
        if character.isalpha():
            return self.word()
        if character in "'\"":
            text = self.enclosed(lambda each: each not in "'\"", "Unclosed string literal")
            return _date_or_string(text)
        return self.symbol()

    def run(self, belongs: Callable[[str], bool]) -> str:
        """Return the characters up to a blank or one that does not belong; a backslash keeps any."""
        pieces: list[str] = []
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "\\":
                pieces.append(self.text[self.at + 1 : self.at + 2])
                self.at += 2
                continue
            if character.isspace() and pieces:
                break
            if not character.isspace():
                if not belongs(character):
                    break
                pieces.append(character)
            self.at += 1
        return "".join(pieces)

    def enclosed(self, belongs: Callable[[str], bool], unclosed: str) -> str:
        """Return the text from after an opening character to before a closing one."""
        pieces: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "\\":
                pieces.append(self.text[self.at + 1 : self.at + 2])
                self.at += 2
                continue
            self.at += 1
            if not belongs(character):
                return "".join(pieces)
            pieces.append(character)
        raise Failure(unclosed)

    def number(self) -> Token:
        if self.text.startswith("0x", self.at):
            self.at += 2
            digits = self.run(lambda each: each.isdigit() or each.lower() in "abcdef")
            try:
                value = int(digits, 16)
            except ValueError:
                value = -1
            if not 0 <= value < 2**64 or not digits.isascii():
                message = f"Unable to parse hex value '{digits[:80]}' to uint64"
                raise Failure(message)
            return Token("NUMERIC", float(value))
        digits = self.run(_is_numeric)
        number = parse_float(digits)
        if number is None:
            message = f"Unable to parse numeric value '{digits[:80]}' to float64"
            raise Failure(message)
        return Token("NUMERIC", number)

    def word(self) -> Token:
        word = self.run(lambda each: each.isalpha() or each.isdigit() or each in "_.")
        if word in {"in", "IN"}:
            return Token("COMPARATOR", "in")
        if word in {"true", "false"}:
            return Token("BOOLEAN", word == "true")
        if word.find(".") > 0:
            _check_accessor(word)
            return Token("ACCESSOR", word)
        return Token("VARIABLE", word)

    def symbol(self) -> Token:
        symbol = self.run(lambda each: not (each.isdigit() or each.isalpha() or each in "()[]'\""))
        last = self.tokens[-1].kind if self.tokens else ""
        if symbol in PREFIXES and "PREFIX" in _FOLLOWERS[last]:
            return Token("PREFIX", symbol)
        if symbol not in _SYMBOLS:
            message = f"Invalid token: '{symbol[:80]}'"
            raise Failure(message)
        return Token(_SYMBOLS[symbol], symbol)


_SINGLES = {",": Token("SEPARATOR", ","), "(": Token("CLAUSE", "("), ")": Token("CLAUSE_CLOSE", ")")}


def _is_numeric(character: str) -> bool:
    return character.isdecimal() or character == "."


def _check_accessor(word: str) -> None:
    if word.endswith("."):
        message = f"Hanging accessor on token '{word[:80]}'"
        raise Failure(message)
    for part in word.split(".")[1:]:
        if part[:1].upper() != part[:1]:
            message = f"Unable to access unexported field '{part[:80]}' in token '{word[:80]}'"
            raise Failure(message)


def _date_or_string(text: str) -> Token:
    """Return a string; one that is a date in a known form means its Unix seconds."""
    if len(text) < 64 and _DATE_LIKE.search(text):
        for layout in _DATE_LAYOUTS:
            try:
                time = dates.parse_time(layout, text)
            except Failure:
                continue
            return Token("TIME", float(time.instant // dates.SECOND))
    return Token("STRING", text)


class _Planner:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def expression(self, level: int, depth: int) -> Term:
        """Return the operations that bind at least as hard as ``level``."""
        if depth > _MAX_DEPTH:
            message = f"the expression is nested more than {_MAX_DEPTH} levels deep"
            raise Failure(message)
        left = self.operand(depth)
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            symbol = token.value if token.kind in _OPERATOR_KINDS else None
            if not isinstance(symbol, str) or _LEVEL[symbol] < level:
                break
            self.at += 1
            left = Evaluated(symbol, left, self.expression(_LEVEL[symbol] + 1, depth + 1), BINARY[symbol])
        return left

    def operand(self, depth: int) -> Term:
        if self.at >= len(self.tokens):
            return literal(None)
        token = self.tokens[self.at]
        if token.kind == "CLAUSE_CLOSE":
            return literal(None)
        self.at += 1
        if token.kind == "CLAUSE":
            inner = self.expression(0, depth + 1)
            self.at += 1
            return inner
        if token.kind == "PREFIX":
            symbol = str(token.value)
            return Evaluated(symbol, literal(None), self.operand(depth), PREFIXES[symbol])
        if token.kind in {"VARIABLE", "ACCESSOR"}:
            return parameter(str(token.value))
        if token.kind in {"NUMERIC", "STRING", "PATTERN", "BOOLEAN", "TIME"}:
            return literal(token.value)
        message = f"Unable to plan token kind: '{token.kind}', value: '{format_value(token.value)}'"
        raise Failure(message)
