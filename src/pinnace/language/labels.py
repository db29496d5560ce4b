"""Label selectors: ``phase in (Running, Succeeded), !paused, count > 2``.

Keys and values must be such as labels may have; ``>`` and ``<`` compare integers. Conditions on resources are
selectors too, whose keys are paths into a document; see ``resources``.
Source: Kubernetes apimachinery pkg/labels/selector.go, pkg/api/validate/content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from pinnace.language.errors import ExpressionError, shown
from pinnace.language.values import Failure

#: What a label has: its value, or ``None`` if it is not there.
Lookup = Callable[[str], str | None]

_TOKEN = re.compile(r"[ \t\r\n]*(!=|==|[=!(),<>]|[^=!(),<> \t\r\n]+)")
_SYMBOLS = frozenset({"!=", "==", "=", "!", "(", ")", ",", "<", ">"})
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LONGEST_NAME = 63
_LONGEST_DOMAIN = 253
_NAME_RULE = "letters, digits, '-', '_' or '.', with a letter or digit first and last"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition of a selector.

    Attributes:
        key: the label.
        operator: ``in``, ``notin``, ``=``, ``==``, ``!=``, ``>``, ``<``, ``exists`` or ``!``.
        values: what the label is compared with; one value, but any number for ``in`` and ``notin``.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, lookup: Lookup) -> bool:
        """Return whether the labels meet the condition; a label that is not there differs from any value."""
        value = lookup(self.key)
        if self.operator == "!":
            return value is None
        if self.operator in {"notin", "!="}:
            return value not in self.values
        if value is None:
            return False
        if self.operator in {"<", ">"}:
            number, bound = _int64(value), _int64(self.values[0])
            if number is None or bound is None:
                return False
            return number > bound if self.operator == ">" else number < bound
        return self.operator == "exists" or value in self.values

    def __str__(self) -> str:
        """Return the condition as Kubernetes writes it."""
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        values = ",".join(sorted(self.values))
        return (
            f"{self.key} {self.operator} ({values})"
            if self.operator in {"in", "notin"}
            else f"{self.key}{self.operator}{values}"
        )


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Conditions on labels, in the order of their keys."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the labels meet every condition; without conditions they do."""
        return all(requirement.matches(labels.get) for requirement in self.requirements)

    def __str__(self) -> str:
        """Return the selector as Kubernetes writes it."""
        return ",".join(map(str, self.requirements))


def trouble_of_key(key: str) -> str:
    """Return why ``key`` cannot be the name of a label, "" if it can."""
    domain, slash, name = key.rpartition("/")
    if slash and (len(domain) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(domain)):
        return f"{shown(key)!r} is no label: before '/' must be a domain in lower case"
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        return f"{shown(key)!r} is no label: the name must be at most {_LONGEST_NAME} {_NAME_RULE}"
    return ""


def trouble_of_value(value: str) -> str:
    """Return why ``value`` cannot be that of a label, "" if it can."""
    if not value or (len(value) <= _LONGEST_NAME and _NAME.fullmatch(value)):
        return ""
    rule = f"it must be empty or at most {_LONGEST_NAME} {_NAME_RULE}"
    return f"{shown(value)!r} is no value of a label: {rule}"


def parse_label_selector(text: str) -> LabelSelector:
    """Return the selector that ``text`` means; an empty text selects everything.

    Raises:
        ExpressionError: it is not a selector, or names what cannot be a label; stage ``parse``.
    """
    try:
        return _Parser(text).selector()
    except Failure as failure:
        raise ExpressionError(failure.message, text, failure.position, "parse") from None


class _Parser:
    """The reading of a selector, token by token."""

    def __init__(self, text: str) -> None:
        text = text.partition("\0")[0]
        self.tokens = [(match[1], match.start(1)) for match in _TOKEN.finditer(text)]
        self.tokens.append(("", len(text)))
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][0]

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][0]

    def fail(self, message: str, at: int) -> NoReturn:
        raise Failure(message, self.tokens[at][1])

    def expect(self, wanted: str) -> NoReturn:
        """Refuse the token that was taken last."""
        self.fail(f"found {shown(self.tokens[self.at - 1][0])!r}, expected: {wanted}", self.at - 1)

    def selector(self) -> LabelSelector:
        requirements: list[Requirement] = []
        while self.peek():
            if self.peek() in _SYMBOLS and self.peek() != "!":
                self.take()
                self.expect("!, a label, or the end")
            requirements.append(self.requirement())
            end = self.take()
            if not end:
                break
            if end != ",":
                self.expect("',' or the end")
            if not self.peek() or (self.peek() in _SYMBOLS and self.peek() != "!"):
                self.take()
                self.expect("a label after ','")
        return LabelSelector(tuple(sorted(requirements, key=lambda each: each.key)))

    def requirement(self) -> Requirement:
        absent = self.peek() == "!"
        if absent:
            self.take()
        key = self.word()
        self.check_key(key)
        if absent:
            return Requirement(key, "!")
        if self.peek() in {"", ","}:
            return Requirement(key, "exists")
        operator = self.take()
        if operator not in _OPERATORS:
            self.expect(", ".join(_OPERATORS))
        begin = self.at
        values = self.values() if operator in {"in", "notin"} else {self.value()}
        if operator in {"<", ">"} and _int64(*values) is None:
            self.fail(f"for {operator!r} the value must be an integer: {shown(*values)!r}", begin)
        for value in values:
            if trouble := trouble_of_value(value):
                self.fail(trouble, begin)
        return Requirement(key, operator, tuple(sorted(values)))

    def word(self) -> str:
        word = self.take()
        if not word or word in _SYMBOLS:
            self.expect("a label")
        return word

    def value(self) -> str:
        """Return the value of a comparison, which may be left out."""
        return "" if self.peek() in {"", ","} else self.word()

    def values(self) -> set[str]:
        """Return the values in brackets, some of which may be left out."""
        if self.take() != "(":
            self.expect("'('")
        values: set[str] = set()
        previous = "("
        while (piece := self.take()) != ")":
            if piece == ",":
                if previous in {"(", ","}:
                    values.add("")
            elif not piece or piece in _SYMBOLS or previous not in {"(", ","}:
                self.expect("',', ')' or a value")
            else:
                values.add(piece)
            previous = piece
        return values | {""} if previous in {"(", ","} else values

    def check_key(self, key: str) -> None:
        """Refuse what cannot be the name of a label."""
        if trouble := trouble_of_key(key):
            self.fail(trouble, self.at - 1)


def _int64(text: str) -> int | None:
    """Return the number, or ``None`` if it is none of 64 bits."""
    if len(text) > 40 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
