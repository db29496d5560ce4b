"""``sprig``'s functions on lists.

Source: Masterminds/sprig v3.3.0, list.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from pinnace.language.functions.registry import sprig
from pinnace.language.functions.sprig_logic import is_empty
from pinnace.language.functions.sprig_numbers import to_integer
from pinnace.language.functions.sprig_strings import to_string, to_strings
from pinnace.language.operators import deep_equal, type_name
from pinnace.language.values import MEMORY_BUDGET, Failure, Lists, NilList, Slice, Strings, encode

sprig("func(...any) []any", "list", "tuple")(lambda *values: list(values))


def _elements(value: object, doing: str) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, bytes):
        return list(value)
    message = f"Cannot {doing} type {type_name(value)}"
    raise Failure(message)


@sprig("func(any, any) []any", "append", "push", "mustAppend", "mustPush")
def push(values: object, value: object) -> list[object]:
    """Return the list with ``value`` after it."""
    return [*_elements(values, "push on"), value]


@sprig("func(any, any) []any", "prepend", "mustPrepend")
def prepend(values: object, value: object) -> list[object]:
    """Return the list with ``value`` before it."""
    return [value, *_elements(values, "prepend on")]


@sprig("func(...any) any", "concat")
def concat(*lists: object) -> list[object]:
    """Return the elements of all the lists in a row."""
    parts = [_elements(each, "concat as list") for each in lists]
    if sum(map(len, parts)) > MEMORY_BUDGET:
        message = "memory budget exceeded"
        raise Failure(message)
    return [each for part in parts for each in part] or NilList()


@sprig("func(int, any) [][]any", "chunk", "mustChunk")
def chunk(size: int, values: object) -> Lists:
    """Return the list cut into lists of ``size``."""
    items = _elements(values, "chunk")
    if size < 0 < len(items) <= 1 - size:  # the reference counts no list then, and one for a single element
        return Lists([list(items)] if len(items) == 1 else [])
    if size <= 0:
        message = f"cannot chunk by {size}"
        raise Failure(message)
    return Lists(list(items[at : at + size]) for at in range(0, len(items), size))


@sprig("func(any) any", "first", "mustFirst")
def first(values: object) -> object:
    """Return the first element, or nil."""
    items = _elements(values, "find first on")
    return items[0] if items else None


@sprig("func(any) any", "last", "mustLast")
def last(values: object) -> object:
    """Return the last element, or nil."""
    items = _elements(values, "find last on")
    return items[-1] if items else None


@sprig("func(any) []any", "rest", "mustRest")
def rest(values: object) -> list[object]:
    """Return all elements but the first."""
    items = _elements(values, "find rest on")
    return list(items[1:]) if items else NilList()


@sprig("func(any) []any", "initial", "mustInitial")
def initial(values: object) -> list[object]:
    """Return all elements but the last."""
    items = _elements(values, "find initial on")
    return list(items[:-1]) if items else NilList()


@sprig("func(any) []any", "reverse", "mustReverse")
def reverse(values: object) -> list[object]:
    """Return the elements in the opposite order."""
    return list(_elements(values, "find reverse on"))[::-1]


@sprig("func(any) []string", "sortAlpha")
def sort_alpha(values: object) -> Strings:
    """Return the elements as strings, sorted by their bytes."""
    if not isinstance(values, (list, bytes)):
        return Strings([to_string(values)])
    texts = [str(each) for each in to_strings(values)]
    texts.sort(key=encode)
    return Strings(texts)


@sprig("func(any) []any", "compact", "mustCompact")
def compact(values: object) -> list[object]:
    """Return the elements that are not empty."""
    return [each for each in _elements(values, "compact") if not is_empty(each)]


@sprig("func(any) []any", "uniq", "mustUniq")
def uniq(values: object) -> list[object]:
    """Return the elements without those deeply equal to an earlier one."""
    made: list[object] = []
    seen: set[tuple[type, object]] = set()
    for each in _elements(values, "find uniq on"):
        if isinstance(each, (str, int, float)):
            key = (type(each), each)
            if key not in seen:
                seen.add(key)
                made.append(each)
        elif not _within(made, each):
            made.append(each)
    return made


def _within(values: Iterable[object], value: object) -> bool:
    return any(deep_equal(value, each) for each in values)


@sprig("func(any, ...any) []any", "without", "mustWithout")
def without(values: object, *omitted: object) -> list[object]:
    """Return the elements that are not among ``omitted``."""
    return [each for each in _elements(values, "find without on") if not _within(omitted, each)]


@sprig("func(any, any) bool", "has", "mustHas")
def has(value: object, values: object) -> bool:
    """Return whether ``value`` is among ``values``."""
    return values is not None and _within(_elements(values, "find has on"), value)


@sprig("func(any, ...any) any", "slice", "mustSlice")
def slice_(values: object, *ends: object) -> object:
    """Return the elements from the first end on, before the second."""
    items = _elements(values, "slice")
    if not items:
        return None
    start = to_integer(ends[0]) if ends else 0
    stop = to_integer(ends[1]) if len(ends) > 1 else len(items)
    if not 0 <= start <= stop <= len(items):
        message = "reflect.Value.Slice: slice index out of bounds"
        raise Failure(message)
    piece = items[start:stop]
    return type(items)(piece) if isinstance(items, Slice) else piece
