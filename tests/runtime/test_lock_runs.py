"""Locks over whole runs: of one process, of several, and after one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from whole_runs import driven, environment, submitted

from pinnace.bootstrap import Pinnace
from pinnace.ports.store import RunFilter
from processes import PATIENCE, begun

#: Notes when it begins and ends, and is an error if another is between the two.
GUARDED = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: NAME}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: s, template: guarded, withSequence: {count: "3"}}]]
  - name: guarded
    synchronization: {mutexes: [{name: file}]}
    container:
      image: busybox
      command: [sh, -c]
      args: ["mkdir PLACE/busy && sleep 0.05 && rmdir PLACE/busy"]
"""
#: Holds its lock until the file is there.
HOLDER = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: holder}
spec:
  entrypoint: main
  synchronization: {mutexes: [{name: whole}]}
  templates:
  - name: main
    container:
      image: busybox
      command: [sh, -c]
      args: ["touch PLACE/begun; while [ ! -e PLACE/go ]; do sleep 0.02; done"]
"""
NEXT = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: next}
spec:
  entrypoint: main
  synchronization: {mutexes: [{name: whole}]}
  templates:
  - {name: main, container: {image: busybox, command: ["true"]}}
"""


def begin(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pinnace", *arguments],
        env={**os.environ, **environment(place)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return begun(process)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def write(place: Path, name: str, text: str) -> str:
    path = place / name
    path.write_text(text.replace("PLACE", str(place)))
    return str(path)


def test_a_mutex_holds_between_the_runs_of_one_process(pinnace: Pinnace, tmp_path: Path) -> None:
    text = GUARDED.replace("PLACE", str(tmp_path))
    runs = driven(pinnace, *(submitted(pinnace, text.replace("NAME", name)) for name in ("one", "two")))
    assert [run.state.phase for run in runs] == ["Succeeded", "Succeeded"]
    assert pinnace.store.locks.claims() == []


def test_a_mutex_holds_between_processes(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{name}.yaml", GUARDED.replace("NAME", name)) for name in ("one", "two")]
    processes = [begin(tmp_path, "run", "--quiet", file) for file in files]
    assert [process.wait(PATIENCE) for process in processes] == [0, 0]


def test_a_workflow_waits_for_one_of_another_process_and_says_for_whom(
    pinnace: Pinnace, tmp_path: Path
) -> None:
    first = begin(tmp_path, "run", "--quiet", write(tmp_path, "holder.yaml", HOLDER))
    wait_until((tmp_path / "begun").exists)
    second = begin(tmp_path, "run", "--quiet", write(tmp_path, "next.yaml", NEXT))

    def messages() -> list[str]:
        found = pinnace.store.list_runs(RunFilter())
        return [run.message for run in found if run.name == "next" and run.message]

    wait_until(lambda: bool(messages()))
    assert messages() == ["Waiting for default/Mutex/whole lock. Lock status: 0/1"]
    assert [(claim.holder, claim.is_held) for claim in pinnace.store.locks.claims()] == [
        ("default/holder", True),
        ("default/next", False),
    ]
    (tmp_path / "go").touch()
    assert [process.wait(PATIENCE) for process in (first, second)] == [0, 0]


def test_a_killed_holder_keeps_its_lock_until_it_is_recovered_or_deleted(
    pinnace: Pinnace, tmp_path: Path
) -> None:
    first = begin(tmp_path, "run", "--quiet", write(tmp_path, "holder.yaml", HOLDER))
    wait_until((tmp_path / "begun").exists)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = begin(tmp_path, "run", "--quiet", write(tmp_path, "next.yaml", NEXT))
    wait_until(lambda: len(pinnace.store.locks.claims()) == 2)
    assert second.poll() is None
    (tmp_path / "go").touch()
    assert begin(tmp_path, "recover", "--quiet").wait(PATIENCE) == 0
    assert second.wait(PATIENCE) == 0
