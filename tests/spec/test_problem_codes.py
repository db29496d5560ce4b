"""The table of codes has every code that is told, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pinnace
from pinnace.spec.problem_codes import CODES, SECTIONS

PACKAGE = Path(pinnace.__file__).parent
#: What tells a problem, with the fewest arguments that it takes: ``add`` is also a method of sets.
TELLING = {"error": 2, "warn": 2, "add": 3, "record": 2, "UnreadableError": 2}


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def codes_in(path: Path) -> Iterator[str]:
    """Yield the codes in a module: first arguments of what tells, ``code=``, and what ``code`` becomes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if len(node.args) >= TELLING.get(name, len(node.args) + 1):
                yield from texts(node.args[0])
            yield from (text for word in node.keywords if word.arg == "code" for text in texts(word.value))
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            yield from texts(node.value)


def told() -> set[str]:
    files = [path for layer in ("spec", "checks") for path in (PACKAGE / layer).rglob("*.py")]
    files += [PACKAGE / "service" / "intake.py", PACKAGE / "service" / "lint.py"]
    return {code for path in files if path.exists() for code in codes_in(path)}


def test_every_code_that_is_told_is_explained_and_every_other_is_gone() -> None:
    assert told() == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_in_a_line_and_in_sentences(code: str) -> None:
    title, text = CODES[code]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    assert len(title) <= 100
    assert not title.endswith(".")
    assert text.endswith(".")


def test_the_page_on_lint_names_every_trap_and_nothing_else() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lint.md").read_text()
    table = page[page.index("## The traps") : page.index("## Beside")]
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table.replace("pinnace-lint", "")))
    assert named <= set(CODES)
    assert set(SECTIONS["Traps"]) <= named
