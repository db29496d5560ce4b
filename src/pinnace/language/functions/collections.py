"""The language's own functions on lists and maps.

Source: expr-lang v1.17.8, builtin/builtin.go.
"""

from __future__ import annotations

from pinnace.language.functions.arguments import counted, element_type, elements, one_of
from pinnace.language.functions.registry import builtin
from pinnace.language.methods import method
from pinnace.language.operators import equal, fetch, is_number, to_int, type_name
from pinnace.language.predicates import sort_values
from pinnace.language.types import ANY_MAP, INT, LIST, Type
from pinnace.language.values import (
    AnyMap,
    Failure,
    Floats,
    Ints,
    NilList,
    Pair,
    Pairs,
    Slice,
    Strings,
    Struct,
    entries,
    is_nil,
)

_MAX_DEPTH = 200


@builtin("len", check=one_of({"slice", "map", "string"}, "invalid argument for len", INT))
def length(value: object) -> int:
    """Return the number of elements, keys or characters."""
    if isinstance(value, (str, list, dict, bytes)):
        return len(value)
    message = f"invalid argument for len (type {type_name(value)})"
    raise Failure(message)


@builtin("first", check=one_of({"slice"}, "cannot get first element from", element_type))
def first(value: object) -> object:
    """Return the first element, or nil."""
    return _element(value, 0)


@builtin("last", check=one_of({"slice"}, "cannot get last element from", element_type))
def last(value: object) -> object:
    """Return the last element, or nil."""
    return _element(value, -1)


def _element(value: object, index: int) -> object:
    try:
        return fetch(value, index)
    except Failure:
        return None


