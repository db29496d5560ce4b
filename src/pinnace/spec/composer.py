"""YAML events into plain values, as goyaml v2 composes them, with the place of every key and value.

The syntax is libyaml's, of which goyaml is a port; what scalars mean is in ``scalars``. Building values from
events rather than from PyYAML's node graph is what keeps a 10 MB manifest a matter of seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Protocol

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from pinnace.spec.scalars import MERGE, Scalar, ScalarError, format_float32, format_float64, resolve

#: Nesting beyond which a document is refused: real manifests stay below 60, recursion stays safe.
DEEPEST = 200
#: The share of nodes that may come from aliases falls from 99 % at the first size to 10 % at the second.
#: Source: goyaml v2 decode.go, allowedAliasRatio.
_ALIAS_RANGE = (400_000, 4_000_000)
_ESCAPED_SLASH = re.compile(r"(?:[^\\]|\\[^/])*\\/", re.DOTALL)


class Mark(Protocol):
    """A place in a text; both numbers count from 0."""

    line: int
    column: int


class UnreadableError(Exception):
    """The text is not a document; carries the parts of a Problem."""

    def __init__(self, code: str, message: str, mark: Mark | None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.mark, self.hint = code, message, mark, hint


#: Line and column of a key, then of its value. Numbers rather than marks: tuples of numbers are free to the
#: garbage collector, a hundred thousand marks are not.
Place = tuple[int, int, int, int]
#: For each container, by identity: its keys or indexes → where they are.
Places = dict[int, dict[str | int, Place]]


class Composer:
    """Composes the first document of one text; ``places`` and ``repeated`` are filled on the way."""

    def __init__(self, data: bytes) -> None:
        self.places: Places = {}
        #: Keys written more than once in their mapping, with the place of the later one.
        self.repeated: list[tuple[str, Mark]] = []
        #: Unquoted words that became values of another look (``n``, ``1.10``), by their line and column.
        self.changed_words: dict[tuple[int, int], str] = {}
        #: The same of keys.
        self.boolean_keys: dict[tuple[int, int], str] = {}
        self._events = _events(data)
        #: The text, if it may hold the escape that libyaml reads and goyaml v2 does not.
        self._slashed = data.decode() if rb"\/" in data else ""
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._count = 0
        self._aliased = 0
        self._depth = 0

    def compose(self) -> Any:
        """Return the document's value; None when the text holds none.

        Raises:
            UnreadableError: the text is not YAML, or not YAML that Kubernetes would read.
        """
        for event in self._events:
            if type(event) is DocumentStartEvent:
                if event.version is not None and tuple(event.version) != (1, 1):
                    raise UnreadableError(
                        "invalid-yaml", "found incompatible YAML document", event.start_mark
                    )
            elif type(event) is not StreamStartEvent:
                value = self._node(event) if _starts_node(event) else None
                # The end of the document: what cannot follow the value shows only there.
                next(self._events, None)
                return value
        return None

    def _node(self, event: Any) -> Any:
        if type(event) is AliasEvent:
            return self._alias(event)
        self._count += 1
        anchor = event.anchor
        if anchor is None:
            return self._content(event)
        before = self._count
        self._open.add(anchor)
        value = self._content(event)
        self._open.discard(anchor)
        self._anchors[anchor] = (value, self._count - before + 1)
        return value

    def _content(self, event: Any) -> Any:
        if type(event) is ScalarEvent:
            return self._scalar_value(event)
        self._depth += 1
        if self._depth > DEEPEST:
            raise UnreadableError(
                "nested-too-deeply", f"nested more than {DEEPEST} levels deep", event.start_mark
            )
        value = self._mapping() if type(event) is MappingStartEvent else self._sequence()
        self._depth -= 1
        return value

    def _scalar_value(self, event: ScalarEvent) -> Scalar:
        value = self._scalar(event)
        if type(value) is bool:
            _note_boolean(value, event, self.changed_words)
        elif type(value) is int or type(value) is float:
            _note_number(value, event, self.changed_words)
        if type(value) is float and not math.isfinite(value):
            message = "infinity and NaN have no form in JSON"
            raise UnreadableError("invalid-yaml", message, event.start_mark, "quote it to mean the text")
        return value

    def _scalar(self, event: ScalarEvent) -> Scalar:
        if self._slashed and event.style == '"' and event.start_mark and event.end_mark:
            written = self._slashed[event.start_mark.index : event.end_mark.index]
            if _ESCAPED_SLASH.match(written):
                hint = "write / without a backslash, or use single quotes"
                raise UnreadableError("invalid-yaml", "\\/ is no escape", event.start_mark, hint)
        try:
            return resolve(event.value, event.tag, plain=event.implicit[0])
        except ScalarError as error:
            raise UnreadableError("invalid-yaml", str(error), event.start_mark) from error

    def _alias(self, event: AliasEvent) -> Any:
        name = event.anchor
        if name in self._open:
            raise UnreadableError("invalid-yaml", f"anchor '{name}' value contains itself", event.start_mark)
        if name not in self._anchors:
            raise UnreadableError("invalid-yaml", f"unknown anchor '{name}' referenced", event.start_mark)
        value, size = self._anchors[name]
        self._count += 1 + size
        self._aliased += size
        if (
            self._aliased > 100
            and self._count > 1000
            and self._aliased / self._count > _allowed_share(self._count)
        ):
            message = "document contains excessive aliasing"
            raise UnreadableError(
                "excessive-aliasing", message, event.start_mark, "write the repeated parts out"
            )
        return value

    def _sequence(self) -> list[Any]:
        items: list[Any] = []
        places: dict[str | int, Place] = {}
        self.places[id(items)] = places
        for event in self._events:
            if type(event) is SequenceEndEvent:
                break
            mark = event.start_mark
            places[len(items)] = (mark.line, mark.column, mark.line, mark.column)
            items.append(self._node(event))
        return items

    def _mapping(self) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        places: dict[str | int, Place] = {}
        self.places[id(entries)] = places
        for event in self._events:
            if type(event) is MappingEndEvent:
                break
            if _is_merge(event):
                self._count += 1
                self._merge(entries, places, event.start_mark)
                continue
            key = self._key(event)
            if key in entries:
                self.repeated.append((key, event.start_mark))
            value_event = next(self._events)
            mark, value_mark = event.start_mark, value_event.start_mark
            places[key] = (mark.line, mark.column, value_mark.line, value_mark.column)
            entries[key] = self._node(value_event)
        return entries

    def _merge(self, entries: dict[str, Any], places: dict[str | int, Place], mark: Mark) -> None:
        value = self._node(next(self._events))
        for source in reversed(value) if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                message = "map merge requires map or sequence of maps as the value"
                raise UnreadableError("invalid-yaml", message, mark)
            entries.update(source)
            places.update(self.places[id(source)])

    def _key(self, event: Any) -> str:
        if type(event) is ScalarEvent:
            self._count += 1
            key = self._scalar(event)
            _note_boolean(key, event, self.boolean_keys)
            if event.anchor is not None:
                self._anchors[event.anchor] = (key, 1)
        elif type(event) is AliasEvent:
            key = self._alias(event)
        else:
            hint = "a value that begins with {{ needs quotes" if type(event) is MappingStartEvent else ""
            raise UnreadableError("invalid-yaml", "a key must be a scalar", event.start_mark, hint)
        text = _key_text(key)
        if text is None:
            raise UnreadableError(
                "invalid-yaml", "a key cannot be null, a list, a map or a number so large", event.start_mark
            )
        return text


def _events(data: bytes) -> Iterator[Any]:
    """Yield the parser's events; its errors become ``UnreadableError``."""
    try:
        parser = yaml.CSafeLoader(data)
        event = parser.get_event()
        while event is not None:
            yield event
            event = parser.get_event()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError("invalid-yaml", _describe(error), mark) from error
    except yaml.reader.ReaderError as error:
        character = error.character if isinstance(error.character, int) else 0
        message = f"character {character:#x} is not allowed in YAML"
        raise UnreadableError(
            "invalid-yaml", message, _mark_at(data, error.position), "remove it or escape it"
        ) from error


