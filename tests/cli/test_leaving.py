"""What becomes of a run when its process is asked to go, goes, or is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminals import SLEEPER, WAITER, Cli, started, wait_until

from processes import PATIENCE, begun


@pytest.fixture
def sleeper(tmp_path: Path) -> Path:
    path = tmp_path / "sleeper.yaml"
    path.write_text(SLEEPER)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("hangups", [1, 2])
def test_a_terminal_that_goes_away_stops_and_never_terminates(cli: Cli, sleeper: Path, hangups: int) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs the tests may ignore it, as nohup does
    process = started("run", str(sleeper))
    signal.signal(signal.SIGHUP, before)
    wait_until(cli, "get", "sleeper", "-o", "short", holds="● sleeper")
    for _ in range(hangups):
        process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert "✔ sleeper.onExit Succeeded" in out


@pytest.mark.slow
def test_under_nohup_a_run_outlives_its_terminal(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER.replace("supplied: {}", "supplied: {}, default: d"))
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "pinnace", "run", str(path)]
    process = begun(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    wait_until(cli, "get", "waiter", "-o", "short", holds="ǁ waiter")
    process.send_signal(signal.SIGHUP)
    cli("resume", "waiter")
    out, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0, out


@pytest.mark.slow
def test_a_run_that_is_driven_is_neither_deleted_nor_taken(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "waiter.yaml"
    path.write_text(WAITER)
    process = started("run", str(path))
    wait_until(cli, "get", "waiter", "-o", "short", holds="ǁ waiter")
    deleted, recovered = cli("delete", "waiter"), cli("recover", "waiter")
    cli("terminate", "waiter")
    process.communicate(timeout=PATIENCE)

    assert deleted == (2, "", "error: waiter is being driven\n  End it first: `pinnace terminate waiter`.\n")
    assert recovered[:2] == (2, "")
    assert recovered[2].startswith(f"error: waiter is driven by process {process.pid} on ")
    assert recovered[2].endswith("\n  Follow it with `pinnace watch waiter`.\n")


@pytest.mark.slow
def test_what_a_crash_left_running_ends_when_its_run_is_deleted(
    cli: Cli, tmp_path: Path, sleeper: Path
) -> None:
    noted = tmp_path / "pid"
    sleeper.write_text(SLEEPER.replace('[sleep, "600"]', f'[sh, -c, "echo $$$$ > {noted}; exec sleep 600"]'))
    process = started("run", str(sleeper))
    wait_until(cli, "get", "sleeper", "-o", "short", holds="● sleeper")
    while not (noted.exists() and noted.read_text().endswith("\n")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    task = int(noted.read_text())
    os.kill(task, 0)

    assert cli("delete", "sleeper")[1] == "Workflow 'sleeper' deleted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(task, 0)
