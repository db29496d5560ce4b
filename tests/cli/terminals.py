"""Manifests and processes that the tests of commands share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from processes import PATIENCE, begun

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s}
spec:
  entrypoint: main
  onExit: bye
  arguments: {parameters: [{name: code, value: "0"}]}
  templates:
  - name: main
    steps:
    - - {name: first, template: say}
    - - {name: second, template: leave}
  - {name: say, container: {image: busybox, command: [echo, "hello [bold]there[/bold]"]}}
  - name: leave
    container: {image: busybox, command: [sh, -c], args: ["echo oops >&2; exit {{workflow.parameters.code}}"]}
  - {name: bye, container: {image: busybox, command: [echo, bye]}}
"""
SLEEPER = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: sleeper}
spec:
  entrypoint: main
  onExit: bye
  templates:
  - {name: main, container: {image: busybox, command: [sleep, "600"]}}
  - {name: bye, container: {image: busybox, command: [echo, bye]}}
"""
WAITER = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: waiter}
spec:
  entrypoint: main
  templates:
  - {name: main, suspend: {}, outputs: {parameters: [{name: x, valueFrom: {supplied: {}}}]}}
"""

Said = tuple[int, str, str]
Cli = Callable[..., Said]


def started(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pinnace", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(env or {})},
    )
    return begun(process)


def wait_until(cli: Cli, *command: str, holds: str) -> str:
    """Ask until the answer holds a text, and return it."""
    end = time.monotonic() + PATIENCE
    while True:
        _, out, _ = cli(*command)
        if holds in out:
            return out
        assert time.monotonic() < end, out
        time.sleep(0.05)
