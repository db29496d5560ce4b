"""``sprig``'s functions on maps. ``set``, ``unset`` and ``merge`` change the map they are given.

Source: Masterminds/sprig v3.3.0, dict.go; dario.cat/mergo v1.0.1.
"""

from __future__ import annotations

from pinnace.language.functions.registry import sprig
from pinnace.language.functions.sprig_logic import is_empty
from pinnace.language.functions.sprig_strings import to_string
from pinnace.language.operators import type_name
from pinnace.language.values import Failure, Slice, Strings, TypedMap

_Map = dict[str, object]

sprig("func(map[string]any, string) any", "get")(lambda values, key: values.get(key, ""))
sprig("func(map[string]any, string) bool", "hasKey")(lambda values, key: key in values)


@sprig("func(map[string]any, string, any) map[string]any", "set")
def set_(values: _Map, key: str, value: object) -> _Map:
    """Return the map, in which ``key`` now means ``value``."""
    values[key] = value
    return values


@sprig("func(map[string]any, string) map[string]any", "unset")
def unset(values: _Map, key: str) -> _Map:
    """Return the map, which now lacks ``key``."""
    values.pop(key, None)
    return values


@sprig("func(...any) map[string]any", "dict")
def dict_(*values: object) -> _Map:
    """Return the map of keys and values in turn; a last key alone means the empty string."""
    padded = [*values, ""] if len(values) % 2 else values
    return {to_string(padded[at]): padded[at + 1] for at in range(0, len(padded), 2)}


@sprig("func(...map[string]any) []string", "keys")
def keys(*maps: _Map) -> Strings:
    """Return the keys of all the maps, those of each sorted."""
    return Strings(key for values in maps for key in sorted(values))


@sprig("func(map[string]any) []any", "values")
def values_(values: _Map) -> list[object]:
    """Return the values, in the order of the sorted keys."""
    return [values[key] for key in sorted(values)]


@sprig("func(string, ...map[string]any) []any", "pluck")
def pluck(key: str, *maps: _Map) -> list[object]:
    """Return the values of ``key`` in the maps that have it."""
    return [values[key] for values in maps if key in values]


@sprig("func(map[string]any, ...string) map[string]any", "pick")
def pick(values: _Map, *names: str) -> _Map:
    """Return the map of only these keys."""
    return {name: values[name] for name in names if name in values}


@sprig("func(map[string]any, ...string) map[string]any", "omit")
def omit(values: _Map, *names: str) -> _Map:
    """Return the map without these keys."""
    return {key: value for key, value in values.items() if key not in names}


@sprig("func(...any) any", "dig")
def dig(*arguments: object) -> object:
    """Return what is found by following keys into the map that comes last, or the default before it."""
    if len(arguments) < 3:
        message = "dig needs at least three arguments"
        raise Failure(message)
    *path, default, current = arguments
    if not all(isinstance(key, str) for key in path):
        message = "interface conversion: a key of dig is not string"
        raise Failure(message)
    for key in path:
        if type(current) is not dict:
            message = (
                f"interface conversion: interface {{}} is {type_name(current)}, not map[string]interface {{}}"
            )
            raise Failure(message)
        if key not in current:
            return default
        current = current[key]
    return current


@sprig("func(map[string]any, ...map[string]any) any", "merge", "mustMerge")
def merge(target: _Map, *sources: _Map) -> _Map:
    """Return ``target`` with what the sources add to it; its own win unless empty; nil adds nothing."""
    for source in sources:
        _merge_into(target, source, overwrite=False)
    return target


@sprig("func(map[string]any, ...map[string]any) any", "mergeOverwrite", "mustMergeOverwrite")
def merge_overwrite(target: _Map, *sources: _Map) -> _Map:
    """Return ``target`` with what the sources say; their values win."""
    for source in sources:
        _merge_into(target, source, overwrite=True)
    return target


def _merge_into(target: _Map, source: _Map, *, overwrite: bool) -> None:
    # A copy, because a map may contain the one that it is merged into.
    for key, value in list(source.items()):
        ours = target.get(key)
        if type(ours) is dict and type(value) is dict:
            _merge_into(ours, value, overwrite=overwrite)
            is_kept = bool(ours)
        else:
            is_kept = not overwrite and (value is None or not is_empty(ours))
        if not is_kept:
            target[key] = value


@sprig("func(any) any", "deepCopy", "mustDeepCopy")
def deep_copy(value: object) -> object:
    """Return a copy of which no part is shared. Of nil itself there is none."""
    if value is None:
        message = "reflect: call of reflect.Value.Type on zero Value"
        raise Failure(message)
    return _copied(value)


def _copied(value: object) -> object:
    if isinstance(value, list):
        items = [_copied(each) for each in value]
        return type(value)(items) if isinstance(value, Slice) else items
    if isinstance(value, dict):
        pairs = {key: _copied(each) for key, each in value.items()}
        return type(value)(pairs) if isinstance(value, TypedMap) else pairs
    return value
