"""Pinnace with a home of its own, and what runs templates in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whole_runs import ended, opened

from manifests import workflow
from pinnace.bootstrap import Pinnace
from pinnace.engine.run import Run


@pytest.fixture
def pinnace(tmp_path: Path) -> Iterator[Pinnace]:
    made = opened(tmp_path)
    yield made
    made.close()


@pytest.fixture
def is_isolated() -> bool:
    """Return whether ``go`` gives tasks private views; tests that want both are parametrized."""
    return True


@pytest.fixture
def go(tmp_path: Path, request: pytest.FixtureRequest, is_isolated: bool) -> Iterator[Callable[[str], Run]]:
    """Return what runs templates to their end; ``PLACE`` in them is a folder that they may mount."""
    if is_isolated:
        request.getfixturevalue("private")
    data = tmp_path / "data"
    data.mkdir()
    made = opened(tmp_path, PINNACE_ISOLATED=str(is_isolated).lower(), PINNACE_HOST_PATHS=str(data))
    yield lambda templates: ended(made, workflow(templates.replace("PLACE", str(data))))
    made.close()
