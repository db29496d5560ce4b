"""gjson's paths into JSON: ``items.#.name``, ``conditions.#(type=="Ready").status``, ``{a,b}``, ``a|@keys``.

The keys of conditions on resources are such paths; see ``resources``. Queries, wildcards, modifiers, pipes
and several paths at once work as in gjson, though a condition's key, a label, can hold none of their signs.
Source: tidwall/gjson v1.19.0, Get and SYNTAX.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from pinnace.language.errors import ExpressionError, shown
from pinnace.language.gjson_modifiers import MODIFIERS, grouped, listed
from pinnace.language.gjson_paths import (
    Part,
    Query,
    element_part,
    literal,
    member_part,
    modifier_call,
    parse_selectors,
    split_pipe,
)
from pinnace.language.gjson_queries import matches_pattern, meets
from pinnace.language.gjson_text import as_text, members, parse, unquoted, values

_INDEX = re.compile("[0-9]{1,18}", re.ASCII)
_MAX_WORK = 10_000_000


def text_at(document: str, path: str) -> str | None:
    """Return what lies at a path of a JSON text, as text: strings as they are, null as nothing.

    Returns:
        ``None`` if there is nothing.

    Raises:
        ExpressionError: it takes more than 10 million characters to read, or hundreds of levels.
    """
    try:
        value = _Reader().get(document, path)
    except RecursionError:
        raise _too_much(path) from None
    return as_text(value) if value else None


class _Reader:
    """Applies paths to values, and counts what that takes."""

    def __init__(self) -> None:
        self._work = 0

    def get(self, value: str, path: str) -> str:
        """Return what lies at a path of a value."""
        self.count(value, path)
        made = self._made(value, path) if len(path) > 1 else None
        if made is None:
            return self._found(value, path)
        result, rest = made
        return self.get(result, rest[1:]) if rest.startswith((".", "|")) else parse(result)

    def count(self, value: str, path: str) -> None:
        """Count that a value is read for a path."""
        self._work += len(value) + len(path)
        if self._work > _MAX_WORK:
            raise _too_much(path)

    def _found(self, value: str, path: str) -> str:
        walk = _Walk(self)
        if path.startswith(".."):
            walk.enter_list(_lines(value), path[2:])
        else:
            walk.enter(value.lstrip(), path)
        return walk.value if walk.pipe is None else self.get(walk.value, walk.pipe)

    def _made(self, value: str, path: str) -> tuple[str, str] | None:
        """Return what a modifier, a literal or several paths make, and the path after it."""
        if path[0] == "@":
            call = modifier_call(path)
            return None if call is None else (self._modified(value, call.name, call.argument), call.rest)
        if path[0] == "!":
            return literal(path)
        selected = parse_selectors(path) if path[0] in "[{" else None
        if selected is None or selected[1][:1] not in {"", ".", "|"}:
            return None
        found = [(each, result) for each in selected[0] if (result := self.get(value, each.path))]
        if path[0] == "[":
            return listed(result for _, result in found), selected[1]
        return grouped((each.key, result) for each, result in found), selected[1]

    def _modified(self, value: str, name: str, argument: str) -> str:
        return (
            listed(self._dug(parse(value), argument)) if name == "dig" else MODIFIERS[name](value, argument)
        )

    def _dug(self, value: str, path: str) -> Iterator[str]:
        """Yield what lies at a path of a value and of all values in it.

        Source: parseRecursiveDescent.
        """
        todo = [value]
        while todo:
            value = todo.pop()
            if found := self.get(value, path):
                yield found
            inside = [each for _, each in members(value)] if value.startswith("{") else []
            inside += values(value) if value.startswith("[") else ()
            todo += reversed(inside)


class _Walk:
    """Goes down one path through objects and lists.

    Attributes:
        value: what was found.
        pipe: the path to apply to it.
    """

    def __init__(self, reader: _Reader) -> None:
        self.value = ""
        self.pipe: str | None = None
        self._get = reader.get
        self._count = reader.count

    def enter(self, value: str, path: str) -> bool:
        """Look for a path in an object or a list; return whether the search is over."""
        self._count(value, path)
        if value.startswith("{"):
            return self._enter_object(value, path)
        return value.startswith("[") and self.enter_list(values(value), path)

    def _enter_object(self, value: str, path: str) -> bool:
        part = member_part(path)
        self._take_pipe(part)
        for key, each in members(value):
            name = unquoted(key)
            if not (matches_pattern(name, part.name) if part.is_pattern else name == part.name):
                continue
            if part.rest is None:
                self.value = each
                return True
            if self.enter(each, part.rest):
                return True
        return False

    def enter_list(self, elements: Iterable[str], path: str) -> bool:
        """Look for a path in the elements of a list; return whether the search is over.

        Source: parseArray.
        """
        part = element_part(path)
        self._take_pipe(part)
        if part.query is not None:
            return self._ask(elements, part, part.query)
        if "#" in part.name:
            return part.name == "#" and self._each(elements, part)
        if not _INDEX.fullmatch(part.name):
            return False
        element = next(islice(elements, int(part.name), None), "")
        if part.rest is not None:
            return self.enter(element, part.rest)
        self.value = element
        return bool(element)

    def _each(self, elements: Iterable[str], part: Part) -> bool:
        """Count the elements, or apply the rest of the path to each."""
        if part.rest is None:
            self.value = str(sum(1 for _ in elements))
            return True
        rest = self._without_pipe(part.rest)
        self.value = listed(found for each in elements if (found := self._get(each, rest)))
        return True

    def _ask(self, elements: Iterable[str], part: Part, query: Query) -> bool:
        """Take the elements that meet a query, or the first one, and apply the rest of the path to them."""
        rest, taken = part.rest, []
        for each in elements:
            if not self._meets(each, query):
                continue
            if rest is not None:
                rest = self._without_pipe(rest)
            result = each if rest is None else self._get(each, rest)
            if not query.is_for_all:
                self.value = result
                return True
            taken += [result] if result else []
        if query.is_for_all and not self.value:
            self.value = listed(taken)
        return False

    def _meets(self, element: str, query: Query) -> bool:
        if element.startswith(("{", "[")):
            return meets(self._get(element, query.path), query)
        return not query.path and meets(element, query)

    def _take_pipe(self, part: Part) -> None:
        if part.pipe is not None:
            self.pipe = part.pipe

    def _without_pipe(self, path: str) -> str:
        """Return a path up to its pipe, which is for the whole result."""
        path, pipe = split_pipe(path)
        if pipe is not None:
            self.pipe = pipe
        return path


def _too_much(path: str) -> ExpressionError:
    return ExpressionError("the path asks for too much", shown(path))


def _lines(value: str) -> Iterator[str]:
    """Yield the values of a text that holds one after the other."""
    return values(f"[{value}")
