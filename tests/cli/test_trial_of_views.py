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

#: Begins a trial, and is killed once its folder is there.
KILLED = """
import os, pathlib, signal, sys, threading
from pinnace.executors.isolation import probe
home = pathlib.Path(sys.argv[1])
threading.Thread(target=probe, args=(home,)).start()
while not list(home.glob("probe-*/tasks")):
    pass
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
    deadline = time.monotonic() + 60
    while trials(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert killed.returncode == -signal.SIGKILL
    assert trials(tmp_path) == []
