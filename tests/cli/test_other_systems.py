"""Where tasks cannot be isolated: told before there is a run."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from terminals import Cli


@pytest.fixture
def darwin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sysconfig.get_config_vars()  # Python looks for them in a file that is named after the system
    monkeypatch.setenv("PINNACE_ISOLATED", "true")
    monkeypatch.setattr(sys, "platform", "darwin")


@pytest.mark.slow
@pytest.mark.usefixtures("darwin")
def test_elsewhere_than_on_linux_a_run_is_refused_with_what_can_be_done(cli: Cli, manifest: Path) -> None:
    status, out, err = cli("run", str(manifest))

    assert (status, out) == (2, ""), err
    assert err == (
        "error: tasks cannot be isolated here: private views need Linux, this is darwin\n"
        "  With --no-isolated tasks run on this machine as it is, and see and change its files.\n"
    )
    assert cli("list") == (0, "No workflows found\n", "")


@pytest.mark.slow
@pytest.mark.usefixtures("darwin")
def test_elsewhere_tasks_run_without_isolation(cli: Cli, manifest: Path) -> None:
    assert cli("run", str(manifest), "--no-isolated", "-q") == (0, "", "")


def test_the_commands_and_what_they_load_are_imported_elsewhere_too() -> None:
    program = (
        "import importlib, sys, sysconfig, aiohttp, sqlalchemy, moto.server\n"
        "sysconfig.get_config_vars()  # Python's own and others' modules have looked at the real system\n"
        "sys.platform = 'darwin'\n"
        "from pinnace.cli.main import COMMANDS\n"
        "for place in COMMANDS.values(): importlib.import_module(f'pinnace.cli.commands.{place.module}')\n"
        "for name in sys.argv[1:]: importlib.import_module(f'pinnace.{name}')\n"
    )
    loaded = "bootstrap cli.driving executors.process executors.http stores.sqlite artifacts.open world.world"
    subprocess.run([sys.executable, "-c", program, *loaded.split()], check=True)
