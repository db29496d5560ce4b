"""Folders of the machine itself in a task's view, with and without isolation."""

from __future__ import annotations

from pathlib import Path

from pinnace.ports.executor import StagedFile, TaskEnded, TaskStarted
from pinnace.testing.contracts.executor import Desk, eventually


async def test_a_task_sees_the_folder_itself_and_changes_it_only_where_it_may(
    view: Desk, tmp_path: Path
) -> None:
    free, kept = tmp_path / "free", tmp_path / "kept"
    for folder in (free, kept):
        folder.mkdir()
    files = (
        StagedFile(path="/free", source=str(free), writable_source=True, live_source=True),
        StagedFile(path="/kept", source=str(kept), live_source=True),
    )
    script = "echo new > /free/new; until [ -e /kept/late ]; do sleep 0.01; done; echo no > /kept/new"
    await view.executor.start([view.task(script, files=files)])
    await eventually((free / "new").exists)
    (kept / "late").touch()  # it is the folder itself, not a copy
    ended: TaskEnded = await view.told("a", TaskEnded)
    assert ended.exit_code
    assert [path.name for path in kept.iterdir()] == ["late"]


async def test_no_input_is_put_into_a_folder_that_is_only_read(view: Desk, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    files = (
        StagedFile(path="/kept", source=str(kept), live_source=True),
        StagedFile(path="/kept/input", content=b"new"),
    )
    ended = await view.run("true", files=files)
    assert "the volume is read-only" in ended.message
    assert not list(kept.iterdir())


async def test_without_isolation_a_folder_is_where_it_is_and_not_read_only(
    host: Desk, tmp_path: Path
) -> None:
    own, linked = tmp_path / "own", tmp_path / "linked"
    own.mkdir()
    files = (
        StagedFile(path=str(own), source=str(own), live_source=True),
        StagedFile(path=str(linked), source=str(own), live_source=True),
    )
    ended = await host.run(f"echo x > {own}/x; cat {linked}/x", files=files)
    assert (ended.exit_code, ended.result) == (0, "x")
    started: TaskStarted = await host.told("a", TaskStarted)
    assert "its hostPath volumes are not read-only" in started.notes
    assert (own / "x").exists()
    assert not linked.exists()
