"""A Secret's value reaches the task that asks for it, and nobody and nothing else."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal, shell, told_by_processes, workflow

from pinnace.cli.defects import write_report

#: Nobody else has it, though the same tests may run beside these.
VALUE = f"hunter2-{secrets.token_hex(8)}"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": {"password": ENCODED}}
ENV = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}]


def asking(script: str, name: str = "main") -> dict[str, Any]:
    template = shell(script, name)
    template["container"]["env"] = ENV
    return template


def shows(text: str) -> bool:
    return VALUE in text or ENCODED in text


def run(terminal: Terminal, *templates: dict[str, Any], **spec: Any) -> tuple[int, str]:
    """Run the workflow with the Secret beside it; return the status and everything that was shown."""
    text = "\n---\n".join(json.dumps(each) for each in (SECRET, workflow(*templates, **spec)))
    said = terminal("run", terminal.write(text))
    return said.status, said.all


def test_the_task_that_asks_gets_the_value(terminal: Terminal) -> None:
    status, _ = run(terminal, asking(f'test "$PASSWORD" = {VALUE}'))
    assert status == 0


def test_nothing_that_is_shown_of_a_run_has_the_value(terminal: Terminal) -> None:
    status, shown = run(terminal, asking('test -n "$PASSWORD"; echo fine; exit 3'))

    assert status == 1
    assert not shows(shown)
    for command in ("get", "logs", "watch"):
        assert not shows(terminal(command, "wf").all), command
    for form in ("json", "yaml", "wide"):
        assert not shows(terminal("get", "wf", "-o", form).all), form
    assert not shows(terminal("list", "-o", "json").all)
    assert not shows(terminal("lint", terminal.folder / "workflow.yaml").all)


def test_a_manifest_that_is_wrong_is_told_about_without_the_value(terminal: Terminal) -> None:
    files = {
        "type": f"kind: Secret\nmetadata: {{name: x}}\ndata: [{ENCODED}]\n",
        "base64": f"kind: Secret\nmetadata: {{name: x}}\ndata: {{password: '{VALUE}!'}}\n",
        "field": f"kind: Secret\nmetadata: {{name: x}}\nstringdata: {{password: {VALUE}}}\n",
        "yaml": f"kind: Secret\nstringData: {{password: {VALUE}\n",
        "list": f"kind: Secret\nmetadata: {{name: x}}\nstringData: {{password: [{VALUE}]}}\n",
    }
    for name, text in files.items():
        said = terminal("lint", terminal.write(text, f"{name}.yaml"))
        assert not shows(said.all), (name, said.all)
        said = terminal("run", terminal.folder / f"{name}.yaml")
        assert not shows(said.all), (name, said.all)


def test_a_secret_that_is_missing_is_named_and_its_neighbours_are_not_shown(terminal: Terminal) -> None:
    template = asking("true")
    template["container"]["env"] = [
        {"name": "P", "valueFrom": {"secretKeyRef": {"name": "login", "key": "passwort"}}}
    ]

    status, shown = run(terminal, template)

    assert status == 1
    assert "passwort" in shown
    assert not shows(shown)


def test_another_task_sees_nothing_of_the_value(terminal: Terminal, private: None) -> None:
    peek = (
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n';"
        f"grep -rs {VALUE} {terminal.home} /tmp /argo /run && exit 1; true"
    )
    wait = "until test -e /both/%s; do sleep 0.01; done"
    own = asking(f"touch /both/own; {wait % 'seen'}", "own")
    other = shell(f"trap 'touch /both/seen' EXIT; {wait % 'own'}; env; {peek}", "other")
    for template in (own, other):
        template["container"]["volumeMounts"] = [{"name": "both", "mountPath": "/both"}]
    both = [{"name": "both", "persistentVolumeClaim": {"claimName": "both"}}]
    calls = [{"name": name, "template": name} for name in ("own", "other")]

    status, _ = run(terminal, {"name": "main", "steps": [calls]}, own, other, volumes=both)

    assert status == 0
    assert not shows(terminal("logs", "wf", "other").out.replace(peek, ""))


def test_no_process_has_the_value_among_its_arguments(
    terminal: Terminal, leftovers: Callable[[str], list[str]]
) -> None:
    command = ["run", str(terminal.folder / "workflow.yaml")]
    ready = terminal.folder / "ready"
    template = asking(f"touch {ready}; while test -e {ready}; do sleep 0.05; done")
    terminal.write("\n---\n".join(json.dumps(each) for each in (SECRET, workflow(template))))
    with subprocess.Popen([sys.executable, "-m", "pinnace", *command, "--no-isolated"]) as running:
        while not ready.exists():
            assert running.poll() is None
            time.sleep(0.02)
        seen = told_by_processes("cmdline")
        ready.unlink()

    assert running.returncode == 0
    assert not any(VALUE.encode() in each or ENCODED.encode() in each for each in seen)
    assert leftovers(VALUE) == []


def test_what_is_kept_is_readable_by_its_owner_alone(terminal: Terminal) -> None:
    terminal.home.mkdir(mode=0o755)  # as a user who knows no better makes it
    before = os.umask(0)
    try:
        artifact = {"artifacts": [{"name": "out", "path": "/tmp/out"}]}
        status, _ = run(
            terminal, {**asking('echo "$PASSWORD" | tee /tmp/out'), "outputs": artifact}, archiveLogs=True
        )
    finally:
        os.umask(before)

    assert status == 0
    assert [path for path in reachable(terminal.home) if path.is_file()] == []


def reachable(folder: Path) -> list[Path]:
    """Return what somebody else can open below ``folder``: a folder that is closed hides what is in it."""
    found = []
    for path in folder.iterdir():
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_dir() and mode & 0o011:
            found += reachable(path)
        elif mode & 0o066 and not path.is_symlink():
            found.append(path)
    return found


def test_a_report_of_a_defect_has_no_value(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", VALUE)

    def fail(password: str) -> None:
        raise ValueError(len(password))

    with pytest.raises(ValueError, match=str(len(VALUE))) as raised:
        fail(VALUE)
    place = write_report(raised.value)

    assert place is not None
    assert not shows(place.read_text())
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
