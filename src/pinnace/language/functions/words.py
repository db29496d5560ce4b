"""Words in identifiers: ``HTTPServer2`` as ``http_server_2`` and as ``HttpServer2``.

Source: huandu/xstrings v1.5.0, convert.go.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from pinnace.language.functions.arguments import WHITE_SPACE
from pinnace.language.functions.strings import lower, upper


class _Word(NamedTuple):
    """A run of characters of one kind: ``number upper alphabet connector punct other``; ``""`` at the end."""

    kind: str
    text: str


def _is_connector(character: str) -> bool:
    return character in "-_" or character in WHITE_SPACE


def _is_punct(character: str) -> bool:
    return unicodedata.category(character).startswith("P")


def _is_upper(character: str) -> bool:
    return unicodedata.category(character) == "Lu"


def _is_alphabet(character: str) -> bool:
    """Return whether it is a letter that has a case, or at least no one that has none."""
    return unicodedata.category(character).startswith("L") and (character.islower() or character.isupper())


def _is_number(character: str) -> bool:
    return unicodedata.category(character).startswith("N")


def _kind(character: str) -> str:
    if _is_connector(character):
        return "connector"
    if _is_punct(character):
        return "punct"
    if _is_upper(character):
        return "upper"
    if _is_alphabet(character):
        return "alphabet"
    return "number" if _is_number(character) else "other"


def _next_word(text: str) -> tuple[_Word, str]:
    """Return the first word of ``text`` and what follows it."""
    if not text:
        return _Word("", ""), ""
    kind = _kind(text[0])
    end = 1
    if kind == "upper":
        end = _end_of_upper(text)
    elif kind == "alphabet":
        end = _end_of_lower(text, 1)
    else:
        while end < len(text) and _kind(text[end]) == kind:
            end += 1
    return _Word(kind, text[:end]), text[end:]


def _end_of_upper(text: str) -> int:
    """Return where a word that begins with a capital ends: ``HTTP`` of ``HTTPServer``, ``Server``."""
    if len(text) == 1 or not (_is_upper(text[1]) or _is_alphabet(text[1])):
        return 1
    if not _is_upper(text[1]):
        return _end_of_lower(text, 2)
    end = 2
    while end < len(text) and _is_upper(text[end]):
        end += 1
    return end - 1 if end < len(text) and _is_alphabet(text[end]) else end


def _end_of_lower(text: str, end: int) -> int:
    while end < len(text) and _is_alphabet(text[end]) and not _is_upper(text[end]):
        end += 1
    return end


def separated_case(text: str, connector: str) -> str:
    """Return ``text`` in lower case with ``connector`` between its words."""
    return _Separation(connector).of(text)


class _Separation:
    """One rewriting of a text, word by word; a number belongs to the word before or after it."""

    def __init__(self, connector: str) -> None:
        self.connector = connector
        self.pieces: list[str] = []
        self.word = _Word("", "")
        self.rest = ""

    def of(self, text: str) -> str:
        self.rest = text
        self.advance()
        while self.rest:
            if self.word.kind != "connector":
                self.write(self.word)
            previous = self.word
            self.advance()
            if previous.kind == "number":
                self.follow_letters()
                if self.word.kind not in {"", "punct", "connector"}:
                    self.pieces.append(self.connector)
            elif previous.kind == "connector":
                self.write(previous)
            elif previous.kind != "punct":
                self.after_letters()
        self.write(self.word)
        return "".join(self.pieces)

    def advance(self) -> None:
        self.word, self.rest = _next_word(self.rest)

    def follow_letters(self) -> None:
        while self.word.kind in {"alphabet", "number"}:
            self.write(self.word)
            self.advance()

    def after_letters(self) -> None:
        """Write what separates a word of letters from the next word, and a number between them."""
        if self.word.kind != "number":
            if self.word.kind not in {"connector", "punct"}:
                self.pieces.append(self.connector)
            return
        if not self.rest:
            return
        number = self.word
        self.advance()
        if self.word.kind != "alphabet":
            self.write(number)
            if self.word.kind not in {"connector", "punct"}:
                self.pieces.append(self.connector)
            return
        self.pieces.append(self.connector)
        self.write(number)
        self.follow_letters()
        if self.word.kind not in {"", "connector", "punct"}:
            self.pieces.append(self.connector)

    def write(self, word: _Word) -> None:
        if word.kind == "connector":
            self.pieces.append(self.connector * len(word.text))
        elif word.kind in {"upper", "alphabet"}:
            self.pieces.append(lower(word.text))
        else:
            self.pieces.append(word.text)


def pascal_case(text: str) -> str:
    """Return ``text`` with its connectors removed and every word's first letter in upper case."""
    pieces: list[str] = []
    rest = text.lstrip(f"-_{WHITE_SPACE}")
    pieces.append(text[: len(text) - len(rest)])
    if not rest:
        return text
    previous = upper(rest[0])
    for character in rest[1:]:
        if _is_connector(character) and _is_connector(previous):
            pieces.append(previous)
            continue
        if _is_connector(previous):
            previous = upper(character)
            continue
        pieces.append(previous)
        previous = character
    return "".join([*pieces, previous])
