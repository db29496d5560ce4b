"""Go's formatting of a whole number, as ``withSequence.format`` uses it."""

from __future__ import annotations

import re

_VERB = re.compile(r"%([-+# 0]*)([0-9]*)(.)?", re.DOTALL)
_DIRECT = {"d": "d", "v": "d", "x": "x", "X": "X", "o": "o"}
#: Widths beyond this are nobody's intention.
_WIDEST = 1000


def sprintf_integer(form: str, number: int) -> str:
    """Return Go's ``fmt.Sprintf(form, number)``; the number is used by the first verb alone.

    Source: Go fmt, verbs ``%d %v %x %X %o %b %c %q`` with flags and width; a verb that integers do not have
    gives Go's ``%!s(int=7)``.
    """
    used = False

    def verb(match: re.Match[str]) -> str:
        nonlocal used
        flags, width, letter = match[1], match[2], match[3]
        if letter is None:
            return "%!(NOVERB)"
        if letter == "%":
            return "%"
        if used:
            return f"%!{letter}(BADINDEX)" if letter.isdigit() else f"%!{letter}(MISSING)"
        used = True
        return _format(flags, min(int(width or 0), _WIDEST), letter, number)

    text = _VERB.sub(verb, form)
    return text if used else f"{text}%!(EXTRA int={number})"


def _format(flags: str, width: int, letter: str, number: int) -> str:
    if letter in _DIRECT:
        digits = format(abs(number), _DIRECT[letter])
        prefix = {"x": "0x", "X": "0X", "o": "0"}.get(letter, "") if "#" in flags else ""
    elif letter == "b":
        digits, prefix = format(abs(number), "b"), "0b" if "#" in flags else ""
    elif letter == "c":
        return _padded(chr(number) if 0 <= number <= 0x10FFFF else "\ufffd", flags, width)
    else:
        return f"%!{letter}(int={number})"
    sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if "0" in flags and "-" not in flags:
        digits = digits.rjust(width - len(sign) - len(prefix), "0")
    return _padded(f"{sign}{prefix}{digits}", flags, width)


def _padded(text: str, flags: str, width: int) -> str:
    return text.ljust(width) if "-" in flags else text.rjust(width)
