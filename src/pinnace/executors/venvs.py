"""Virtual environments that stand in for images, each made once and kept below Pinnace's home."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_COMPLETE = "complete.json"


class Venv(NamedTuple):
    """A virtual environment, or why there is none."""

    folder: Path
    problem: str = ""


class Venvs:
    """The environments in ``folder``, one for each set of packages and version of Python."""

    def __init__(self, folder: Path, *, python: str = sys.executable) -> None:
        self._folder = folder
        self._python = python

    def make(self, packages: Sequence[str]) -> Venv:
        """Return the environment with ``packages``, made first when it does not exist.

        That blocks, and reaches the package index that pip is configured for.
        """
        wanted: dict[str, object] = {"packages": sorted(packages), "python": sys.version}
        name = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16]
        target = self._folder / name
        if (target / _COMPLETE).exists():
            return Venv(target)
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another Pinnace may be making the same one
            if (target / _COMPLETE).exists():
                return Venv(target)
            shutil.rmtree(target, ignore_errors=True)
            return self._build(target, packages, wanted)

    def _build(self, target: Path, packages: Sequence[str], wanted: dict[str, object]) -> Venv:
        pip = [str(target / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        for argv in ([self._python, "-m", "venv", str(target)], [*pip, "install", "--", *packages]):
            try:
                done = subprocess.run(argv, capture_output=True, check=False)
            except OSError as error:
                return Venv(target, _problem(packages, str(error)))
            if done.returncode != 0:
                said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
                return Venv(target, _problem(packages, said[-1] if said else f"{argv[0]} said nothing"))
        (target / _COMPLETE).write_text(json.dumps(wanted), encoding="utf-8")
        return Venv(target)


def _problem(packages: Sequence[str], said: str) -> str:
    names = ", ".join(packages)
    return f"the virtual environment with {names} cannot be made (the first time takes the network): {said}"
