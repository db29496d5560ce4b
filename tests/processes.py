"""Processes that tests begin, none of which outlives its test, however that ends."""

from __future__ import annotations

import subprocess
from typing import Any, AnyStr

#: Seconds after which a test that waits has failed; far more than any needs, also on a busy machine.
PATIENCE = 300.0

_begun: list[subprocess.Popen[Any]] = []


def begun(process: subprocess.Popen[AnyStr]) -> subprocess.Popen[AnyStr]:
    """Return ``process``, which ``end_begun`` knows of from now on."""
    _begun.append(process)
    return process


def end_begun() -> None:
    """Kill what a test that failed has left of the processes that it began."""
    while _begun:
        process = _begun.pop()
        with process:
            process.kill()
