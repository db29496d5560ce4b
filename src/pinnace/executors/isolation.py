"""What this machine can isolate: asked before a run, answered by trying it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from pinnace.executors.link import PACKAGE_FOLDER, hidden_folders, visible_folders

_PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from supervisor.trial import main; main()"


class Isolation(msgspec.Struct, frozen=True):
    """What isolated tasks get here."""

    is_available: bool
    reason: str = ""
    """Why not, and what would allow it; empty when it is available."""
    notes: tuple[str, ...] = ()
    """What a private view cannot give here although it is available, each a sentence."""


def probe(home: Path, *, python: str = sys.executable) -> Isolation:
    """Return what isolation tasks of the Pinnace at ``home`` get here, by running one. Blocks."""
    if not sys.platform.startswith("linux"):
        return Isolation(is_available=False, reason=f"private views need Linux, this is {sys.platform}")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="probe-") as folder:
        config = {"root": folder, "hidden": hidden_folders(home), "visible": visible_folders(python, ())}
        done = subprocess.run(
            [python, "-I", "-S", "-X", "utf8", "-c", _PROGRAM, PACKAGE_FOLDER],
            input=json.dumps(config).encode(),
            capture_output=True,
            env={},
            check=False,
        )
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return Isolation(is_available=False, reason=f"the trial of a private view failed: {reason}")
    return msgspec.json.decode(done.stdout, type=Isolation)
