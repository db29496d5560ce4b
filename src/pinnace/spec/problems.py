"""What is wrong, or suspicious, in a manifest: readers and checks return it instead of raising."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable
from typing import Literal

import msgspec

#: Where something is inside a document: ``("spec", "templates", 0, "name")``.
Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]

#: So much of a manifest's word is repeated, in characters: a name can be as long as the manifest.
_LONGEST_WORD = 200
_LONG_WORD = re.compile(rf"(\S{{{_LONGEST_WORD}}})\S+")
#: How many known words are looked at, and with how many of them a misspelt one is compared.
_MOST_SEEN = 1000
_MOST_COMPARED = 100
#: How alike two words must be, as difflib measures it.
_LEAST_LIKENESS = 0.6


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong and where. ``line`` and ``column`` count from 1; 0 means "not known"."""

    code: str
    """A stable kebab-case word for the kind of problem."""
    message: str
    path: str = ""
    severity: Severity = "error"
    file: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    """What to write instead, as a sentence without its full stop; "" when there is nothing to say."""

    def __post_init__(self) -> None:
        """Cut what it repeats of the manifest to what people can read."""
        for name in ("message", "path", "hint"):
            text = getattr(self, name)
            if len(text) > _LONGEST_WORD:
                msgspec.structs.force_setattr(self, name, _LONG_WORD.sub(r"\1…", text))

    @property
    def is_error(self) -> bool:
        """Whether nothing may start while it is there."""
        return self.severity == "error"

    def __str__(self) -> str:
        """Return ``file:line:column: error[code]: path: message (hint)``, leaving out what is not known."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        start = f"{place}: " if place else ""
        where = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{start}{self.severity}[{self.code}]: {where}{self.message}{hint}"


def format_path(path: Path) -> str:
    """Return ``path`` as people write it: ``spec.templates[0].name``; odd keys are quoted."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key and all(letter.isalnum() or letter in "-_" for letter in key):
            text += f".{key}" if text else key
        else:
            text += f"[{key!r}]"
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the known word closest to ``word``, or "" when none is close."""
    # Of very many words only the first are compared, of about the same length and with enough letters in
    # common: a manifest that is wrong a thousand times is still refused at once.
    wanted = word.lower()
    letters = set(wanted)
    near = max(2, len(word) // 2)
    like = (name for name in itertools.islice(known, _MOST_SEEN) if abs(len(name) - len(word)) <= near)
    lowered = {name.lower(): name for name in itertools.islice(like, _MOST_COMPARED)}
    alike = [name for name in lowered if _likeness_at_most(wanted, letters, name) >= _LEAST_LIKENESS]
    close = difflib.get_close_matches(wanted, alike, n=1, cutoff=_LEAST_LIKENESS)
    return f"did you mean '{lowered[close[0]]}'?" if close else ""


def _likeness_at_most(word: str, letters: set[str], name: str) -> float:
    """Return what difflib's ratio of two words cannot exceed, given the letters of the first."""
    return 2 * (len(word) - len(letters.difference(name))) / max(1, len(word) + len(name))
