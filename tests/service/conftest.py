from __future__ import annotations

import pytest

from pinnace.testing.play import Play

HEAD = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
"""

#: Templates that the workflows of these tests call.
LEAVES = """
  - name: say
    inputs: {parameters: [{name: m, default: hi}]}
    outputs: {parameters: [{name: out, valueFrom: {path: /tmp/out}}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.m}}"]}
  - {name: task, container: {image: busybox, command: ["true"]}}
"""


@pytest.fixture
def play() -> object:
    """Return a function that makes a run of templates and begins it."""

    def made(templates: str, spec: str = "") -> Play:
        return Play(f"{HEAD}{spec}  templates:{LEAVES}{templates}").start()

    return made
