"""The errors of the two languages in a manifest, and how values are shown in them.

PinnaceError
├── ExpressionError       an expression or condition cannot be read or evaluated; has a stage
│   └── TagError          the text around a tag is malformed
├── UnresolvedVariable    a tag names a variable that the scope does not have (yet); Argo waits for it
└── AbsentValue           a tag names an output that will never exist; nothing to wait for
"""

from __future__ import annotations

from typing import Literal

from pinnace.base.errors import PinnaceError

#: When an expression failed: reading its text, checking its types, or evaluating it.
Stage = Literal["parse", "compile", "run"]

#: Longest piece of a user's text or value that an error quotes, in characters.
SHOWN_CHARACTERS = 80


def shown(text: str) -> str:
    """Return ``text`` cut to what an error may quote of it."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


class ExpressionError(PinnaceError):
    """An expression or a condition cannot be read, checked or evaluated.

    Attributes:
        reason: what is wrong, without the expression around it.
        expression: the text as the user wrote it.
        position: index of the character where it is wrong; ``None`` when unknown.
        stage: when it failed; Argo never forgives ``parse``, and forgives the others in lenient passes.
    """

    def __init__(
        self, message: str, expression: str = "", position: int | None = None, stage: Stage = "run"
    ) -> None:
        self.reason = message
        self.expression = expression
        self.position = position
        self.stage: Stage = stage
        super().__init__(_with_excerpt(message, expression, position))


class TagError(ExpressionError):
    """A template text opens a tag that it never closes."""


class UnresolvedVariable(PinnaceError):
    """A tag that must resolve names a variable that the scope does not have.

    Argo tries such a node again later, because the variable may still come.
    """

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self.text = text
        where = f" in {shown(text)!r}" if text else ""
        super().__init__(
            f"failed to resolve {{{{{shown(name)}}}}}{where}",
            remedy="Check the name, and that the step or task that produces it runs before this one.",
        )


class AbsentValue(PinnaceError):
    """A tag names an optional output that was never produced, as of a skipped step without a default."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"unable to substitute {{{{{shown(name)}}}}}: output is an absent optional "
            "(skipped/omitted node with no default)",
            remedy="Give the output a valueFrom.default, or the input a default, or write {{= … ?? 'x'}}.",
        )


def _with_excerpt(message: str, expression: str, position: int | None) -> str:
    """Return ``message`` with its place and the part of ``expression`` around it."""
    if not expression:
        return message
    if position is None:
        return f"{message}: {shown(expression)!r}"
    line = expression.count("\n", 0, position) + 1
    column = position - (expression.rfind("\n", 0, position) + 1) + 1
    start = max(0, position - SHOWN_CHARACTERS // 2)
    return f"{message} ({line}:{column}) near {shown(expression[start:])!r}"
