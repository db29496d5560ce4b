"""The same tests as an ordinary user, when root runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
NOBODY = 65_534
EXECUTORS, HOSTILE = REPOSITORY / "tests/executors", REPOSITORY / "tests/hostile"
#: What to run, and of it which tests.
VIEWS = (
    [
        *(
            EXECUTORS / f"test_{name}.py"
            for name in ("views", "on_the_host", "live_volumes", "attended_tasks")
        ),
        f"{EXECUTORS / 'test_executor_contract.py'}::TestInPrivateViews",
    ],
    "",
)
HOSTILITIES = (
    [HOSTILE / f"test_{name}.py" for name in ("hostile_archives", "hostile_tasks", "secrets_stay_secret")],
    "climbs or link or leaves_behind or multiplies or another_task or owner_alone",
)


#: What an ordinary user must be able to do: load these, and write where it is told to.
TRIAL = "import os, tempfile, pytest, pinnace.executors.process; tempfile.mkdtemp(dir=os.environ['HOME'])"


def find_python(folder: Path) -> tuple[str, dict[str, str]] | None:
    """Return an interpreter and environment with which an ordinary user can run these tests, if any can."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {
        "HOME": str(folder),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), *packages]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            done = run_as_nobody([python, "-c", TRIAL], environment)
        except OSError:
            continue
        if done.returncode == 0:
            return python, environment
    return None


def run_as_nobody(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, user=NOBODY, group=NOBODY, extra_groups=[], env=environment, check=False, cwd="/",
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
@pytest.mark.parametrize(("chosen", "which"), [VIEWS, HOSTILITIES], ids=["views", "hostilities"])
def test_an_ordinary_user_runs_tasks_too(chosen: list[Path | str], which: str) -> None:
    # Not below tmp_path, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="pinnace-nobody-"))
    try:
        os.chown(folder, NOBODY, NOBODY)
        found = find_python(folder)
        if found is None:
            pytest.skip("an ordinary user cannot read this Python, its packages or the temporary files")
        python, environment = found
        options = ["-p", "no:cacheprovider", "--basetemp", f"{folder}/tests", "-rs", "-k", which]
        done = run_as_nobody([python, "-m", "pytest", *options, *map(str, chosen)], environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if "skipped" in done.stdout:
        pytest.skip(done.stdout.partition("SKIPPED")[2].strip())
