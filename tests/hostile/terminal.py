"""Somebody who types commands, and workflows to run."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pinnace.cli.main import run_cli

#: What a defect or a traceback would say.
DEFECTS = ("Traceback", "defect in Pinnace")


class Said(NamedTuple):
    """What became of a command."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


class Terminal:
    """Somebody who types commands; none of them may ever show a defect."""

    def __init__(self, folder: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.home = home
        self._capfd = capfd

    def __call__(self, *arguments: str | Path) -> Said:
        """Carry out a command line in this process."""
        self._capfd.readouterr()
        status = run_cli([str(argument) for argument in arguments])
        said = Said(status, *self._capfd.readouterr())
        assert not any(word in said.all for word in DEFECTS), said.all
        return said

    def write(self, text: str | bytes, name: str = "workflow.yaml") -> Path:
        """Return a file that holds the text."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, document: str | Mapping[str, Any], *options: str) -> Said:
        """Run the workflow: YAML, or the document itself."""
        text = document if isinstance(document, str) else json.dumps(document)
        return self("run", self.write(text), *options)

    def status(self, name: str = "wf") -> dict[str, Any]:
        """Return the run's status, as `get` shows it."""
        found: dict[str, Any] = json.loads(self("get", name, "-o", "json").out)["status"]
        return found

    def node(self, display_name: str, name: str = "wf") -> dict[str, Any]:
        """Return the node of that name."""
        nodes = self.status(name)["nodes"].values()
        (found,) = [node for node in nodes if node["displayName"] == display_name]
        return dict(found)

    def runs(self) -> list[str]:
        """Return the names of the runs that are kept."""
        said = self("list", "-o", "name").out
        return [] if said == "No workflows found\n" else said.split()


def workflow(*templates: Mapping[str, Any], name: str = "wf", **spec: Any) -> dict[str, Any]:
    """Return a workflow that begins with the first of the templates."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": {"entrypoint": templates[0]["name"], "templates": list(templates), **spec},
    }


def shell(script: str, name: str = "main", **fields: Any) -> dict[str, Any]:
    """Return a template that runs a script in the shell."""
    return {"name": name, "container": {"image": "busybox", "command": ["sh", "-c", script]}, **fields}


def told_by_processes(*names: str) -> list[bytes]:
    """Return what those files of ``/proc`` hold together, for each process that may be asked but this one."""
    told = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            told.append(b"".join((process / name).read_bytes() for name in names))
    return told
