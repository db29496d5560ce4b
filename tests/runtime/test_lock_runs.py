"""Locks over whole runs: of one process, of several, and after one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from whole_runs import driven, environment, submitted

from pinnace.bootstrap import Pinnace

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
    return subprocess.Popen(
        [sys.executable, "-m", "pinnace", *arguments],
        env={**os.environ, **environment(place)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come to be"
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
    assert [process.wait(60) for process in processes] == [0, 0]


def test_a_workflow_waits_for_one_of_another_process_and_says_for_whom(
    pinnace: Pinnace, tmp_path: Path
) -> None:
    first = begin(tmp_path, "run", "--quiet", write(tmp_path, "holder.yaml", HOLDER))
    wait_for(tmp_path / "begun")
    second = begin(tmp_path, "run", "--quiet", write(tmp_path, "next.yaml", NEXT))
    message = ""
    while not message:
        found = [run for run in map(pinnace.store.find_run, names(pinnace)) if run.name == "next"]
        message = found[0].message if found else ""
        time.sleep(0.01)
    assert message == "Waiting for default/Mutex/whole lock. Lock status: 0/1"
    assert [(claim.holder, claim.is_held) for claim in pinnace.store.locks.claims()] == [
        ("default/holder", True),
        ("default/next", False),
    ]
    (tmp_path / "go").touch()
    assert [process.wait(60) for process in (first, second)] == [0, 0]


def names(pinnace: Pinnace) -> list[str]:
    from pinnace.ports.store import RunFilter

    return [run.uid for run in pinnace.store.list_runs(RunFilter())]


def test_a_killed_holder_keeps_its_lock_until_it_is_recovered_or_deleted(
    pinnace: Pinnace, tmp_path: Path
) -> None:
    first = begin(tmp_path, "run", "--quiet", write(tmp_path, "holder.yaml", HOLDER))
    wait_for(tmp_path / "begun")
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = begin(tmp_path, "run", "--quiet", write(tmp_path, "next.yaml", NEXT))
    while len(pinnace.store.locks.claims()) < 2:
        time.sleep(0.01)
    assert second.poll() is None
    (tmp_path / "go").touch()
    assert begin(tmp_path, "recover", "--quiet").wait(60) == 0
    assert second.wait(60) == 0
