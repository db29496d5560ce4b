"""The process executor keeps the contract, with isolation and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinnace.executors.process import ProcessExecutor
from pinnace.testing.contracts.executor import ExecutorContract, MakeExecutor


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class TestOnTheHost(ExecutorContract):
    isolated = False

    @pytest.fixture
    def make(self, home: Path) -> MakeExecutor:
        return lambda: ProcessExecutor(home)


@pytest.mark.usefixtures("private")
class TestInPrivateViews(ExecutorContract):
    isolated = True

    @pytest.fixture
    def make(self, home: Path) -> MakeExecutor:
        return lambda: ProcessExecutor(home)
