"""The documents of a manifest file as plain values that know where each of their parts stands.

Called by ``bundle``; ``decode`` turns a document into one of the manifest types.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

import msgspec

from pinnace.spec.composer import DEEPEST, Composer, Mark, Places, UnreadableError
from pinnace.spec.problems import Path, Problem

#: Where Argo cuts a file into documents, block scalars included. Source: Argo common/parse.go.
_SEPARATOR = re.compile(r"\n---")


class Positions:
    """Where the parts of one document are. Lines and columns count from 1."""

    def __init__(
        self,
        root: Any,
        places: Places,
        first_line: int = 1,
        changed_words: dict[tuple[int, int], str] | None = None,
    ) -> None:
        # ``places`` is keyed by identity, so the positions must keep the value alive.
        self._root = root
        self._places = places
        self._first_line = first_line
        self._changed_words = changed_words or {}

    def changed_word(self, path: Path) -> str:
        """Return the word at ``path`` that became a boolean or number of another look, else ""."""
        line, column = self.of_value(path)
        return self._changed_words.get((line - self._first_line, column - 1), "")

    def of(self, path: Path) -> tuple[int, int]:
        """Return line and column of the key (or list item) at ``path``, or of its nearest known parent."""
        return self._find(path, 0)

    def of_value(self, path: Path) -> tuple[int, int]:
        """Return line and column of the value at ``path``, or of its nearest known parent."""
        return self._find(path, 2)

    def _find(self, path: Path, which: int) -> tuple[int, int]:
        value, found = self._root, (self._first_line, 1)
        for key in path:
            place = self._places.get(id(value), {}).get(key)
            if place is None:
                break
            found = (place[which] + self._first_line, place[which + 1] + 1)
            value = value[key]
        return found


class Document:
    """One document of a file: its plain value, and how to find parts of it in the text."""

    def __init__(self, value: Any, positions: Positions, origin: str, index: int) -> None:
        self.value = value
        self.positions = positions
        #: The file, as the user named it.
        self.origin = origin
        #: Its number in the file, from 0.
        self.index = index

    @property
    def kind(self) -> str:
        """The Kubernetes kind, or "" when the document is no Kubernetes object."""
        kind = self.value.get("kind") if isinstance(self.value, dict) else None
        return kind if isinstance(kind, str) else ""

    def locate(self, problem: Problem, path: Path, *, at_value: bool = False) -> Problem:
        """Return ``problem`` with the file, line and column of ``path`` in this document."""
        line, column = self.positions.of_value(path) if at_value else self.positions.of(path)
        return msgspec.structs.replace(problem, file=self.origin, line=line, column=column)


def read_documents(text: str | bytes, origin: str) -> tuple[list[Document], list[Problem]]:
    """Return the documents in ``text`` as Kubernetes reads them, and what keeps the others from being read.

    ``origin`` names the file in problems. Empty documents are left out. A repeated key warns, and the last
    one counts. Never raises for any content.
    Source: Argo common/parse.go, ParseObjects.
    """
    decoded = _decode(text, origin)
    if isinstance(decoded, Problem):
        return [], [decoded]
    documents: list[Document] = []
    problems: list[Problem] = []
    line = 1
    for index, part in enumerate(_SEPARATOR.split(decoded)):
        # The separator's own newline ended the line before this part.
        line += index > 0
        if part.strip():
            document, found = _read_one(part, origin, index, line)
            problems += found
            if document is not None and document.value is not None:
                documents.append(document)
        line += part.count("\n")
    return documents, problems


def _decode(text: str | bytes, origin: str) -> str | Problem:
    """Return the text, or the problem that it is none."""
    if isinstance(text, str):
        data = text.encode("utf-8", "surrogatepass")
    else:
        data = text
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        return Problem(
            code="invalid-utf-8",
            message=f"byte {data[error.start]:#04x} is not UTF-8",
            file=origin,
            line=data.count(b"\n", 0, error.start) + 1,
            column=len(data[start : error.start].decode("utf-8", "replace")) + 1,
            hint="save the file as UTF-8",
        )


def _read_one(text: str, origin: str, index: int, first_line: int) -> tuple[Document | None, list[Problem]]:
    composer = Composer(text.encode())
    try:
        value = composer.compose()
    except UnreadableError as unreadable:
        parsed = _read_json(text)
        if parsed is not None:
            return Document(parsed, Positions(parsed, {}, first_line), origin, index), []
        line, column = _position(unreadable.mark, first_line) if unreadable.mark else (first_line, 1)
        problem = Problem(
            code=unreadable.code,
            message=unreadable.message,
            file=origin,
            line=line,
            column=column,
            hint=unreadable.hint,
        )
        return None, [problem]
    positions = Positions(value, composer.places, first_line, composer.changed_words)
    document = Document(value, positions, origin, index)
    problems = [_repeated(document, key, mark, first_line) for key, mark in composer.repeated]
    problems += [
        _boolean_key(document, word, line + first_line, column + 1)
        for (line, column), word in composer.boolean_keys.items()
    ]
    return document, problems


def _read_json(text: str) -> Any:
    """Return the value of a text that is JSON and not YAML (surrogate pairs, for one), else None."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if _is_deep(value) else value


def _is_deep(value: Any) -> bool:
    """Return whether ``value`` is nested deeper than a YAML document may be."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return any(isinstance(item, dict | list) for item in level)


def _repeated(document: Document, key: str, mark: Mark, first_line: int) -> Problem:
    line, column = _position(mark, first_line)
    return Problem(
        code="duplicate-key",
        message=f"key '{key}' is written twice here: the last one counts, but Argo's own command refuses it",
        severity="warning",
        file=document.origin,
        line=line,
        column=column,
        hint="remove one of them",
    )


def _boolean_key(document: Document, word: str, line: int, column: int) -> Problem:
    return Problem(
        code="boolean-key",
        message=f"{word} without quotes is a boolean in YAML: this key is read as its text, true or false",
        severity="warning",
        file=document.origin,
        line=line,
        column=column,
        hint="put quotes around it",
    )


def _position(mark: Mark, first_line: int) -> tuple[int, int]:
    """Return line and column from 1 of ``mark``, whose part of the file starts at ``first_line``."""
    return mark.line + first_line, mark.column + 1