@builtin("get", "func(any, any) any")
def get(value: object, key: object) -> object:
    """Return the element or the value of ``key``, or nil when there is none."""
    if value is None:
        return None
    if isinstance(value, (list, str, bytes)):
        index = to_int(key)
        size = len(value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else len(value)
        return fetch(value, index) if -size <= index < size else None
    if isinstance(value, AnyMap):
        return fetch(value, key) if value.holds(key) else None
    if isinstance(value, dict):
        found = fetch(value, key)
        return found if key in value or callable(getattr(found, "call", None)) else None
    is_there = isinstance(key, str) and (
        method(value, key) is not None or (isinstance(value, Struct) and key in value.fields)
    )
    return fetch(value, key) if is_there else None


def _check_take(types: list[Type]) -> Type:
    counted(types, 2)
    if types[0].kind != "slice" and not types[0].is_unknown:
        message = f"cannot take from {types[0].name}"
        raise Failure(message)
    if types[1].kind != "int" and not types[1].is_unknown:
        message = f"cannot take {types[1].name} elements"
        raise Failure(message)
    return types[0]


@builtin("take", check=_check_take)
def take(value: object, count: object) -> object:
    """Return the first ``count`` elements."""
    if not isinstance(value, (list, bytes)):
        message = f"cannot take from {type_name(value)}"
        raise Failure(message)
    if not isinstance(count, int) or isinstance(count, bool):
        message = f"cannot take {type_name(count)} elements"
        raise Failure(message)
    if count < 0:
        message = "reflect.Value.Slice: slice index out of bounds"
        raise Failure(message)
    piece = value[:count]
    return type(value)(piece) if isinstance(value, Slice) else piece


@builtin("keys", check=one_of({"map"}, "cannot get keys from", LIST))
def keys(value: object) -> list[object]:
    """Return the keys of a map, sorted."""
    return [key for key, _ in _entries(value, "get keys from")]


@builtin("values", check=one_of({"map"}, "cannot get values from", LIST))
def values(value: object) -> list[object]:
    """Return the values of a map, in the order of its sorted keys."""
    return [each for _, each in _entries(value, "get values from")]


@builtin("toPairs", check=one_of({"map"}, "cannot transform to pairs", LIST))
def to_pairs(value: object) -> Pairs:
    """Return the keys and values of a map as pairs, sorted by key."""
    return Pairs(Pair(entry) for entry in _entries(value, "transform to pairs"))


def _entries(value: object, doing: str) -> list[tuple[object, object]]:
    if isinstance(value, dict):
        return list(entries(value))
    message = f"cannot {doing} {type_name(value)}"
    raise Failure(message)


@builtin("fromPairs", check=one_of({"slice"}, "cannot transform from pairs", ANY_MAP))
def from_pairs(value: object) -> AnyMap:
    """Return the map of a list of pairs."""
    made = AnyMap()
    for pair in elements(value, "transform from pairs"):
        if not isinstance(pair, (list, bytes)) or len(pair) != 2:
            message = "invalid pair: not a list of two"
            raise Failure(message)
        made.put(pair[0], pair[1])
    return made


@builtin("reverse", check=one_of({"slice"}, "cannot reverse", LIST), grows=True)
def reverse(value: object) -> list[object]:
    """Return the elements in the opposite order."""
    return elements(value, "reverse")[::-1] if not isinstance(value, Slice) else list(value)[::-1]


@builtin("uniq", check=one_of({"slice"}, "cannot uniq", LIST))
def uniq(value: object) -> list[object]:
    """Return the elements without those equal to an earlier one."""
    made: list[object] = []
    seen: set[object] = set()
    others: list[object] = []
    for each in elements(value, "uniq"):
        if isinstance(each, str) or is_number(each):
            if each not in seen:
                seen.add(each)
                made.append(each)
        elif not any(equal(each, other) for other in others):
            others.append(each)
            made.append(each)
    return made


def _check_concat(types: list[Type]) -> Type:
    if not types:
        message = "invalid number of arguments (expected at least 1, got 0)"
        raise Failure(message)
    for given in types:
        if given.kind != "slice" and not given.is_unknown:
            message = f"cannot concat {given.name}"
            raise Failure(message)
    return LIST


@builtin("concat", check=_check_concat, grows=True)
def concat(*lists: object) -> list[object]:
    """Return the elements of all the lists in a row."""
    parts = [elements(each, "concat") for each in lists]
    made = [element for part in parts for element in part]
    return made or NilList()


@builtin("flatten", check=one_of({"slice"}, "cannot flatten", LIST), grows=True)
def flatten(value: object) -> list[object]:
    """Return the elements, those of lists in lists too."""
    made: list[object] = []
    _flatten_into(made, elements(value, "flatten"), 0)
    return made


def _flatten_into(made: list[object], values: list[object], depth: int) -> None:
    if depth > _MAX_DEPTH:
        message = "recursion depth exceeded"
        raise Failure(message)
    for each in values:
        if isinstance(each, (list, bytes)):
            _flatten_into(made, elements(each, "flatten"), depth + 1)
        else:
            made.append(each)


@builtin(
    "sort",
    "func([]any, string) []any", "func([]int, string) []any", "func([]float64, string) []any",
    "func([]string, string) []any", "func([]any) []any", "func([]float64) []any", "func([]string) []any",
    "func([]int) []any",
    grows=True,
)  # fmt: skip
def sort(value: object, order: object = "asc") -> list[object]:
    """Return the elements sorted, ``asc`` or ``desc``."""
    if order not in ("asc", "desc"):
        message = f"invalid order {order}, expected asc or desc"
        raise Failure(message)
    if type(value) not in {list, Ints, Floats, Strings} or is_nil(value) or not isinstance(value, list):
        return NilList()
    return sort_values(list(value), lambda each: each, descending=order == "desc")


@builtin("type", "func(any) string")
def type_(value: object) -> str:
    """Return the name of the value's type: ``nil``, ``int``, ``array``, ``time.Time`` and so on."""
    if value is None:
        return "nil"
    name = type_name(value)
    if name == "http.Header":
        return "net/http.Header"
    if name.startswith("time."):
        return name
    if name.startswith("*"):
        return "unknown"
    for prefix, word in (
        ("[", "array"),
        ("map[", "map"),
        ("int", "int"),
        ("uint", "uint"),
        ("float", "float"),
    ):
        if name.startswith(prefix):
            return word
    return name
