"""The builtins that apply a predicate to each element: ``all``, ``filter``, ``map``, ``reduce`` and so on.

Each entry of ``PREDICATES`` makes the closure of a call from the closures of its arguments.
Source: expr-lang v1.17.8, compiler.BuiltinNode; optimizer/sum_array.go, sum_range.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import TypeVar

from pinnace.language import operators, syntax
from pinnace.language.frames import NO_ELEMENT, Code, Frame, element
from pinnace.language.values import Failure, GroupMap, Uint8, encode

_T = TypeVar("_T")
#: Applies a predicate: from the frame, the elements and the predicate to the value of the call.
_Apply = Callable[[Frame, list[object], Code], object]


def _loop(frame: Frame, items: list[object], body: Code, *, backwards: bool = False) -> Iterator[object]:
    """Yield what ``body`` says of each element, while ``#`` and ``#index`` point at it."""
    indices = range(len(items) - 1, -1, -1) if backwards else range(len(items))
    for index in indices:
        frame.step()
        frame.item, frame.index = items[index], index
        yield body(frame)


def _conditions(frame: Frame, items: list[object], body: Code, *, backwards: bool = False) -> Iterator[bool]:
    for value in _loop(frame, items, body, backwards=backwards):
        if not isinstance(value, bool):
            name = "nil" if value is None else operators.type_name(value)
            message = f"interface conversion: interface {{}} is {name}, not bool"
            raise Failure(message)
        yield value


def _all(frame: Frame, items: list[object], body: Code) -> object:
    return all(_conditions(frame, items, body))


def _none(frame: Frame, items: list[object], body: Code) -> object:
    return not any(_conditions(frame, items, body))


def _any(frame: Frame, items: list[object], body: Code) -> object:
    return any(_conditions(frame, items, body))


def _one(frame: Frame, items: list[object], body: Code) -> object:
    return sum(_conditions(frame, items, body)) == 1


def _count(frame: Frame, items: list[object], body: Code) -> object:
    return sum(_conditions(frame, items, body))


def _filter(frame: Frame, items: list[object], body: Code) -> object:
    made = [element(frame) for holds in _conditions(frame, items, body) if holds]
    frame.grow(len(made))
    return made


def _map(frame: Frame, items: list[object], body: Code) -> object:
    made = list(_loop(frame, items, body))
    frame.grow(len(made))
    return made


def _sum(frame: Frame, items: list[object], body: Code) -> object:
    total: object = 0
    for value in _loop(frame, items, body):
        total = operators.add(value, total)
    return total


def _find(frame: Frame, items: list[object], body: Code) -> object:
    return next((element(frame) for holds in _conditions(frame, items, body) if holds), None)


def _find_index(frame: Frame, items: list[object], body: Code) -> object:
    return next((frame.index for holds in _conditions(frame, items, body) if holds), None)


def _find_last(frame: Frame, items: list[object], body: Code) -> object:
    found = _conditions(frame, items, body, backwards=True)
    return next((element(frame) for holds in found if holds), None)


def _find_last_index(frame: Frame, items: list[object], body: Code) -> object:
    found = _conditions(frame, items, body, backwards=True)
    return next((frame.index for holds in found if holds), None)


def _group_by(frame: Frame, items: list[object], body: Code) -> object:
    groups = GroupMap()
    for key in _loop(frame, items, body):
        group = groups.fetch(key) if groups.holds(key) else []
        assert isinstance(group, list)
        group.append(element(frame))
        groups.put(key, group)
    return groups


_LOOPS: dict[str, _Apply] = {
    "all": _all, "none": _none, "any": _any, "one": _one, "filter": _filter, "map": _map, "count": _count,
    "sum": _sum, "find": _find, "findIndex": _find_index, "findLast": _find_last,
    "findLastIndex": _find_last_index, "groupBy": _group_by,
}  # fmt: skip


def _looping(apply: _Apply) -> Callable[[list[Code], int], Code]:
    def make(arguments: list[Code], position: int) -> Code:
        collection = arguments[0]
        body = arguments[1] if len(arguments) > 1 else element
        return _in_loop(collection, lambda frame, items: apply(frame, items, body), position)

    return make


