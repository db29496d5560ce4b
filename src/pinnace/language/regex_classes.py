"""The character classes of RE2, as ranges of code points.

Source: Go regexp/syntax/perl_groups.go; Unicode.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache

#: Pairs of a first and a last code point.
Ranges = tuple[tuple[int, int], ...]


def _ranges(*texts: str) -> Ranges:
    """Return the ranges written as ``a-z`` or as single characters."""
    return tuple((ord(text[0]), ord(text[-1])) for text in texts)


def inverted(ranges: Ranges) -> Ranges:
    """Return every code point that is not in ``ranges``."""
    made: list[tuple[int, int]] = []
    at = 0
    for low, high in sorted(ranges):
        if low > at:
            made.append((at, low - 1))
        at = max(at, high + 1)
    if at <= sys.maxunicode:
        made.append((at, sys.maxunicode))
    return tuple(made)


_DIGIT, _LOWER, _UPPER = _ranges("0-9"), _ranges("a-z"), _ranges("A-Z")
_ALPHA, _WORD, _SPACE = _LOWER + _UPPER, _DIGIT + _LOWER + _UPPER + _ranges("_"), _ranges(*"\t\n\f\r ")

#: ``\\d`` and the like, which are ASCII.
PERL: dict[str, Ranges] = {
    "\\d": _DIGIT, "\\D": inverted(_DIGIT), "\\w": _WORD, "\\W": inverted(_WORD), "\\s": _SPACE,
    "\\S": inverted(_SPACE),
}  # fmt: skip
#: ``[:alpha:]`` and the like.
POSIX: dict[str, Ranges] = {
    "alnum": _DIGIT + _ALPHA, "alpha": _ALPHA, "ascii": ((0, 127),), "blank": _ranges("\t", " "),
    "cntrl": ((0, 31), (127, 127)), "digit": _DIGIT, "graph": _ranges("!-~"), "lower": _LOWER,
    "print": _ranges(" -~"), "punct": _ranges("!-/", ":-@", "[-`", "{-~"), "space": _ranges(*"\t\n\v\f\r "),
    "upper": _UPPER, "word": _WORD, "xdigit": _DIGIT + _ranges("A-F", "a-f"),
}  # fmt: skip

_CATEGORIES = frozenset(
    [
        "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
        "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So",
        "Z", "Zl", "Zp", "Zs",
    ]
)  # fmt: skip
#: Scripts, by how Unicode begins the names of their characters.
_SCRIPTS = {
    script: script.upper()
    for script in (
        "Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek",
        "Gujarati", "Hangul", "Hebrew", "Hiragana", "Katakana", "Khmer", "Latin", "Mongolian", "Tamil",
        "Telugu", "Thai", "Tibetan",
    )
} | {"Han": "CJK UNIFIED"}  # fmt: skip


@lru_cache(maxsize=64)
def unicode_class(name: str) -> Ranges | None:
    """Return the characters of a general category or a script, or ``None`` for an unknown name."""
    if name == "Any":
        return ((0, sys.maxunicode),)
    if name in _CATEGORIES:
        return _collected(tuple(unicodedata.category(chr(code)).startswith(name) for code in _CODES))
    if name in _SCRIPTS:
        begins = _SCRIPTS[name]
        return _collected(tuple(unicodedata.name(chr(code), "").startswith(begins) for code in _CODES))
    return None


_CODES = range(sys.maxunicode + 1)


def _collected(members: tuple[bool, ...]) -> Ranges:
    """Return the ranges of the code points that are members."""
    made: list[tuple[int, int]] = []
    start = None
    for code, member in enumerate((*members, False)):
        if member and start is None:
            start = code
        elif not member and start is not None:
            made.append((start, code - 1))
            start = None
    return tuple(made)
