"""What the executor's tests share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pinnace.executors.isolation import probe
from pinnace.executors.process import ProcessExecutor
from pinnace.testing.contracts.executor import RUN, Desk

REPOSITORY = Path(__file__).parents[2]
NOBODY = 65_534


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


def environment_for_nobody(folder: Path) -> tuple[str, dict[str, str]] | None:
    """Return an interpreter and environment with which an ordinary user can run these tests, if any can."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [python, "-c", "import pytest, pinnace.executors.process"]
        try:
            done = subprocess.run(
                command, user=NOBODY, group=NOBODY, extra_groups=[], env=environment, check=False, cwd="/",
                capture_output=True,
            )  # fmt: skip
        except OSError:
            continue
        if done.returncode == 0:
            return python, environment
    return None
