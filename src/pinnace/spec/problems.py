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
#: How many known words a misspelt one is compared with.
_MOST_COMPARED = 100


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
    # Of very many words only the first of about the same length are compared: a manifest that is wrong a
    # thousand times is still refused at once.
    like = (name for name in known if abs(len(name) - len(word)) <= max(2, len(word) // 2))
    lowered = {name.lower(): name for name in itertools.islice(like, _MOST_COMPARED)}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"did you mean '{lowered[close[0]]}'?" if close else ""
