"""A run that waits because its tasks' journal cannot be written says so."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from pinnace.bootstrap import Pinnace
from pinnace.ports.observer import Silence
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle
from pinnace.testing.desk import eventually
from supervisors import supervisor_of

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: held}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: first, template: first}
    - - {name: second, template: second}
  - name: first
    container:
      image: alpine:3.20
      command: [sh, -c, "touch PLACE/begun; until [ -e PLACE/go ]; do sleep 0.01; done"]
  - name: second
    container: {image: "alpine:3.20", command: ["true"]}
"""


class Hearing(Silence):
    """Keeps what is said, and lets the supervisor write again when it hears of trouble."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.supervisor = 0

    def said(self, message: str) -> None:
        """Take note, and make room."""
        self.heard.append(message)
        _, most = resource.prlimit(self.supervisor, resource.RLIMIT_FSIZE)
        resource.prlimit(self.supervisor, resource.RLIMIT_FSIZE, (most, most))


async def test_a_run_says_what_its_tasks_wait_for_and_when_they_go_on(tmp_path: Path) -> None:
    home = {"PINNACE_HOME": str(tmp_path / "home"), "PINNACE_ISOLATED": "false", "HOME": str(tmp_path)}
    pinnace = Pinnace(read_settings(home))
    bundle = read_bundle([("held.yaml", WORKFLOW.replace("PLACE", str(tmp_path)))])
    uid = pinnace.submit(bundle.workflows[0], bundle.catalogue)
    hearing = Hearing()
    driving = asyncio.create_task(pinnace.drive([uid], observer=hearing))
    await eventually((tmp_path / "begun").exists)
    hearing.supervisor = supervisor_of(tmp_path / "home" / "runs" / uid)
    _, most = resource.prlimit(hearing.supervisor, resource.RLIMIT_FSIZE)
    resource.prlimit(hearing.supervisor, resource.RLIMIT_FSIZE, (0, most))
    (tmp_path / "go").touch()
    await driving

    assert pinnace.load(uid).state.phase == "Succeeded"
    assert hearing.heard == [
        "held: the journal of the run's tasks cannot be written: File too large. They wait until it can.",
        "held: its tasks go on.",
    ]
    pinnace.close()
