"""The reading of kubectl's JSONPath templates: text, with actions in braces.

``name: {range .items[*]}{.metadata.name} {end}`` has three kinds of thing: text outside of braces, paths, and
the words ``range`` and ``end``.
Source: Kubernetes client-go util/jsonpath/parser.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pinnace.language.gonumbers import parse_float
from pinnace.language.values import Failure, decode

_LONGEST = 10_000
_TERMINATORS = frozenset(" \t\r\n.,[]$@{}")
_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))"
)
_SIMPLE_ESCAPES = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number or a boolean."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Field:
    """``.name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """``range`` or ``end``."""

    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``.*``."""


@dataclass(frozen=True, slots=True)
class Recursive:
    """``..``."""


@dataclass(frozen=True, slots=True)
class Slice:
    """``[start:end:step]``, each ``None`` if it is not given; ``single`` where only ``start`` is."""

    start: int | None
    end: int | None
    step: int | None
    single: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(left == right)]``; the operator is empty where only ``left`` is given."""

    left: Action
    operator: str
    right: Action


@dataclass(frozen=True, slots=True)
class Union:
    """``[0,2]``."""

    members: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """What stands in one pair of braces, applied one after the other."""

    nodes: tuple[Node, ...]


Node = Action | Constant | Field | Word | Wildcard | Recursive | Slice | Filter | Union


@lru_cache(maxsize=256)
def parse_template(text: str) -> tuple[Node, ...]:
    """Return the parts of a template.

    Raises:
        Failure: it cannot be read.
    """
    if len(text) > _LONGEST:
        raise Failure("the JSONPath template is too long")
    return _Parser(text).template()


