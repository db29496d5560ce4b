"""A disk that is full, or may not be written: an error says so, and the run goes on when there is room."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal, shell, workflow

from processes import PATIENCE, begun

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")
STEPS = workflow(
    {
        "name": "main",
        "steps": [[{"name": "one", "template": "say"}], [{"name": "two", "template": "say"}]],
    },
    shell("echo said", "say"),
)


@pytest.fixture
def small_home(terminal: Terminal) -> Iterator[Path]:
    """Mount a home of two megabytes."""
    terminal.home.mkdir()
    options = ["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(terminal.home)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a file system")
    yield terminal.home
    subprocess.run(["umount", "--lazy", str(terminal.home)], check=True)


def fill(home: Path) -> Path:
    """Leave no room in the home; return what takes it."""
    ballast = home / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return ballast


@needs_root
def test_a_full_disk_is_named_and_there_is_no_run(terminal: Terminal, small_home: Path) -> None:
    ballast = fill(small_home)

    said = terminal.run(STEPS)

    assert said.status == 1
    assert "full" in said.err
    assert str(small_home) in said.err
    ballast.unlink()
    assert terminal.runs() == []
    assert terminal.run(STEPS).status == 0


@needs_root
def test_a_run_on_a_disk_that_fills_goes_on_when_there_is_room(terminal: Terminal, small_home: Path) -> None:
    ballast = small_home / "ballast"
    # The first step, which may write outside of its view here, fills the disk that the run is kept on.
    document = workflow(
        {
            "name": "main",
            "steps": [[{"name": "fills", "template": "fill"}], [{"name": "two", "template": "say"}]],
        },
        shell(f"cat /dev/zero > {ballast} 2> /dev/null; true", "fill"),
        shell("echo said", "say"),
    )
    file = terminal.write(json.dumps(document))
    command = [sys.executable, "-m", "pinnace", "run", str(file), "--no-isolated"]
    running = begun(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    assert running.stdout is not None
    told = ""
    for line in running.stdout:
        told += line
        if "The run goes on when it can be saved again." in line:
            ballast.unlink()

    assert running.wait(PATIENCE) == 0
    assert "The run can be saved again; it goes on." in told
    assert terminal.status()["phase"] == "Succeeded"


@needs_root
def test_a_home_that_is_read_only_is_named(terminal: Terminal, small_home: Path) -> None:
    assert terminal.run(STEPS).status == 0
    subprocess.run(["mount", "-o", "remount,bind,ro", str(small_home)], check=True)

    said = terminal.run(STEPS, "--name", "later")

    assert said.status == 1
    assert "read-only" in said.err.lower()
    subprocess.run(["mount", "-o", "remount,bind,rw", str(small_home)], check=True)
    assert terminal.runs() == ["wf"]
    assert terminal.run(STEPS, "--name", "later").status == 0


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_home_that_cannot_be_made_is_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    place = terminal.write("", "not-a-folder")
    home = place if what == "file" else place / "home"
    monkeypatch.setenv("PINNACE_HOME", str(home))

    said = terminal.run(STEPS)

    assert said.status in {1, 2}
    assert str(place) in said.err


def test_a_home_that_holds_something_else_is_named(terminal: Terminal) -> None:
    terminal.run(STEPS)
    (database,) = terminal.home.glob("*.db")
    for path in terminal.home.glob("*.db-*"):
        path.unlink()
    database.write_bytes(b"this is no database at all, but long enough to be looked at" * 100)

    said = terminal("list")

    assert said.status == 1
    assert database.name in said.err
    assert stat.S_ISREG(database.stat().st_mode)
