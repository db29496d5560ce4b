"""The language's own functions on strings.

Source: expr-lang v1.17.8, builtin/builtin.go; Go strings.
"""

from __future__ import annotations

from pinnace.language.functions.arguments import WHITE_SPACE, text
from pinnace.language.functions.registry import builtin
from pinnace.language.operators import to_int, type_name
from pinnace.language.values import Failure, NilStrings, Strings, bounded, check_size, encode

_MOST_REPETITIONS = 1_000_000


@builtin("trim", "func(string) string", "func(string, string) string")
def trim(value: object, cutset: object = WHITE_SPACE) -> str:
    """Return the string without white space, or the characters of ``cutset``, around it."""
    return text(value).strip(text(cutset))


@builtin("trimPrefix", "func(string, string) string", "func(string) string")
def trim_prefix(value: object, prefix: object = " ") -> str:
    """Return the string without ``prefix`` before it."""
    return text(value).removeprefix(text(prefix))


@builtin("trimSuffix", "func(string, string) string", "func(string) string")
def trim_suffix(value: object, suffix: object = " ") -> str:
    """Return the string without ``suffix`` after it."""
    return text(value).removesuffix(text(suffix))


@builtin("upper", "func(string) string")
def upper(value: object) -> str:
    """Return the string in upper case, character by character."""
    given = text(value)
    return given.upper() if given.isascii() else "".join(map(_upper, given))


@builtin("lower", "func(string) string")
def lower(value: object) -> str:
    """Return the string in lower case, character by character."""
    given = text(value)
    return given.lower() if given.isascii() else "".join(map(_lower, given))


def _upper(character: str) -> str:
    made = character.upper()
    return made if len(made) == 1 else character


def _lower(character: str) -> str:
    return character.lower()[0]


@builtin("split", "func(string, string) []string", "func(string, string, int) []string")
def split(value: object, separator: object, count: object = -1) -> Strings:
    """Return the parts between separators; at most ``count`` unless negative; none for 0."""
    return split_string(text(value), text(separator), to_int(count))


@builtin("splitAfter", "func(string, string) []string", "func(string, string, int) []string")
def split_after(value: object, separator: object, count: object = -1) -> Strings:
    """Return the parts, each with the separator after it."""
    glue = text(separator)
    parts = split_string(text(value), glue, to_int(count))
    return Strings([*(f"{part}{glue}" for part in parts[:-1]), *parts[-1:]]) if parts else parts


def split_string(value: str, separator: str, count: int = -1) -> Strings:
    """Return Go's strings.SplitN: by characters when ``separator`` is empty."""
    if count == 0:
        return NilStrings()
    if separator:
        return Strings(value.split(separator, count - 1 if count > 0 else -1))
    if 0 < count < len(value):
        return Strings([*value[: count - 1], value[count - 1 :]])
    return Strings(value)


@builtin("replace", "func(string, string, string, int) string", "func(string, string, string) string")
def replace(value: object, old: object, new: object, count: object = -1) -> str:
    """Return the string with the first ``count`` occurrences of ``old`` replaced, all when negative."""
    return replace_string(text(value), text(old), text(new), to_int(count))


def replace_string(value: str, old: str, new: str, count: int = -1) -> str:
    """Return Go's strings.Replace, unless the result would be too long."""
    if len(new) > len(old):
        occurrences = value.count(old)
        check_size(len(value) + (min(occurrences, count) if count >= 0 else occurrences) * len(new))
    return value.replace(old, new, max(count, -1))


@builtin("repeat", "func(string, int) string", grows=True)
def repeat(value: object, count: object) -> str:
    """Return the string ``count`` times."""
    given, times = text(value), to_int(count)
    if times < 0:
        message = f"invalid argument for repeat (expected positive integer, got {times})"
        raise Failure(message)
    if times > _MOST_REPETITIONS or len(given) * times > _MOST_REPETITIONS:
        message = "memory budget exceeded"
        raise Failure(message)
    return given * times


def repeat_string(value: str, count: int) -> str:
    """Return ``value`` ``count`` times, unless that would be too long.

    Raises:
        Failure: ``count`` is negative, or the result too long.
    """
    if count < 0:
        message = "strings: negative Repeat count"
        raise Failure(message)
    check_size(len(value) * count)
    return value * count


@builtin(
    "join",
    "func([]string, string) string", "func([]any, string) string", "func([]any) string",
    "func([]string) string",
)  # fmt: skip
def join(values: object, glue: object = "") -> str:
    """Return the strings of a list with ``glue`` between them."""
    if not isinstance(values, list):
        message = f"invalid argument for join (type {type_name(values)})"
        raise Failure(message)
    return bounded(text(glue).join(map(text, values)))


@builtin("indexOf", "func(string, string) int")
def index_of(value: object, part: object) -> int:
    """Return the byte at which ``part`` first begins, or -1."""
    return encode(text(value)).find(encode(text(part)))


@builtin("lastIndexOf", "func(string, string) int")
def last_index_of(value: object, part: object) -> int:
    """Return the byte at which ``part`` last begins, or -1."""
    return encode(text(value)).rfind(encode(text(part)))


@builtin("hasPrefix", "func(string, string) bool")
def has_prefix(value: object, prefix: object) -> bool:
    """Return whether the string begins with ``prefix``."""
    return text(value).startswith(text(prefix))


@builtin("hasSuffix", "func(string, string) bool")
def has_suffix(value: object, suffix: object) -> bool:
    """Return whether the string ends with ``suffix``."""
    return text(value).endswith(text(suffix))
