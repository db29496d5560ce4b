"""Functions of arrays: order, groups, positions, sums. Source: itchyny/gojq v0.12.19, func.go."""

from __future__ import annotations

from functools import cmp_to_key, reduce
from typing import Any

from pinnace.language.jq.budget import Budget
from pinnace.language.jq.encoding import encode
from pinnace.language.jq.functions.registry import native
from pinnace.language.jq.numbers import is_number, to_float
from pinnace.language.jq.operators import add
from pinnace.language.jq.paths import positions
from pinnace.language.jq.values import FilterError, compare, failed, preview, refused


def _values(name: str, value: object, *args: object) -> list[Any]:
    """Return the elements of an array, or the values of an object by key."""
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if not isinstance(value, list):
        raise refused(name, value, *args)
    return value


@native("add")
def _add(value: object, budget: Budget) -> object:
    return _sum(_values("add", value), budget)


def _sum(values: list[Any], budget: Budget) -> object:
    """Return all values added, without a copy for each string or array."""
    budget.spend(len(values))
    present = [each for each in values if each is not None]
    if present and all(isinstance(each, str) for each in present):
        budget.text(sum(map(len, present)))
        return "".join(present)
    if present and all(isinstance(each, list) for each in present):
        budget.spend(sum(map(len, present)) >> 3)
        return [element for each in present for element in each]
    if present and all(isinstance(each, dict) for each in present):
        budget.spend(sum(map(len, present)) >> 1)
        merged: dict[str, object] = {}
        for each in present:
            merged |= each
        return merged
    return reduce(lambda left, right: add(left, right, budget), present, None)


@native("join", 1)
def _join(value: object, separator: object, budget: Budget) -> object:
    values = _values("join", value, separator)
    if not values:
        return ""
    texts: list[object] = []
    for at, each in enumerate(values):
        texts += [separator if at else "", encode(each, budget) if isinstance(each, (int, float)) else each]
    return _sum(texts, budget)


@native("reverse")
def _reverse(value: object, budget: Budget) -> object:
    if not isinstance(value, list):
        raise refused("reverse", value)
    budget.spend(len(value) >> 3)
    return value[::-1]


@native("flatten")
def _flatten(value: object, budget: Budget) -> list[object]:
    return _flat(_values("flatten", value), -1.0, budget)


@native("flatten", 1)
def _flatten_to(value: object, depth: object, budget: Budget) -> list[object]:
    values = _values("flatten", value)
    if not isinstance(depth, (int, float)) or not is_number(depth):
        raise refused("flatten", depth)
    if not to_float(depth) >= 0:
        message = f"flatten depth should not be negative: {preview(to_float(depth))}"
        raise FilterError(message)
    return _flat(values, to_float(depth), budget)


def _flat(values: list[Any], depth: float, budget: Budget) -> list[object]:
    flat: list[object] = []
    for each in values:
        budget.spend(1)
        if isinstance(each, list) and depth != 0:
            flat += _flat(each, depth - 1, budget)
        else:
            flat.append(each)
    return flat


def _positions(name: str, value: object, wanted: object, budget: Budget) -> list[object] | None:
    if value is None:
        return None
    if isinstance(value, list):
        return positions(value, wanted if isinstance(wanted, list) else [wanted], budget)
    if not isinstance(value, str) or not isinstance(wanted, str):
        raise refused(name, value, wanted)
    found: list[object] = []
    at = value.find(wanted) if wanted else -1
    while at >= 0:
        budget.spend(1)
        found.append(at)
        at = value.find(wanted, at + 1)
    return found


@native("indices", 1)
def _indices(value: object, wanted: object, budget: Budget) -> object:
    return _positions("indices", value, wanted, budget)


@native("index", 1)
def _index(value: object, wanted: object, budget: Budget) -> object:
    found = _positions("index", value, wanted, budget)
    return found[0] if found else None


