"""What the checks tell about a manifest, as short lines."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from pinnace.checks.check import check_bundle
from pinnace.spec.bundle import read_bundle
from pinnace.spec.problems import Problem

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\n"


@pytest.fixture
def told() -> Callable[..., list[str]]:
    """Return a function from files to ``code path: message (hint)`` of their errors, or of their warnings."""

    def tell(*files: str, warnings: bool = False, lint: bool = False) -> list[str]:
        bodies = [textwrap.dedent(text) for text in files]
        sources = [(f"{index}.yaml", _with_head(body)) for index, body in enumerate(bodies)]
        problems = check_bundle(read_bundle(sources), lint=lint)
        return [_line(problem) for problem in problems if problem.is_error is not warnings]

    return tell


def _with_head(body: str) -> str:
    return body if "kind:" in body else HEAD + body


def _line(problem: Problem) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.code} {problem.path}: {problem.message}{hint}"
