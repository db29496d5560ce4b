"""What the executor's tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pinnace.executors.isolation import probe
from pinnace.executors.process import ProcessExecutor
from pinnace.testing.contracts.executor import RUN, Desk


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
async def view(home: Path) -> AsyncIterator[Desk]:
    """Return a desk whose tasks get private views."""
    isolation = await asyncio.to_thread(probe, home)
    if not isolation.is_available:
        pytest.skip(isolation.reason)
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
