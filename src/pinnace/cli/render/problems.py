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


def pretty_problem(problem: Problem, *, is_colour: bool) -> str:
    """Return a problem as it stands below its file's name: icon, place, path, message and hint."""
    colour = "red" if problem.is_error else "yellow"
    icon = "✖" if problem.is_error else "⚠"
    where = f"{problem.path}: " if problem.path else ""
    place = f"{problem.line}:{problem.column} " if problem.line else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    text = clean(f"{place}{where}{problem.message}{hint} [{problem.code}]")
    return f"{styled(icon, colour) if is_colour else icon} {text}"
