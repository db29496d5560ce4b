from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinnace.world.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A running world that the environment of the tests leads to, as it leads a task there."""
    with World() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def module_world() -> Iterator[World]:
    """One for a whole file: a start and a stop take half a second."""
    with World() as running:
        yield running
