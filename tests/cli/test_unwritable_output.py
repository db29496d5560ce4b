"""Output that cannot be written, met by real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from manifests import workflow
from processes import PATIENCE, begun

PINNACE = [sys.executable, "-m", "pinnace"]
NOWHERE = Path("/dev/full")
WORKFLOW = workflow("""
  - name: main
    steps:
    - - {name: first, template: wait}
    - - {name: second, template: wait}
  - {name: wait, suspend: {duration: "1"}}
""")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINNACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PINNACE_ISOLATED", "false")
    monkeypatch.delenv("ARGO_NAMESPACE", raising=False)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(WORKFLOW)
    return path


def phases() -> str:
    """Return what a list says of the runs."""
    found = subprocess.run([*PINNACE, "list", "--no-headers"], capture_output=True, text=True, check=True)
    return found.stdout


@pytest.mark.slow
@pytest.mark.parametrize("form", [[], ["--log"], ["-o", "wide"]])
def test_a_reader_that_leaves_ends_the_progress_and_not_the_run(manifest: Path, form: list[str]) -> None:
    command = [*PINNACE, "run", str(manifest), *form]
    run = begun(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()

    said = run.stderr.read()

    assert (run.wait(PATIENCE), said) == (0, "")
    assert "Succeeded" in phases()
    run.stderr.close()


@pytest.mark.skipif(not NOWHERE.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_below_the_output_is_an_error_of_the_output() -> None:
    with NOWHERE.open("w") as full:
        found = subprocess.run(
            [*PINNACE, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert found.returncode == 1
    assert found.stderr == "error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("number", [1, 2])
def test_a_stream_that_the_caller_closed_is_no_defect(number: int) -> None:
    shell = f'exec "$0" -m pinnace list {number}>&-'

    found = subprocess.run(["sh", "-c", shell, sys.executable], capture_output=True, text=True, check=False)

    assert (found.returncode, found.stderr) == (0, "")
    assert not (Path(os.environ["PINNACE_HOME"]) / "reports").exists()
