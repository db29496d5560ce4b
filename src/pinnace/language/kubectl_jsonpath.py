"""JSONPath as ``kubectl get -o jsonpath=…`` has it, which ``valueFrom.jsonPath`` of a resource is.

A template is text with paths in braces; a key that is not there is nothing, while an index that is not there
is an error. Differs from kubectl: maps are walked in the order of the document, where kubectl's is random.
Source: Kubernetes client-go util/jsonpath/jsonpath.go, third_party/forked/golang/template.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pinnace.language.errors import ExpressionError
from pinnace.language.goformat import format_value
from pinnace.language.gojson import encode_json
from pinnace.language.kubectl_syntax import (
    Action,
    Constant,
    Field,
    Filter,
    Node,
    Recursive,
    Slice,
    Union,
    Wildcard,
    Word,
    parse_template,
)
from pinnace.language.values import MEMORY_BUDGET, Failure, check_size, encode

#: What a loop without elements, and one over nil, has for an element.
_NOTHING: Final = object()


def render(template: str, document: object) -> str:
    """Return the text that ``template`` makes of ``document``.

    Args:
        template: as ``{.status.phase}`` or ``{range .items[*]}{.metadata.name} {end}``.
        document: the resource; integers must be ``int``, since they do not compare with floats.

    Raises:
        ExpressionError: it cannot be read (stage ``parse``) or followed (stage ``run``).
    """
    try:
        nodes = parse_template(template)
    except Failure as failure:
        raise ExpressionError(failure.message, template, failure.position, "parse") from None
    try:
        return "".join(map(_printed, _Walk(nodes).results(document, 0)))
    except Failure as failure:
        raise ExpressionError(failure.message, template, None, "run") from None
    except RecursionError:
        raise ExpressionError("the document is nested too deeply", template, None, "run") from None


class _Astray(Failure):
    """A path that cannot be followed; ``found`` is what ``[?(@.path)]`` takes it to have found."""

    def __init__(self, message: str, found: Sequence[object]) -> None:
        super().__init__(message)
        self.found = found


class _Walk:
    """The way through a template: loops in it that have begun and ended, and the work done so far."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.begun = self.inside = self.ended = 0
        self.last_end = -1
        self.work = 0

    def results(self, element: object, start: int) -> list[list[object]]:
        """Return what each part from ``start`` on finds, up to the end of the loop that it is in."""
        current = [_NOTHING if element is None else element]
        found: list[list[object]] = []
        at = start
        while at < len(self.nodes):
            values = self.follow(current, self.nodes[at])
            if 0 < self.ended <= self.inside:
                self.ended -= 1
                self.last_end = at
                break
            if self.begun:
                self.begun -= 1
                found += self.loop(values, at)
                at = max(at, self.last_end)
            else:
                found.append(values)
            at += 1
        return found

    def loop(self, values: list[object], at: int) -> list[list[object]]:
        """Return what the parts after ``at`` find for each of ``values``."""
        self.inside += 1
        found: list[list[object]] = []
        for value in values:
            if value is _NOTHING:
                raise Failure("a loop goes over nothing")
            found += self.results(value, at + 1)
        if not values:
            # The parts are gone through all the same, to find the end.
            self.results(None, at + 1)
        self.inside -= 1
        return found

    def spend(self, amount: int) -> None:
        self.work += amount
        if self.work > MEMORY_BUDGET:
            raise Failure("memory budget exceeded: the template does too much")

    def follow(self, values: list[object], node: Node) -> list[object]:
        """Return what ``node`` finds in ``values``."""
        self.spend(len(values) + 1)
        if isinstance(node, Constant):
            # A text stands for all values, a number for each of them.
            return [node.value] if isinstance(node.value, str) else [node.value] * len(values)
        return _FOLLOW[type(node)](self, values, node)

    def action(self, values: list[object], node: Action) -> list[object]:
        for each in node.nodes:
            values = self.follow(values, each)
        return values

    def word(self, values: list[object], node: Word) -> list[object]:
        if node.name == "range":
            self.begun += 1
            return values
        if node.name != "end":
            raise _Astray(f"unrecognized identifier {node.name}", values)
        if not self.inside:
            raise _Astray("not in range, nothing to end", [])
        self.ended += 1
        return []

    def field(self, values: list[object], node: Field) -> list[object]:
        return [value[node.name] for value in values if isinstance(value, dict) and node.name in value]

    def wildcard(self, values: list[object], _node: Wildcard) -> list[object]:
        return [each for value in values for each in self.children(value)]

    def recursive(self, values: list[object], node: Recursive) -> list[object]:
        found: list[object] = []
        for value in values:
            children = self.children(value)
            if children:
                found.append(value)
                found += self.recursive(children, node)
        return found

    def children(self, value: object) -> list[object]:
        """Return what a value holds; a text holds bytes."""
        if isinstance(value, dict):
            children = list(value.values())
        elif isinstance(value, list):
            children = value
        else:
            children = list(encode(value)) if isinstance(value, str) else []
        self.spend(len(children))
        return children

    def union(self, values: list[object], node: Union) -> list[object]:
        try:
            return [each for member in node.members for each in self.action(values, member)]
        except _Astray as astray:
            raise _Astray(astray.message, values) from None

    def slice(self, values: list[object], node: Slice) -> list[object]:
        found: list[object] = []
        for value in values:
            if value is None:
                continue
            if not isinstance(value, list):
                raise _Astray(f"{_kind(value)} is not array or slice", values)
            try:
                bounds = _bounds(node, len(value))
            except Failure as failure:
                raise _Astray(failure.message, values) from None
            if bounds is None:
                return found
            found += value[bounds]
            self.spend(len(value))
        return found

    def filter(self, values: list[object], node: Filter) -> list[object]:
        found: list[object] = []
        for value in values:
            if not isinstance(value, list):
                raise _Astray(f"{_shown(value)} is not array or slice and cannot be filtered", values)
            for each in value:
                try:
                    passes = self.passes(each, node, values)
                except _Incomparable as failure:
                    raise _Astray(failure.message, found) from None
                if passes:
                    found.append(each)
        return found

    def passes(self, element: object, node: Filter, values: list[object]) -> bool:
        """Return whether a filter lets ``element`` through."""
        try:
            left = self.action([element], node.left)
        except _Astray as astray:
            if not node.operator:
                return len(astray.found) > 0
            raise _Astray(astray.message, values) from None
        if not node.operator:
            return len(left) > 0
        right = self.operand([element], node.right, values) if self.single(left, values) else []
        if not self.single(right, values):
            return False
        if node.operator not in _COMPARISONS:
            raise _Incomparable(f"unrecognized filter operator {node.operator}")
        return _COMPARISONS[node.operator](left[0], right[0])

    def operand(self, element: list[object], action: Action, values: list[object]) -> list[object]:
        try:
            return self.action(element, action)
        except _Astray as astray:
            raise _Astray(astray.message, values) from None

    def single(self, operand: list[object], values: list[object]) -> bool:
        """Return whether an operand is there; of several none is meant."""
        if len(operand) > 1:
            raise _Astray("can only compare one element at a time", values)
        return len(operand) == 1


