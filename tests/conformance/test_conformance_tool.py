"""The tool that runs Argo's own manifests, through its command line: ``python -m conformance``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SUITE = REPOSITORY.parent / "shared" / "conformance"


def conformance(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_without_the_manifests_it_says_so(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(REPOSITORY / "conformance", clone / "conformance")

    done = conformance(clone)

    assert done.returncode == 2
    assert "Argo's manifests are not here" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not SUITE.exists(), reason="the shared manifests are not beside this clone")
@pytest.mark.parametrize(
    ("manifest", "row"),
    [
        ("examples/hello-world.yaml", "| Succeeded | Succeeded | as expected |"),
        ("test/e2e/testdata/node-suspend.yaml", "| Failed | Failed | as expected |"),
        ("test/e2e/lintfail/malformed-spec.yaml", "| rejected | rejected | as expected |"),
        ("examples/hello-windows.yaml", "| Succeeded | refused | refused |"),
    ],
)
def test_a_manifest_gets_the_verdict_that_it_deserves(manifest: str, row: str) -> None:
    done = conformance(REPOSITORY, "--only", manifest)

    assert row in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