def _action(text: str) -> Action:
    """Return what ``text``, a part of an action, means as an action of its own.

    It is never one more bracket deep: a filter ends at its first ``)``, and a subscript at its first ``]``.
    """
    first = _Parser(f"{{{text}}}").template()[0]
    assert isinstance(first, Action)
    return first


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def template(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self.at < len(self.text):
            brace = self.text.find("{", self.at)
            end = len(self.text) if brace < 0 else brace
            if end > self.at:
                nodes.append(Constant(self.text[self.at : end]))
            self.at = end + 1
            if brace >= 0:
                nodes.append(self.action())
        return tuple(nodes)

    def action(self) -> Action:
        """Return what stands before the next closing brace."""
        nodes: list[Node] = []
        while not self.text.startswith("}", self.at):
            character = self.text[self.at : self.at + 1]
            if character in {"", "\r", "\n"}:
                raise Failure("unclosed action", self.at)
            if character in {" ", "@", "$"}:
                self.at += 1
            elif self.text.startswith("[?(", self.at):
                nodes.append(self.filter())
            elif self.text.startswith("..", self.at):
                nodes += self.recursive(nodes)
            elif character == "[":
                nodes += self.subscript()
            elif character in {'"', "'"}:
                nodes.append(self.quoted(character))
            elif character == ".":
                self.at += 1
                nodes.append(self.field())
            elif character in {"+", "-"} or character.isdecimal():
                nodes.append(self.number())
            elif character == "_" or character.isalpha():
                nodes.append(self.word())
            else:
                raise Failure(f"unrecognized character in action: {character!r}", self.at)
        self.at += 1
        return Action(tuple(nodes))

    def recursive(self, before: list[Node]) -> list[Node]:
        if before and isinstance(before[-1], Recursive):
            raise Failure("invalid multiple recursive descent", self.at)
        self.at += 2
        following = self.text[self.at : self.at + 1]
        if following == "_" or following.isalnum():
            return [Recursive(), self.field()]
        return [Recursive()]

    def until_terminator(self, *, escapes: bool) -> str:
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in _TERMINATORS:
            self.at += 2 if escapes and self.text[self.at] == "\\" else 1
        self.at = min(self.at, len(self.text))
        return self.text[begin : self.at]

    def field(self) -> Node:
        name = self.until_terminator(escapes=True)
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def word(self) -> Node:
        name = self.until_terminator(escapes=False)
        return Constant(name == "true") if name in {"true", "false"} else Word(name)

    def number(self) -> Node:
        begin = self.at
        self.at += 1 if self.text[self.at] in "+-" else 0
        while self.text[self.at : self.at + 1] == "." or self.text[self.at : self.at + 1].isdecimal():
            self.at += 1
        written = self.text[begin : self.at]
        if written.lstrip("+-").isdecimal() and written.isascii() and len(written) < 19:
            return Constant(int(written))
        number = parse_float(written)
        if number is None:
            raise Failure(f"cannot parse number {written}", begin)
        return Constant(number)

    def quoted(self, quote: str) -> Node:
        begin = self.at
        self.at += 1
        while self.text[self.at : self.at + 1] != quote or self.text[self.at - 1] == "\\":
            if self.text[self.at : self.at + 1] in {"", "\n"}:
                raise Failure("unterminated quoted string", begin)
            self.at += 1
        self.at += 1
        return Constant(_unescaped(self.text[begin + 1 : self.at - 1], quote, begin))

    def filter(self) -> Node:
        begin = self.at
        self.at += len("[?(")
        opening = ""
        closed = False
        while True:
            character = self.text[self.at : self.at + 1]
            if character in {"", "\n"}:
                raise Failure("unterminated filter", begin)
            self.at += 1
            if character in {'"', "'"}:
                if not opening:
                    opening = character
                elif character == opening and self.text[self.at - 2] != "\\":
                    closed = True
            elif character == ")" and bool(opening) == closed:
                break
        if not self.text.startswith("]", self.at):
            raise Failure("unclosed array expect ]", self.at)
        written = self.text[begin + len("[?(") : self.at - 1]
        self.at += 1
        compared = _COMPARISON.fullmatch(written)
        if compared is None:
            return Filter(_action(written), "", Action(()))
        left, operator, right = compared.groups()
        return Filter(_action(left), operator, _action(right))

    def subscript(self) -> tuple[Node, ...]:
        end = self.text.find("]", self.at)
        written = self.text[self.at + 1 : end]
        if end < 0 or "\n" in written:
            raise Failure("unterminated array", self.at)
        begin, self.at = self.at, end + 1
        members = written.split(",")
        if len(members) > 1:
            return (Union(tuple(_action(f"[{each.strip(' ')}]") for each in members)),)
        key = _KEY.fullmatch(written)
        if key is not None:
            return _action(f".{key[1]}").nodes
        return (self.slice(":" if written == "*" else written, begin),)

    def slice(self, written: str, begin: int) -> Slice:
        match = _SLICE.fullmatch(written)
        if match is None:
            raise Failure(f"invalid array index {written}", begin)
        numbers: list[int | None] = []
        for part in match.groups():
            digits = (part or "").removeprefix(":")
            if digits == "-" or len(digits) > 19:
                raise Failure(f"array index {digits} is not a number", begin)
            numbers.append(int(digits) if digits else None)
        return Slice(numbers[0], numbers[1], numbers[2], single=match[2] is None)


def _unescaped(body: str, quote: str, begin: int) -> str:
    """Return the text that ``body`` means between its quotes."""

    def character(match: re.Match[str]) -> str:
        simple, *codes, octal, other = match.groups()
        if simple:
            return _SIMPLE_ESCAPES[simple]
        if other:
            if other not in {"\\", quote}:
                raise Failure("unquote string: invalid syntax", begin)
            return str(other)
        code = int(octal, 8) if octal else int(next(filter(None, codes)), 16)
        if octal or codes[0]:
            if code > 0xFF:
                raise Failure("unquote string: invalid syntax", begin)
            return decode(bytes([code]))
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise Failure("unquote string: invalid syntax", begin)
        return chr(code)

    return _ESCAPE.sub(character, body)
