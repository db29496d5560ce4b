"""A real ``pinnace`` is killed at random instants and recovered, until its run has ended.

How many kills: ``PINNACE_TEST_KILLS``, a few by default, 200 in ``make soak``. Each case starts a run, kills
the process that drives it, and each one that recovers it, at an instant drawn at random; in the end the run
must look as one that nobody disturbed, and the tasks' own notes must show that none that began was begun
again.
"""

from __future__ import annotations

import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from processes import PATIENCE, begun

WORKFLOW = Path(__file__).with_name("workflow.yaml")
KILLS = int(os.environ.get("PINNACE_TEST_KILLS", "4"))
#: Kills of one run; after them it is let go on to its end.
KILLS_A_RUN = 4


class Ship:
    """One home folder, and the commands that are run against it."""

    def __init__(self, home: Path, *, isolated: bool) -> None:
        self.home = home
        self.notes = home / "log"
        self.notes.touch()
        self.isolated = isolated
        self.env = {
            **os.environ,
            "PINNACE_HOME": str(home / "state"),
            "PINNACE_ISOLATED": "true" if isolated else "false",
        }

    def begin(self) -> list[str]:
        """Return the command that starts the run; tasks that share the host's files write into this home."""
        command = ["run", "--quiet", str(WORKFLOW)]
        return command if self.isolated else [*command, "-p", f"log={self.notes}", "-p", f"place={self.home}"]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.home / "stdout").open("ab") as stdout, (self.home / "stderr").open("ab") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "pinnace", *arguments],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
            return begun(process)

    def status(self) -> dict[str, Any] | None:
        """Return the run's status, without a phase when it was not begun; None when there is no run yet."""
        done = subprocess.run(
            [sys.executable, "-m", "pinnace", "get", "crashes", "-o", "json"],
            env=self.env,
            capture_output=True,
            check=False,
        )
        return json.loads(done.stdout)["status"] if done.returncode == 0 else None

    def said(self) -> str:
        return (self.home / "stderr").read_text(errors="replace")[-4000:]


def lasting(status: dict[str, Any] | None) -> dict[str, Any]:
    """Return what must be the same however often a run was disturbed: no times, no ids of this run."""
    assert status is not None
    uid_free = {}
    for node in status["nodes"].values():
        outputs = node.get("outputs", {})
        uid_free[node["name"]] = (
            node["type"],
            node["phase"],
            node.get("message", ""),
            [(each["name"], each.get("value")) for each in outputs.get("parameters", [])],
            outputs.get("result") if node["name"] == "crashes.listed" else None,
            sorted((each["name"], each.get("deleted", False)) for each in outputs.get("artifacts", [])),
        )
    return {"phase": status["phase"], "nodes": uid_free}


def undisturbed(tmp_path: Path, *, isolated: bool) -> tuple[dict[str, Any], float]:
    """Return what a run comes to that nobody kills, and the seconds that it took."""
    home = tmp_path / "undisturbed"
    home.mkdir()
    ship = Ship(home, isolated=isolated)
    began = time.monotonic()
    process = ship.start(*ship.begin())
    assert process.wait(PATIENCE) == 0, ship.said()
    return lasting(ship.status()), time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("isolated", [False, True], ids=["on the host", "isolated"])
def test_a_run_that_is_killed_and_recovered_ends_as_one_that_is_not(
    tmp_path: Path, isolated: bool, request: pytest.FixtureRequest
) -> None:
    if isolated:
        request.getfixturevalue("private")
    expected, seconds = undisturbed(tmp_path, isolated=isolated)
    seed = int(os.environ.get("PINNACE_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    draw = random.Random(seed)
    print(f"seed {seed}")
    killed = voyage = 0
    while killed < max(1, KILLS // 2):
        voyage += 1
        assert voyage <= 2 * KILLS, f"seed {seed}: runs end before they can be killed"
        home = tmp_path / f"voyage-{voyage}"
        home.mkdir()
        ship = Ship(home, isolated=isolated)
        kills, seconds = disturb(ship, draw, seconds)
        killed += kills
        status = ship.status()
        assert lasting(status) == expected, f"seed {seed}: {ship.said()}"
        if not isolated:
            assert_nothing_ran_twice(ship.notes, f"seed {seed}")


def disturb(ship: Ship, draw: random.Random, seconds: float) -> tuple[int, float]:
    """Run, kill and recover until the run has ended.

    Returns:
        How many were killed, and the seconds within which to kill from now on: a run that nobody killed in
        time shows that the machine has become faster since they were measured.
    """
    killed = 0
    began = time.monotonic()
    process = ship.start(*ship.begin())
    for _ in range(KILLS_A_RUN):
        try:
            process.wait(draw.uniform(0.0, seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        if not killed:
            seconds = min(seconds, time.monotonic() - began)
        status = ship.status()
        if status is not None and status.get("phase") in {"Succeeded", "Failed", "Error"}:
            return killed, seconds
        process = ship.start(*(ship.begin() if status is None else ["recover", "--quiet"]))
    process.wait(PATIENCE)
    return killed, seconds


def assert_nothing_ran_twice(notes: Path, context: str) -> None:
    counted = collections.Counter(notes.read_text().splitlines())
    twice = {line: count for line, count in counted.items() if count > 1}
    assert not twice, f"{context}: {twice}"
