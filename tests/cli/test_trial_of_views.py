"""The trial of a private view leaves nothing in the home, however the Pinnace that asked for it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pinnace.bootstrap import Pinnace
from pinnace.settings import read_settings
from processes import PATIENCE

#: Begins trials until it sees the folder of one that is on its way, and is killed then.
KILLED = """
import os, pathlib, signal, sys, threading
from pinnace.executors.isolation import probe
home = pathlib.Path(sys.argv[1])
while True:
    trial = threading.Thread(target=probe, args=(home,))
    trial.start()
    while trial.is_alive():
        if list(home.glob("probe-*/tasks")):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def trials(home: Path) -> list[Path]:
    return list(home.glob("probe-*"))


def test_a_pinnace_that_is_closed_has_no_trial_on_its_way(tmp_path: Path) -> None:
    pinnace = Pinnace(read_settings({"PINNACE_HOME": str(tmp_path)}))
    pinnace.begin_probe()

    pinnace.close()

    assert trials(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="there are private views on Linux alone")
def test_a_trial_whose_pinnace_was_killed_takes_its_folder_away(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    deadline = time.monotonic() + PATIENCE
    while trials(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert killed.returncode == -signal.SIGKILL
    assert trials(tmp_path) == []
