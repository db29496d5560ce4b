"""What ``@name`` and ``@name:argument`` of a gjson path make of a value.

``@pretty`` leaves a value as it is written: nothing reads its blanks. ``@dig`` is in ``gjson``.
Source: tidwall/gjson v1.19.0, the mod functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain

from pinnace.language.gjson_text import (
    BLANKS,
    QUOTED,
    as_text,
    is_json,
    is_true,
    leaves,
    members,
    parse,
    quoted,
    unquoted,
    values,
)

_BLANK = re.compile(rf"({QUOTED})|[{BLANKS}]+", re.DOTALL)


def listed(each: Iterable[str]) -> str:
    """Return values as a list."""
    return f"[{','.join(each)}]"


def grouped(each: Iterable[tuple[str, str]]) -> str:
    """Return members, each a key in its quotes and a value, as an object."""
    return f"{{{','.join(f'{key}:{value}' for key, value in each)}}}"


def _ugly(text: str, _argument: str) -> str:
    return _BLANK.sub(r"\1", text)


def _reverse(text: str, _argument: str) -> str:
    value = parse(text)
    if value.startswith("["):
        return listed(reversed([*values(value)]))
    return grouped(reversed([*members(value)])) if value.startswith("{") else text


def _flatten(text: str, argument: str) -> str:
    if not parse(text).startswith("["):
        return text
    if _is_set(argument, "deep"):
        return listed(leaves(text))
    lists = (values(each) if each.startswith("[") else (each,) for each in values(parse(text)))
    return listed(chain.from_iterable(lists))


def _keys(text: str, _argument: str) -> str:
    value = parse(text)
    if value.startswith("{"):
        return listed(key for key, _ in members(value))
    if value.startswith("["):
        return listed("null" for _ in values(value))
    return "[null]" if value else "[]"


def _values(text: str, _argument: str) -> str:
    value = parse(text)
    if value.startswith("["):
        return text
    return listed(each for _, each in members(value)) if value.startswith("{") else f"[{value}]"


def _join(text: str, argument: str) -> str:
    value = parse(text)
    if not value.startswith("["):
        return text
    objects = [each for each in values(value) if each.startswith("{")]
    if _is_set(argument, "preserve"):
        return f"{{{','.join(each[1:-1] for each in objects)}}}"
    joined: dict[str, tuple[str, str]] = {}
    for key, value in chain.from_iterable(map(members, objects)):
        name = unquoted(key)
        joined[name] = (joined[name][0] if name in joined else key, value)
    return grouped(joined.values())


def _valid(text: str, _argument: str) -> str:
    return text if is_json(text) else ""


def _from_text(text: str, _argument: str) -> str:
    return as_text(parse(text)) if is_json(text) else ""


def _group(text: str, _argument: str) -> str:
    value = parse(text)
    if not value.startswith("{"):
        return ""
    groups: list[list[tuple[str, str]]] = []
    for key, each in members(value):
        for number, element in enumerate(values(each) if each.startswith("[") else ()):
            if number == len(groups):
                groups.append([])
            groups[number].append((key, element))
    return listed(map(grouped, groups))


def _is_set(argument: str, name: str) -> bool:
    """Return whether an argument, an object, says that ``name`` is so."""
    value = parse(argument)
    found = [each for key, each in members(value) if unquoted(key) == name] if value.startswith("{") else []
    return bool(found) and is_true(found[-1])


#: Modifiers by name: from a value's text and the argument's to the text of the result.
MODIFIERS: dict[str, Callable[[str, str], str]] = {
    "flatten": _flatten,
    "fromstr": _from_text,
    "group": _group,
    "join": _join,
    "keys": _keys,
    "pretty": lambda text, _: text,
    "reverse": _reverse,
    "this": lambda text, _: text,
    "tostr": lambda text, _: quoted(text),
    "ugly": _ugly,
    "valid": _valid,
    "values": _values,
}
