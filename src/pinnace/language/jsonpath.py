"""JSONPath, in the dialect of the library that Argo's ``jsonpath()`` uses.

A path without wildcards yields the value itself, and a missing key is an error; wildcards, ranges, unions,
filters and ``..`` yield a list, from which what is missing is left out.
Source: evilmonkeyinc/jsonpath v0.8.1, token/token.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinnace.language.jsonpath_scripts import compile_script
from pinnace.language.jsonpath_steps import (
    Current,
    Filter,
    Index,
    Key,
    Length,
    Query,
    Range,
    Recursive,
    Root,
    Script,
    Step,
    Union,
    Wildcard,
)
from pinnace.language.values import Failure

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
#: A written argument of a subscript: an index, a quoted key or a script; and ``:`` and ``,`` between them.
_Argument = int | str | None
_LONGEST = 10_000


def query(path: str, document: object) -> object:
    """Return what ``path`` selects of ``document``.

    Raises:
        Failure: the path cannot be read, or a key or index on it does not exist.
    """
    steps = compile_path(path)
    return Query(document).follow(document, steps)


@lru_cache(maxsize=512)
def compile_path(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        Failure: it cannot be read.
    """
    if len(path) > _LONGEST:
        message = "invalid JSONPath selector: it is too long"
        raise Failure(message)
    return tuple(_step(token) for token in _tokenize(path))


def _invalid(token: str) -> Failure:
    return Failure(
        f"invalid JSONPath selector: invalid token. {token[:80]!r} does not match any token format"
    )


def _tokenize(path: str) -> list[str]:
    """Return the parts of a path: ``$``, names, ``..`` and subscripts with their brackets."""
    if path[:1] not in {"$", "@"} or path[1:2] not in {"", ".", "["}:
        message = f"invalid JSONPath selector '{path[:80]}': unexpected token"
        raise Failure(message)
    return [path[0], *_Tokenizer(path[1:]).tokens]


