"""What the executor's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pinnace.executors.process import ProcessExecutor
from pinnace.testing.desk import RUN, Desk, Pulse


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
async def view(home: Path, private: None) -> AsyncIterator[Desk]:
    """Return a desk whose tasks get private views."""
    desk = Desk(ProcessExecutor(home), isolated=True)
    yield desk
    await desk.executor.close_run(RUN)
    await desk.executor.close()


@pytest.fixture
async def host(home: Path) -> AsyncIterator[Desk]:
    """Return a desk whose tasks run without isolation."""
    desk = Desk(ProcessExecutor(home), isolated=False)
    yield desk
    await desk.executor.close_run(RUN)
    await desk.executor.close()


@pytest.fixture
async def narrow(home: Path) -> AsyncIterator[Desk]:
    """Return a desk whose tasks run without isolation, one after another."""
    desk = Desk(ProcessExecutor(home, max_tasks=1), isolated=False)
    yield desk
    await desk.executor.close_run(RUN)
    await desk.executor.close()


@pytest.fixture(params=["host", "view"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """Return a desk of each kind in turn."""
    found: Desk = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[Pulse]:
    """Return what tells whether anything is left of a task."""
    pulse = Pulse(tmp_path / "data")
    yield pulse
    pulse.close()
