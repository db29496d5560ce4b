"""A home of its own, and the command line in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminals import WORKFLOW, Cli, Said

from pinnace.cli.main import run_cli


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PINNACE_ISOLATED", "false")
    for name in ("ARGO_NAMESPACE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that carries out a command line in this process: status, output, errors."""

    def carried_out(*arguments: str) -> Said:
        capfd.readouterr()
        status = run_cli(arguments)
        return status, *capfd.readouterr()

    return carried_out


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(WORKFLOW % "wf")
    return path
