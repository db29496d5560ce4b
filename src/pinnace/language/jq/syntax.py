"""The parts of a jq filter, as its parser makes them. Each names what it is written as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """``.``."""


@dataclass(frozen=True, slots=True)
class Literal:
    """``null``, ``true``, ``1``, ``"text"``."""

    value: object


@dataclass(frozen=True, slots=True)
class Text:
    """A string with filters in it: texts and filters in turn."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """``@base64``; before a string it formats what is put into the text."""

    name: str
    text: Literal | Text | None


@dataclass(frozen=True, slots=True)
class Access:
    """``of.key``, ``of[key]``."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Slice:
    """``of[start:end]``."""

    of: Node
    start: Node | None
    end: Node | None


@dataclass(frozen=True, slots=True)
class Iterate:
    """``of[]``."""

    of: Node


@dataclass(frozen=True, slots=True)
class Call:
    """``name(args)``, or a variable ``$name``."""

    name: str
    args: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Object:
    """``{key: value}``; a value of ``None`` stands for the input's of that key."""

    pairs: tuple[tuple[Node, Node | None], ...]


@dataclass(frozen=True, slots=True)
class Array:
    """``[body]``."""

    body: Node | None


@dataclass(frozen=True, slots=True)
class Sign:
    """``-of``, ``+of``."""

    operator: str
    of: Node


@dataclass(frozen=True, slots=True)
class If:
    """``if condition then … else … end``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Try:
    """``try body catch handler``, or ``body?``."""

    body: Node
    handler: Node | None


@dataclass(frozen=True, slots=True)
class Reduce:
    """``reduce source as pattern (start; update)``."""

    source: Node
    pattern: Pattern
    start: Node
    update: Node


@dataclass(frozen=True, slots=True)
class Foreach:
    """``foreach source as pattern (start; update; extract)``."""

    source: Node
    pattern: Pattern
    start: Node
    update: Node
    extract: Node


@dataclass(frozen=True, slots=True)
class Label:
    """``label $name | body``."""

    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Break:
    """``break $name``."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Pipe:
    """``left | right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comma:
    """``first, second``, two or more."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """``left // right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """``left + right`` and such, ``and`` and ``or``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Update:
    """``left = right``, ``left |= right``, ``left += right`` and such."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Bind:
    """``source as pattern | body``; of several patterns, those after ``?//`` are tried on errors."""

    source: Node
    patterns: tuple[Pattern, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Function:
    """``def name(parameters): body;``."""

    name: str
    parameters: tuple[str, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Define:
    """A definition, and what it holds for."""

    function: Function
    body: Node


@dataclass(frozen=True, slots=True)
class NamePattern:
    """``$name``."""

    name: str


@dataclass(frozen=True, slots=True)
class ArrayPattern:
    """``[pattern, …]``."""

    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """``key: pattern`` of an object; ``$name`` and ``$name: pattern`` also bind the value to a name."""

    key: Node
    name: str
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    """``{key: pattern, …}``."""

    entries: tuple[Entry, ...]


Pattern = NamePattern | ArrayPattern | ObjectPattern

Node = (
    Identity | Literal | Text | Format | Access | Slice | Iterate | Call | Object | Array | Sign | If | Try
    | Reduce | Foreach | Label | Break | Pipe | Comma | Alternative | Binary | Update | Bind | Define
)  # fmt: skip