_FOLLOW: dict[type, Callable[..., list[object]]] = {
    Action: _Walk.action, Word: _Walk.word, Field: _Walk.field, Wildcard: _Walk.wildcard,
    Recursive: _Walk.recursive, Union: _Walk.union, Slice: _Walk.slice, Filter: _Walk.filter,
}  # fmt: skip


def _bounds(node: Slice, length: int) -> slice | None:
    """Return what a subscript takes of a list, or ``None`` for nothing."""
    start = node.start or 0
    if start < 0:
        start += length
    if node.single:
        # ``[-1]`` ends at 0, counted from the end; ``[]`` is the first element.
        end = (node.start or 0) + 1
        end += length if end <= 0 else 0
    else:
        end = length if node.end is None else node.end
        end += length if end < 0 else 0
    if start == end:
        return None
    if not 0 <= start < length:
        raise Failure(f"array index out of bounds: index {start}, length {length}")
    if not 0 <= end <= length:
        raise Failure(f"array index out of bounds: index {end - 1}, length {length}")
    if start > end:
        raise Failure(f"starting index {start} is greater than ending index {end}")
    if node.step is not None and node.step <= 0:
        raise Failure("step must be > 0")
    return slice(start, end, node.step)


class _Incomparable(Failure):
    """Two values that cannot be compared."""


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "nothing")


_KINDS = ((bool, "bool"), (int, "integer"), (float, "float"), (str, "string"), (dict, "map"), (list, "list"))
_ORDERED = frozenset({"integer", "float", "string"})


def _less(left: Any, right: Any) -> bool:
    if _comparable(left, right) not in _ORDERED:
        raise _Incomparable("invalid type for comparison")
    return bool(left < right)


def _equal(left: object, right: object) -> bool:
    _comparable(left, right)
    return left == right


def _comparable(left: object, right: object) -> str:
    """Return the kind of both values."""
    kinds = (_kind(left), _kind(right))
    if not {"map", "list", "nothing"}.isdisjoint(kinds):
        raise _Incomparable("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise _Incomparable(f"incompatible types for comparison: {_shown(left)} and {_shown(right)}")
    return kinds[0]


_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _less,
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">": lambda left, right: not (_less(left, right) or _equal(left, right)),
    ">=": lambda left, right: not _less(left, right),
}


def _shown(value: object) -> str:
    return format_value(value)[:80]


def _printed(values: list[object]) -> str:
    """Return values as text: lists and maps as JSON, others as Go prints them."""
    texts = []
    size = 0
    for value in values:
        if value is _NOTHING:
            texts.append("<no value>")
        elif isinstance(value, (dict, list)):
            texts.append(encode_json(value))
        else:
            texts.append("null" if value is None else format_value(value))
        size += len(texts[-1])
        check_size(size)
    return " ".join(texts)
