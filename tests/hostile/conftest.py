"""Commands given hostile files, and what is left of them: everything goes through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import Terminal, told_by_processes

from pinnace.executors.isolation import Isolation


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation: Isolation) -> Path:
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PINNACE_ISOLATED", str(isolation.is_available).lower())
    for name in ("ARGO_NAMESPACE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def terminal(tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> Terminal:
    """Return somebody who types commands."""
    return Terminal(tmp_path, home, capfd)


@pytest.fixture
def leftovers() -> Callable[[str], list[str]]:
    """Return a function to the commands of processes that carry a word in their environment or arguments."""

    def carrying(word: str) -> list[str]:
        told = told_by_processes("cmdline", "environ")
        return [each[:200].decode("utf-8", "replace") for each in told if word.encode() in each]

    return carrying
