"""``sprig``'s functions on strings. Arguments are in the order of templates: the subject comes last.

Positions are bytes, as in Go. Source: Masterminds/sprig v3.3.0, strings.go; goutils v1.1.1.
"""

from __future__ import annotations

import unicodedata

from pinnace.language.functions import strings
from pinnace.language.functions.arguments import WHITE_SPACE
from pinnace.language.functions.registry import sprig
from pinnace.language.functions.words import pascal_case, separated_case
from pinnace.language.goformat import format_value, quote
from pinnace.language.values import Failure, StringMap, Strings, bounded, check_size, decode, encode

sprig("func(string) string", "trim")(strings.trim)
sprig("func(string) string", "upper")(strings.upper)
sprig("func(string) string", "lower")(strings.lower)
sprig("func(int, string) string", "repeat")(lambda count, value: strings.repeat_string(value, count))
sprig("func(string, string) string", "trimAll", "trimall")(lambda cutset, value: value.strip(cutset))
sprig("func(string, string) string", "trimPrefix")(lambda prefix, value: value.removeprefix(prefix))
sprig("func(string, string) string", "trimSuffix")(lambda suffix, value: value.removesuffix(suffix))
sprig("func(string, string) bool", "contains")(lambda part, value: part in value)
sprig("func(string, string) bool", "hasPrefix")(lambda prefix, value: value.startswith(prefix))
sprig("func(string, string) bool", "hasSuffix")(lambda suffix, value: value.endswith(suffix))
sprig("func(string, string) []string", "splitList")(lambda glue, value: strings.split_string(value, glue))
sprig("func(string, string, string) string", "replace")(
    lambda old, new, value: strings.replace_string(value, old, new)
)
sprig("func(string, string, int) string", "plural")(lambda one, many, count: one if count == 1 else many)
sprig("func() string", "hello")(lambda: "Hello!")
sprig("func(string) string", "camelcase")(pascal_case)
sprig("func(string) string", "snakecase")(lambda value: separated_case(value, "_"))
sprig("func(string) string", "kebabcase")(lambda value: separated_case(value, "-"))


def to_string(value: object) -> str:
    """Return ``value`` as a string: bytes as their text, anything else by Go's ``%v``."""
    return decode(value) if isinstance(value, bytes) else format_value(value)


sprig("func(any) string", "toString")(to_string)


@sprig("func(any) []string", "toStrings")
def to_strings(value: object) -> Strings:
    """Return a list as strings, without nils; another value as a list of it alone."""
    if isinstance(value, Strings):
        return value
    if isinstance(value, (list, bytes)):
        return Strings(to_string(each) for each in value if each is not None)
    return Strings() if value is None else Strings([to_string(value)])


@sprig("func(string, any) string", "join")
def join(glue: str, values: object) -> str:
    """Return the elements as strings with ``glue`` between them."""
    parts = to_strings(values)
    check_size(len(glue) * len(parts))
    return bounded(glue.join(str(part) for part in parts))


@sprig("func(...any) string", "quote")
def quoted(*values: object) -> str:
    """Return the values in double quotes, with blanks between; nils are left out."""
    return " ".join(quote(to_string(value)) for value in values if value is not None)


@sprig("func(...any) string", "squote")
def single_quoted(*values: object) -> str:
    """Return the values in single quotes, with blanks between; nils are left out."""
    return " ".join(f"'{format_value(value)}'" for value in values if value is not None)


@sprig("func(...any) string", "cat")
def cat(*values: object) -> str:
    """Return the values as strings, with blanks between; nils are left out."""
    return " ".join(format_value(value) for value in values if value is not None)


@sprig("func(int, string) string", "indent")
def indent(blanks: int, value: str) -> str:
    """Return the lines, each with blanks before it."""
    pad = strings.repeat_string(" ", blanks)
    return pad + strings.replace_string(value, "\n", f"\n{pad}")


sprig("func(int, string) string", "nindent")(lambda blanks, value: f"\n{indent(blanks, value)}")


@sprig("func(int, string) string", "trunc")
def trunc(count: int, value: str) -> str:
    """Return the first ``count`` bytes, or the last ones when it is negative."""
    raw = encode(value)
    if count < 0:
        return decode(raw[count:]) if len(raw) + count > 0 else value
    return decode(raw[:count])


@sprig("func(int, int, string) string", "substr")
def substr(start: int, end: int, value: str) -> str:
    """Return the bytes from ``start`` to ``end``; a negative end is open."""
    raw = encode(value)
    first = max(start, 0)
    last = len(raw) if start >= 0 and (end < 0 or end > len(raw)) else end
    if not first <= last <= len(raw):
        message = f"runtime error: slice bounds out of range [{first}:{last}]"
        raise Failure(message)
    return decode(raw[first:last])