@native("rindex", 1)
def _rindex(value: object, wanted: object, budget: Budget) -> object:
    found = _positions("rindex", value, wanted, budget)
    return found[-1] if found else None


def _keyed(name: str, value: object, keys: object) -> list[tuple[Any, Any]]:
    """Return the elements of an array with the keys that were found for them."""
    if not isinstance(value, list) or not isinstance(keys, list):
        raise refused(name, value, keys) if name.endswith("_by") else refused(name, value)
    if len(value) != len(keys):
        raise failed(name, value, "length mismatch", keys)
    return list(zip(keys, value, strict=True))


def _sorted(name: str, value: object, keys: object, budget: Budget) -> list[tuple[Any, Any]]:
    order = cmp_to_key(lambda left, right: compare(left, right, budget))
    return sorted(_keyed(name, value, keys), key=lambda pair: order(pair[0]))


def _groups(name: str, value: object, keys: object, budget: Budget) -> list[list[object]]:
    groups: list[list[object]] = []
    last: object = None
    for key, each in _sorted(name, value, keys, budget):
        if groups and compare(last, key, budget) == 0:
            groups[-1].append(each)
        else:
            groups.append([each])
        last = key
    return groups


def _least(name: str, value: object, keys: object, budget: Budget) -> object:
    """Return the first element of the least key."""
    pairs = _keyed(name, value, keys)
    return reduce(lambda one, other: other if compare(one[0], other[0], budget) > 0 else one, pairs)[1]


def _greatest(name: str, value: object, keys: object, budget: Budget) -> object:
    """Return the last element of the greatest key."""
    pairs = _keyed(name, value, keys)
    return reduce(lambda one, other: one if compare(one[0], other[0], budget) > 0 else other, pairs)[1]


def _extreme(name: str, value: object, keys: object, budget: Budget) -> object:
    if not _keyed(name, value, keys):
        return None
    return (_least if name.startswith("min") else _greatest)(name, value, keys, budget)


@native("min")
def _min(value: object, budget: Budget) -> object:
    return _extreme("min", value, value, budget)


@native("_min_by", 1)
def _min_by(value: object, keys: object, budget: Budget) -> object:
    return _extreme("min_by", value, keys, budget)


@native("max")
def _max(value: object, budget: Budget) -> object:
    return _extreme("max", value, value, budget)


@native("_max_by", 1)
def _max_by(value: object, keys: object, budget: Budget) -> object:
    return _extreme("max_by", value, keys, budget)


@native("sort")
def _sort(value: object, budget: Budget) -> object:
    return [each for _, each in _sorted("sort", value, value, budget)]


@native("_sort_by", 1)
def _sort_by(value: object, keys: object, budget: Budget) -> object:
    return [each for _, each in _sorted("sort_by", value, keys, budget)]


@native("_group_by", 1)
def _group_by(value: object, keys: object, budget: Budget) -> object:
    return _groups("group_by", value, keys, budget)


@native("unique")
def _unique(value: object, budget: Budget) -> object:
    return [group[0] for group in _groups("unique", value, value, budget)]


@native("_unique_by", 1)
def _unique_by(value: object, keys: object, budget: Budget) -> object:
    return [group[0] for group in _groups("unique_by", value, keys, budget)]


@native("transpose")
def _transpose(value: object, budget: Budget) -> object:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise refused("transpose", value)
    width = max(map(len, value), default=0)
    budget.spend(width * len(value))
    return [[row[at] if at < len(row) else None for row in value] for at in range(width)]


@native("bsearch", 1)
def _bsearch(value: object, wanted: object, budget: Budget) -> int:
    if not isinstance(value, list):
        raise refused("bsearch", value, wanted)
    low, high = 0, len(value)
    while low < high:
        middle = (low + high) // 2
        if compare(value[middle], wanted, budget) < 0:
            low = middle + 1
        else:
            high = middle
    return low if low < len(value) and compare(value[low], wanted, budget) == 0 else -low - 1
