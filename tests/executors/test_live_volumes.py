"""Folders of the machine itself in a task's view, with and without isolation."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinnace.ports.executor import EndReason, StagedFile, TaskEnded, TaskStarted
from pinnace.testing.desk import Desk, eventually


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
    assert "nothing kept it from writing to volumes that can only be read" in started.notes
    assert (own / "x").exists()
    assert not linked.exists()


@pytest.mark.parametrize("part", ["", "/inner"])
async def test_a_volume_whose_path_has_become_a_link_is_not_mounted(
    view: Desk, tmp_path: Path, part: str
) -> None:
    secret = tmp_path / "secret"
    (secret / "inner").mkdir(parents=True)
    (tmp_path / "volume").symlink_to(secret)  # as another task may do after the path was judged
    file = StagedFile(path="/v", source=f"{tmp_path}/volume{part}", writable_source=True, live_source=True)
    ended = await view.run("true", files=(file,))
    assert ended.reason is EndReason.NOT_STARTED
    assert "volume has become a link" in ended.message


async def test_no_volume_is_mounted_through_a_link_in_another(view: Desk, tmp_path: Path) -> None:
    around, within = tmp_path / "around", tmp_path / "within"
    around.mkdir()
    within.mkdir()
    (around / "sub").symlink_to("/etc")  # as another task may do
    files = (
        StagedFile(path="/v", source=str(around), writable_source=True, live_source=True),
        StagedFile(path="/v/sub", source=str(within), writable_source=True, live_source=True),
    )
    ended = await view.run("true", files=files)
    assert ended.reason is EndReason.NOT_STARTED
    assert ended.message == "/v/sub: no volume can be mounted there: sub is a link"


async def test_an_input_follows_links_in_a_volume_only_within_the_view(
    view: Desk, home: Path, tmp_path: Path
) -> None:
    secret, mounted = home / "secret", tmp_path / "volume"  # no view shows what is in the home
    for folder in (secret, mounted):
        folder.mkdir()
    (mounted / "home").symlink_to(secret)
    files = (
        StagedFile(path="/v", source=str(mounted), writable_source=True),
        StagedFile(path="/v/new/input", content=b"new"),
        StagedFile(path="/v/home/input", content=b"home"),
    )
    ended = await view.run("true", "refused", files=files)
    assert ended.reason is EndReason.NOT_STARTED
    (mounted / "home").unlink()
    (mounted / "home").symlink_to("/run")
    ended = await view.run("cat /v/new/input /run/input", files=files)
    assert ended.result == "newhome"
    assert (mounted / "new" / "input").read_text() == "new"
    assert not list(secret.iterdir())