def _in_loop(collection: Code, work: Callable[[Frame, list[object]], object], position: int) -> Code:
    """Return the code that does ``work`` on the elements of ``collection``, then restores the outer loop."""

    def run(frame: Frame) -> object:
        outer = frame.item, frame.index, frame.accumulated
        try:
            return work(frame, _items(collection(frame)))
        except Failure as failure:
            if failure.position is None:
                failure.position = position
            raise
        finally:
            frame.item, frame.index, frame.accumulated = outer

    return run


def _items(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, (str, bytes)):
        return [Uint8(each) for each in (encode(value) if isinstance(value, str) else value)]
    if isinstance(value, dict):
        return [NO_ELEMENT] * len(value)
    message = f"cannot loop over {operators.type_name(value)}"
    raise Failure(message)


def _sort_by(arguments: list[Code], position: int) -> Code:
    body = arguments[1]
    order = arguments[2] if len(arguments) > 2 else None

    def work(frame: Frame, items: list[object]) -> object:
        direction = "asc" if order is None else order(frame)
        if direction not in ("asc", "desc"):
            message = "unknown order, use asc or desc"
            raise Failure(message)
        pairs = [(value, element(frame)) for value in _loop(frame, items, body)]
        frame.grow(len(items))
        return [item for _, item in sort_values(pairs, lambda pair: pair[0], descending=direction == "desc")]

    return _in_loop(arguments[0], work, position)


def sort_values(values: list[_T], key: Callable[[_T], object], *, descending: bool) -> list[_T]:
    """Return ``values`` sorted by ``key`` in the language's own order.

    Differs from Argo: equal elements keep their order, where Go's sort may change it.

    Raises:
        Failure: two of them cannot be compared.
    """

    def compare(a: _T, b: _T) -> int:
        first, second = (key(b), key(a)) if descending else (key(a), key(b))
        if operators.less(first, second):
            return -1
        return 1 if operators.less(second, first) else 0

    return sorted(values, key=cmp_to_key(compare))


def _reduce(arguments: list[Code], position: int) -> Code:
    body = arguments[1]
    initial = arguments[2] if len(arguments) > 2 else None

    def work(frame: Frame, items: list[object]) -> object:
        if initial is not None:
            frame.accumulated, start = initial(frame), 0
        elif items:
            frame.item = items[0]
            frame.accumulated, start = element(frame), 1
        else:
            message = "reduce of empty array with no initial value"
            raise Failure(message)
        for index in range(start, len(items)):
            frame.step()
            frame.item, frame.index = items[index], index
            frame.accumulated = body(frame)
        return frame.accumulated

    return _in_loop(arguments[0], work, position)


#: From a builtin's name to what makes its code: of the codes of its arguments and the place of the call.
PREDICATES: dict[str, Callable[[list[Code], int], Code]] = {
    **{name: _looping(apply) for name, apply in _LOOPS.items()}, "sortBy": _sort_by, "reduce": _reduce,
}  # fmt: skip


def folded_sum(node: syntax.BuiltinCall) -> syntax.Node | int | None:
    """Return a ``sum`` that needs no loop: of a written list its additions, of a constant range its value."""
    if len(node.arguments) != 1:
        return None
    bounds = constant_range(node.arguments[0])
    if bounds is not None:
        first, last = bounds
        return (first + last) * (last - first + 1) // 2 if first <= last else None
    array = node.arguments[0]
    if not isinstance(array, syntax.Array) or len(array.nodes) < 2:
        return None
    if all(isinstance(each, syntax.Literal) and each.value is not None for each in array.nodes):
        return None
    total = array.nodes[-1]
    for each in reversed(array.nodes[:-1]):
        total = syntax.Binary(node.position, "+", each, total)
    return total


def constant_range(node: syntax.Node) -> tuple[int, int] | None:
    """Return the ends of ``1..3`` when both are constants."""
    if not (isinstance(node, syntax.Binary) and node.operator == ".."):
        return None
    ends = [_constant_integer(each) for each in (node.left, node.right)]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _constant_integer(node: syntax.Node) -> int | None:
    if isinstance(node, syntax.Unary) and node.operator == "-":
        value = _constant_integer(node.operand)
        return None if value is None else -value
    if isinstance(node, syntax.Literal) and type(node.value) is int:
        return node.value
    return None