class _Place:
    """A mark of our own, for errors of the reader, which has none."""

    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column


def _mark_at(data: bytes, position: int) -> Mark:
    before = data[:position]
    start = before.rfind(b"\n") + 1
    return _Place(before.count(b"\n"), len(before[start:].decode("utf-8", "replace")))


def _describe(error: yaml.MarkedYAMLError) -> str:
    return ": ".join(part for part in (error.context, error.problem) if part) or "not YAML"


def _starts_node(event: Any) -> bool:
    return type(event) in {ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent}


def _is_merge(event: Any) -> bool:
    return (
        type(event) is ScalarEvent and event.value == "<<" and (bool(event.implicit[0]) or event.tag == MERGE)
    )


def _note_boolean(value: Scalar, event: ScalarEvent, words: dict[tuple[int, int], str]) -> None:
    """Put the word of a boolean that is not written as true or false into ``words``."""
    if type(value) is bool and event.value.lower() not in {"true", "false"} and event.start_mark is not None:
        words[event.start_mark.line, event.start_mark.column] = event.value


def _note_number(value: float, event: ScalarEvent, words: dict[tuple[int, int], str]) -> None:
    """Put the word of a number that Argo prints in another way into ``words``."""
    if event.start_mark is not None and math.isfinite(value) and format_float64(float(value)) != event.value:
        words[event.start_mark.line, event.start_mark.column] = event.value


def _key_text(key: Any) -> str | None:
    """Return the text that a key becomes; None for what cannot be a key."""
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(key) if key < 2**63 else None
    if isinstance(key, float):
        special = {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}
        text = "NaN" if math.isnan(key) else format_float32(key)
        return special.get(text, text)
    return None


def _allowed_share(count: int) -> float:
    low, high = _ALIAS_RANGE
    if count <= low:
        return 0.99
    return 0.99 - 0.89 * (count - low) / (high - low) if count < high else 0.10