@sprig("func(string, string) map[string]string", "split")
def split(separator: str, value: str) -> StringMap:
    """Return the parts between separators under ``_0``, ``_1`` and so on."""
    return _numbered(strings.split_string(value, separator))


@sprig("func(string, int, string) map[string]string", "splitn")
def splitn(separator: str, count: int, value: str) -> StringMap:
    """Return at most ``count`` parts under ``_0``, ``_1`` and so on."""
    return _numbered(strings.split_string(value, separator, count))


def _numbered(parts: Strings) -> StringMap:
    return StringMap((f"_{index}", part) for index, part in enumerate(parts))


@sprig("func(string) string", "title")
def title(value: str) -> str:
    """Return the string with the first letter of every word in upper case."""
    previous, pieces = " ", []
    for character in value:
        starts = not (previous.isalnum() or previous in "_'") if ord(previous) < 0x80 else previous.isspace()
        pieces.append(_titled(character) if starts and previous != "'" else character)
        previous = character
    return "".join(pieces)


def _titled(character: str) -> str:
    made = character.title()
    return made if len(made) == 1 else character


@sprig("func(string) string", "untitle")
def untitle(value: str) -> str:
    """Return the string with the first letter of every word in lower case."""
    previous, pieces = " ", []
    for character in value:
        pieces.append(strings.lower(character) if previous.isspace() else character)
        previous = character
    return "".join(pieces)


@sprig("func(string) string", "swapcase")
def swapcase(value: str) -> str:
    """Return the string with the case of its letters swapped; the first of a word becomes title case."""
    blank, pieces = True, []
    for character in value:
        if character.isupper() or unicodedata.category(character) == "Lt":
            pieces.append(strings.lower(character))
            blank = False
        elif character.islower():
            pieces.append(_titled(character) if blank else strings.upper(character))
            blank = False
        else:
            pieces.append(character)
            blank = character in WHITE_SPACE
    return "".join(pieces)


@sprig("func(string) string", "initials")
def initials(value: str) -> str:
    """Return the first byte of every word."""
    raw = encode(value).decode("latin-1")
    words = [word for word in raw.translate(_BLANKS).split(" ") if word]
    return "".join(word[0] for word in words)


_BLANKS = {ord(blank): " " for blank in WHITE_SPACE}


@sprig("func(string) string", "nospace")
def nospace(value: str) -> str:
    """Return the string without white space."""
    return "".join(character for character in value if character not in WHITE_SPACE)


@sprig("func(int, string) string", "abbrev")
def abbrev(width: int, value: str) -> str:
    """Return at most ``width`` bytes of the string, ``...`` at the end when it is longer."""
    return value if width < 4 else _abbreviated(value, 0, width)


@sprig("func(int, int, string) string", "abbrevboth")
def abbrevboth(left: int, width: int, value: str) -> str:
    """Return ``width`` bytes of the string from ``left`` on, ``...`` where something is missing."""
    return value if width < 4 or (left > 0 and width < 7) else _abbreviated(value, left, width)


def _abbreviated(value: str, offset: int, width: int) -> str:
    raw = encode(value)
    size = len(raw)
    if size <= width:
        return value
    offset = min(offset, size)
    if size - offset < width - 3:
        offset = size - (width - 3)
    if offset <= 4:
        return f"{decode(raw[: width - 3])}..."
    if width < 7:
        return ""
    if offset + width - 3 < size:
        return f"...{_abbreviated(decode(raw[offset:]), 0, width - 3)}"
    return f"...{decode(raw[size - (width - 3) :])}"


sprig("func(int, string) string", "wrap")(lambda width, value: wrapped(value, width, "\n", long_words=False))
sprig("func(int, string, string) string", "wrapWith")(
    lambda width, newline, value: wrapped(value, width, newline or "\n", long_words=True)
)


def wrapped(value: str, width: int, newline: str, *, long_words: bool) -> str:
    """Return the string broken at blanks into lines of ``width`` bytes; long words too if asked for."""
    raw, pieces, at = encode(value), [], 0
    width = max(width, 1)
    check_size(len(raw) // width * len(newline))
    while len(raw) - at > width:
        if raw[at : at + 1] == b" ":
            at += 1
            continue
        blank = raw.rfind(b" ", at, at + width + 1)
        if blank < 0 and long_words:
            pieces.append(decode(raw[at : at + width]))
            at += width
            continue
        if blank < 0:
            blank = raw.find(b" ", at + width)
        if blank < 0:
            break
        pieces.append(decode(raw[at:blank]))
        at = blank + 1
    return newline.join([*pieces, decode(raw[at:])])
