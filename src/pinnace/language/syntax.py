"""The tree of an expression: what ``parser`` makes, and ``checker`` and ``compiler`` read.

Nodes are plain records. ``position`` is the index of the character that errors point at.
Source: expr-lang v1.17.8, ast/node.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields


@dataclass(slots=True, eq=False)
class Node:
    """What every node has: the place in the text."""

    position: int


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A constant: nil, a boolean, an integer, a float, a string or bytes."""

    value: object


@dataclass(slots=True, eq=False)
class Name(Node):
    """A top-level name: a variable of ``let``, ``$env``, or a key of the environment."""

    name: str


@dataclass(slots=True, eq=False)
class Unary(Node):
    """``operator operand``, where operator is one of ``! not - +``."""

    operator: str
    operand: Node


@dataclass(slots=True, eq=False)
class Binary(Node):
    """``left operator right``."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Chain(Node):
    """A chain of accesses that holds ``?.``: nil anywhere marked makes the whole chain nil."""

    node: Node


@dataclass(slots=True, eq=False)
class Member(Node):
    """``base.property`` or ``base[property]``; ``optional`` when written with ``?.``."""

    base: Node
    property: Node
    optional: bool = False
    called: bool = False


@dataclass(slots=True, eq=False)
class Slice(Node):
    """``base[start:stop]``; ``None`` where an end is not written."""

    base: Node
    start: Node | None
    stop: Node | None


@dataclass(slots=True, eq=False)
class Call(Node):
    """A call of a value: a function of the environment or a method."""

    callee: Node
    arguments: list[Node]


@dataclass(slots=True, eq=False)
class BuiltinCall(Node):
    """A call of one of the language's own functions."""

    name: str
    arguments: list[Node]


@dataclass(slots=True, eq=False)
class Predicate(Node):
    """The body that a builtin evaluates for each element."""

    body: Node


@dataclass(slots=True, eq=False)
class Pointer(Node):
    """``#``, ``#index`` or ``#acc``: the element, its index, what a reduction has so far."""

    name: str


@dataclass(slots=True, eq=False)
class Let(Node):
    """``let name = value; body``."""

    name: str
    value: Node
    body: Node


@dataclass(slots=True, eq=False)
class Sequence(Node):
    """``first; second; …``, worth the last."""

    nodes: list[Node]


@dataclass(slots=True, eq=False)
class Conditional(Node):
    """``condition ? then : otherwise``, or the same as ``if … else``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False)
class Array(Node):
    """``[a, b, …]``."""

    nodes: list[Node]


@dataclass(slots=True, eq=False)
class Map(Node):
    """``{key: value, …}``."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly below ``node``, in the order they are written."""
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Node):
                    yield item
                else:
                    yield from item


def walk(node: Node) -> Iterator[Node]:
    """Yield every node of the tree below and including ``node``, children first, without recursion."""
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        current, expanded = stack.pop()
        if expanded:
            yield current
            continue
        stack.append((current, True))
        stack.extend((child, False) for child in reversed(list(children(current))))
