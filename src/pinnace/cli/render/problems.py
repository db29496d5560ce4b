"""Problems of manifests as lines, the same for ``run`` and ``lint``."""

from __future__ import annotations

from collections.abc import Sequence

from pinnace.cli.render.phases import styled
from pinnace.cli.render.text import clean
from pinnace.spec.problems import Problem


def problem_line(problem: Problem, *, is_colour: bool) -> str:
    """Return a problem as ``file:line:column: error[code]: path: message (hint)``."""
    text = clean(str(problem))
    word = f"{problem.severity}[{problem.code}]"
    return text.replace(word, styled(word, "red" if problem.is_error else "yellow"), 1) if is_colour else text


def problem_count(problems: Sequence[Problem]) -> str:
    """Return how many there are, in words: ``2 errors and 1 warning``."""
    errors = sum(problem.is_error for problem in problems)
    counts = ((errors, "error"), (len(problems) - errors, "warning"))
    return " and ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts if count)