class _Tokenizer:
    """The cutting of a path into tokens, character by character."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.piece = ""
        self.quotes = 0
        self.round = 0
        self.square = 0
        for character in text:
            self.take(character)
        if self.piece:
            self.tokens.append(self.piece.removeprefix("."))

    def take(self, character: str) -> None:
        if not self.piece:
            self.quotes = self.round = 0
        self.quotes += character == "'"
        self.round += (character == "(") - (character == ")")
        self.square += (character == "[") - (character == "]")
        self.piece += character
        if self.piece == ".":
            return
        if self.piece == "..":
            self.emit(self.piece)
        elif character == "[":
            self.open()
        elif "[" in self.piece:
            if self.quotes % 2 == 0 and self.round == 0 and character == "]" and self.square == 0:
                self.emit(self.piece.removeprefix("."))
        elif character == "." and self.quotes % 2 == 0 and self.round == 0:
            self.emit(self.piece[:-1].removeprefix("."))
            self.piece = "."

    def open(self) -> None:
        """End the name before a bracket that begins a subscript; one in a subscript is part of it."""
        if self.piece not in {"[", ".["} and self.piece.count("[") == 1:
            self.emit(self.piece[:-1].removeprefix("."))
            self.piece = "["

    def emit(self, token: str) -> None:
        self.tokens.append(token)
        self.piece = ""


_PLAIN: dict[str, Step] = {
    "$": Root(),
    "@": Current(),
    "*": Wildcard(),
    "..": Recursive(),
    "length": Length(),
}


def _step(token: str) -> Step:
    text = token.strip()
    if not text:
        message = "invalid JSONPath selector: token string is empty"
        raise Failure(message)
    if text in _PLAIN:
        return _PLAIN[text]
    if not text.startswith("["):
        return Key(text)
    subscript = text[1:-1].strip()
    if not text.endswith("]") or not subscript:
        raise _invalid(text)
    if subscript == "*":
        return Wildcard()
    if subscript.startswith("?"):
        if not (subscript.startswith("?(") and subscript.endswith(")")):
            raise _invalid(text)
        return Filter(_script(subscript[2:-1].strip()))
    return _subscript(text, _Arguments(text, subscript).found)


def _script(text: str) -> Script:
    return compile_script(text, compile_path)


def _is_key(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\""


def _is_script(text: str) -> bool:
    return len(text) > 2 and text.startswith("(") and text.endswith(")")


class _Arguments:
    """The arguments in a subscript, with the ``:`` and ``,`` between them as strings."""

    def __init__(self, token: str, subscript: str) -> None:
        self.token = token
        self.found: list[_Argument] = []
        self.buffer = ""
        self.depth = 0
        self.quote = ""
        for index, character in enumerate(subscript):
            self.buffer += character
            self.take(index, character)
        if self.buffer:
            self.found.append(_number(self.buffer))

    def take(self, index: int, character: str) -> None:
        if character in "'\"":
            self.take_quote(character)
        elif character == ")":
            self.depth -= 1
            if self.depth == 0:
                self.take_script()
        elif not self.quote:
            if character == "(":
                self.depth += 1
            elif self.depth == 0 and character == " ":
                self.buffer = self.buffer.strip()
            elif self.depth == 0 and character in ":,":
                self.take_separator(index, character)

    def take_script(self) -> None:
        if not _is_script(self.buffer):
            raise _invalid(self.token)
        self.found.append(self.buffer)
        self.buffer = ""

    def take_quote(self, quote: str) -> None:
        if self.depth != 0 or (self.quote and self.quote != quote):
            return
        if self.buffer[-2:-1] == "\\":
            self.buffer = self.buffer[:-2] + quote
            return
        if not self.quote:
            if self.buffer != quote:
                raise _invalid(self.token)
            self.quote = quote
            return
        if not _is_key(self.buffer):
            raise _invalid(self.token)
        self.found.append(self.buffer)
        self.buffer = self.quote = ""

    def take_separator(self, index: int, separator: str) -> None:
        written = self.buffer[:-1]
        if written:
            number = _number(written)
            if separator == ":" and isinstance(number, str):
                raise _invalid(self.token)
            self.found.append(number)
        elif separator == ":" and index == 0:
            self.found.append(None)
        self.found.append(separator)
        self.buffer = ""


def _number(text: str) -> int | str:
    number = int(text) if _INTEGER.fullmatch(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else text


def _subscript(token: str, found: list[_Argument]) -> Step:
    if len(found) == 1:
        return _single(token, found[0])
    colons, commas = found.count(":"), found.count(",")
    arguments: list[_Argument] = []
    after_colon = False
    for each in found:
        if each == ":":
            if after_colon:
                arguments.append(None)
            after_colon = True
            continue
        if each != ",":
            arguments.append(each)
        after_colon = False
    if bool(colons) == bool(commas) or colons > 2:
        raise _invalid(token)
    if commas:
        if commas >= len(arguments):
            raise _invalid(token)
        return Union(tuple(_union_argument(token, each) for each in arguments))
    ends = [_range_argument(token, each) for each in arguments]
    return Range(*[*ends, None, None, None][:3])


def _single(token: str, argument: _Argument) -> Step:
    if isinstance(argument, int):
        return Index(argument)
    if argument is not None and _is_key(argument):
        return Key(argument[1:-1])
    if argument is not None and _is_script(argument):
        return _script(argument[1:-1])
    raise _invalid(token)


def _union_argument(token: str, argument: _Argument) -> int | str | Script:
    if isinstance(argument, int):
        return argument
    if argument is not None and _is_script(argument):
        return _script(argument[1:-1])
    if argument is not None and _is_key(argument):
        return argument[1:-1]
    raise _invalid(token)


def _range_argument(token: str, argument: _Argument) -> int | Script | None:
    if argument is None or isinstance(argument, int):
        return argument
    if not _is_script(argument):
        raise _invalid(token)
    return _script(argument[1:-1])
