"""What becomes of a start that is asked for again after a crash, when the first one has ended."""

from __future__ import annotations

from pathlib import Path

from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import StartTask
from pinnace.ports.images import StandIn
from pinnace.runtime.staging import Stager
from pinnace.spec.parameters import Artifact
from pinnace.testing.builders import bundle_of, document, run_of

TEMPLATE = {
    "name": "main",
    "inputs": {"artifacts": [{"name": "a", "path": "/a", "raw": {"data": "x"}}]},
    "container": {"image": "i", "command": ["c"]},
}


class Slow:
    """Keeps artifacts; something happens while it loads one."""

    def __init__(self) -> None:
        self.stager: Stager | None = None

    def load(self, _artifact: Artifact, target: Path) -> None:
        target.write_bytes(b"x")
        if self.stager is not None:
            self.stager.forget(["one"])

    def save(self, artifact: Artifact, source: Path) -> None:
        """Nothing is saved."""

    def delete(self, artifact: Artifact) -> None:
        """Nothing is deleted."""

    def list(self, _artifact: Artifact) -> list[str]:
        return []


class AnyImage:
    def resolve(self, *_: object) -> StandIn:
        return StandIn(argv=("true",))


def stager(folder: Path, keeper: Slow) -> tuple[Stager, StartTask]:
    run = run_of(bundle_of(document({"entrypoint": "main", "templates": [TEMPLATE]})))
    command = StartTask(
        node=NodeNumber(0), attempt_id="one", node_name="wf", template=run.workflow.spec.templates[0]
    )
    made = Stager(
        run,
        folder,
        keeper,
        AnyImage(),
        claims=folder / "claims",
        host_folders=(),
        extra_env={},
        isolated=True,
    )
    return made, command


async def test_a_task_whose_end_is_saved_while_its_inputs_load_is_not_started(tmp_path: Path) -> None:
    keeper = Slow()
    made, command = stager(tmp_path, keeper)
    keeper.stager = made
    assert await made.prepare(command) is None
    assert not (tmp_path / "staging" / "one").exists()


async def test_a_task_is_prepared_with_its_inputs(tmp_path: Path) -> None:
    made, command = stager(tmp_path, Slow())
    spec = await made.prepare(command)
    assert spec is not None
    assert [file.path for file in spec.files if file.source] == ["/a"]
