"""Text from manifests and tasks, made safe to show: nothing in it can move a cursor or hide a line.

Used by everything that prints names, messages or output.
"""

from __future__ import annotations

import re

#: Control characters, and the marks that reorder or hide what stands around them.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
#: Escape sequences: CSI (colours among them), OSC and other strings, and two-character ones.
_ESCAPES = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]?",
    re.DOTALL,
)
_CONTROL_IN_LINE = re.compile("[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff]")
_RESET = "\x1b[0m"


def clean(text: str) -> str:
    """Return ``text`` on one line: line ends and tabs become blanks, what else is unsafe a ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_shown, _ESCAPES.sub("", text))


def clean_output(line: str) -> str:
    """Return a line of a task's output for a terminal: colours and tabs stay, other controls go."""
    if "\x1b" not in line and "\x9b" not in line:
        return _CONTROL_IN_LINE.sub("", line)
    kept = _ESCAPES.sub(lambda match: match["colour"] or "", line)
    kept = _CONTROL_IN_LINE.sub("", kept)
    return kept + _RESET if "\x1b[" in kept else kept


def shorten(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` characters, its end replaced by ``…`` when it is longer."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def _shown(match: re.Match[str]) -> str:
    return " " if match[0] in "\n\r\t" else "?"
