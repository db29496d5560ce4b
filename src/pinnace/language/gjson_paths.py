"""The parts of a gjson path as they are written: names, indices, queries, selectors.

Nothing here looks at a document; ``gjson`` does.
Source: tidwall/gjson v1.19.0; the function is named at each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pinnace.language.gjson_modifiers import MODIFIERS
from pinnace.language.gjson_text import BLANKS, QUOTED, balanced, is_json, quoted, unquoted

_QUERY_TOKEN = re.compile(QUOTED + r"|\\.|[\[()\]]|[!=<>%]", re.DOTALL)
_SELECTOR_TOKEN = re.compile(QUOTED + r"|\\.|[.|]@|[\[({})\]]|[,:]", re.DOTALL)
_STEP = re.compile(r"\\.|[.|]", re.DOTALL)
_PIPED_TOKEN = re.compile(r"\\.|\.#.?|\|", re.DOTALL)
_COMPLEX = re.compile(r"[\x00-\x1f\[\]{}()#|!]")
_WILD = re.compile(r"(?:[^\\*?]|\\.)*[*?]", re.DOTALL)
_OPERATORS = ("==", "!=", "!%", "<=", ">=", "=", "<", ">", "%")


@dataclass(frozen=True, slots=True)
class Query:
    """What ``#(path operator value)`` asks of an element; without an operator, that there is something."""

    path: str = ""
    operator: str = ""
    value: str = ""
    is_for_all: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The first part of a path, and what follows it.

    Attributes:
        name: a member's name, an index, ``#``, or a query as it is written.
        rest: the path inside of what the part names, after ``.``; ``None`` if none follows.
        pipe: the path to apply to the result, after ``|``, or after ``.`` and before ``@``, ``[`` or ``{``.
        query: what it asks, if it is a query.
        is_pattern: ``name`` is a pattern of a member's name.
    """

    name: str
    rest: str | None = None
    pipe: str | None = None
    query: Query | None = None
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Selector:
    """One of the paths of ``{name:path,…}`` or ``[path,…]``, and the key of its result, in quotes."""

    key: str
    path: str


@dataclass(frozen=True, slots=True)
class ModifierCall:
    """``@name:argument``, and the path after it."""

    name: str
    argument: str
    rest: str


def member_part(path: str) -> Part:
    r"""Return the first part of a path that is applied to an object; ``\`` takes the meaning off a sign.

    Source: parseObjectPath.
    """
    stop = next((each for each in _STEP.finditer(path) if each[0] in {".", "|"}), None)
    written = path if stop is None else path[: stop.start()]
    name = re.sub(r"\\(.?)", r"\1", written, flags=re.DOTALL)
    part = Part(name) if stop is None else _followed(name, stop, is_each=False)
    return replace(part, is_pattern=_WILD.match(written) is not None)


def element_part(path: str) -> Part:
    """Return the first part of a path that is applied to an array.

    Source: parseArrayPath.
    """
    query, start = None, 0
    if path.startswith(("#(", "#[")):
        query, start = parse_query(path)
        if start < 0:
            return Part(path, query=query)
        query = replace(query, is_for_all=path[start : start + 1] == "#")
    stop = re.compile(r"[.|]").search(path, start)
    if stop is None:
        return Part(path, query=query)
    name = path[: stop.start()]
    return replace(_followed(name, stop, is_each="#" in name), query=query)


def _followed(name: str, stop: re.Match[str], *, is_each: bool) -> Part:
    """Return a part and what follows its ``.`` or ``|``; after ``#`` a modifier is meant for each element."""
    rest = stop.string[stop.end() :]
    if stop[0] == "|" or (not is_each and _is_piped(rest)):
        return Part(name, pipe=rest)
    return Part(name, rest=rest)


def _is_piped(path: str) -> bool:
    if path.startswith("@"):
        return _is_modifier(_cut(path[1:], "[:|.]")[0])
    return path.startswith(("[", "{"))


def parse_query(path: str) -> tuple[Query, int]:
    """Return the query that a path begins with and where it ends, or -1 if it does not; then it asks nothing.

    Source: parseQuery.
    """
    depth, operator_at = 1, 0
    for token in _QUERY_TOKEN.finditer(path, 2):
        if token[0] in {"[", "("}:
            depth += 1
        elif token[0] in {"]", ")"}:
            depth -= 1
            if depth == 0:
                at = token.start()
                subject = path[2 : operator_at or at].strip(BLANKS)
                operator, value = _compared(path[operator_at:at].strip(BLANKS)) if operator_at else ("", "")
                return Query(subject, operator, value), token.end()
        elif depth == 1 and not operator_at and token[0] in "!=<>%":
            operator_at = token.start()
    return Query(), -1


def _compared(text: str) -> tuple[str, str]:
    """Return the operator and the value, unquoted, of what follows a query's path."""
    operator = text if len(text) == 1 else next((each for each in _OPERATORS if text.startswith(each)), "")
    value = text[len(operator) :].strip(BLANKS)
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = unquoted(value)
    return "=" if operator == "==" else operator, value


def parse_selectors(path: str) -> tuple[list[Selector], str] | None:
    """Return the selectors that a path begins with and the path after them; ``None`` if they are not closed.

    Source: parseSubSelectors.
    """
    selectors: list[Selector] = []
    depth, start, colon, has_modifier = 1, 1, 0, False
    for token in _SELECTOR_TOKEN.finditer(path, 1):
        at, sign = token.start(), token[0]
        if sign in {"[", "(", "{"}:
            depth += 1
        elif sign in {"]", ")", "}"}:
            depth -= 1
        elif sign == ":" and depth == 1 and not colon and not has_modifier:
            colon = at
        has_modifier |= sign in {".@", "|@"}
        if depth == 0 or (sign == "," and depth == 1):
            selectors.append(_selector(path[start:at], colon - start if colon else -1))
            colon, start, has_modifier = 0, at + 1, False
        if depth == 0:
            return selectors, path[at + 1 :]
    return None


def _selector(text: str, colon: int) -> Selector:
    if colon < 0:
        last = re.split(r"(?<!\\)[.|]", text)[-1]
        return Selector(quoted("_" if _COMPLEX.search(last) else last), text)
    name = text[:colon]
    return Selector(name if name.startswith('"') and is_json(name) else quoted(name), text[colon + 1 :])


def modifier_call(path: str) -> ModifierCall | None:
    """Return the modifier that a path begins with; ``None`` if there is none of that name.

    Source: execModifier.
    """
    name, sign, rest = _cut(path[1:], "[:|.]")
    if not _is_modifier(name):
        return None
    if sign != ":":
        return ModifierCall(name, "", sign + rest)
    end = balanced(rest) if rest.startswith(("{", "[", '"')) else _argument_end(rest)
    return ModifierCall(name, rest[:end], rest[end:])


def _is_modifier(name: str) -> bool:
    return name in MODIFIERS or name == "dig"


def _argument_end(text: str) -> int:
    """Return where an argument that is no JSON ends: at a ``|`` outside of brackets and quotes."""
    at = 0
    while (token := re.compile(r'[{\["(|]').search(text, at)) is not None:
        if token[0] == "|":
            return token.start()
        at = balanced(text, token.start())
    return len(text)


def literal(path: str) -> tuple[str, str] | None:
    """Return the JSON that a path begins with after ``!``, and the path after it; ``None`` if there is none.

    Source: execStatic.
    """
    text = path[1:]
    if text.startswith(("{", "[", '"', "+", "-")) or text[:1].isdigit():
        end = balanced(f"[{text[1:]}")
        return text[:end], text[end:]
    name, sign, rest = _cut(text, "[|.]")
    return (name, sign + rest) if name.lower() in {"true", "false", "null", "nan", "inf"} else None


def _cut(text: str, pattern: str) -> tuple[str, str, str]:
    """Return what is before the first sign of a pattern, the sign, and what is after it."""
    found = re.search(pattern, text)
    return (text, "", "") if found is None else (text[: found.start()], found[0], text[found.end() :])


def split_pipe(path: str) -> tuple[str, str | None]:
    """Return a path up to its first ``|`` outside of queries, and the path after it, if there is one.

    Source: splitPossiblePipe.
    """
    if path.startswith("{"):
        end = balanced(path)
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == "|" else (path, None)
    at = 0
    while (token := _PIPED_TOKEN.search(path, at)) is not None:
        at = token.end()
        if token[0] == "|":
            return path[: token.start()], path[at:]
        if token[0] in {".#(", ".#["}:
            at = balanced(path, at - 1)
    return path, None
