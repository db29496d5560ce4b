"""What an executor does beside a task while it runs: it hears how far that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pinnace.executors.isolation import probe
from pinnace.executors.process import ProcessExecutor
from pinnace.executors.supervisor.progress import ProgressFile
from pinnace.ports.executor import TaskEnded, TaskProgressed
from pinnace.testing.contracts.executor import RUN, Desk, volume


@pytest.fixture(params=[False, True], ids=["host", "view"])
async def desk(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Desk]:
    isolated: bool = request.param
    if isolated and not (isolation := await asyncio.to_thread(probe, home)).is_available:
        pytest.skip(isolation.reason)
    desk = Desk(ProcessExecutor(home), isolated=isolated)
    yield desk
    await desk.executor.close_run(RUN)
    await desk.executor.close()


def progress_file(desk: Desk, tmp_path: Path) -> str:
    return "/var/run/argo/progress" if desk.isolated else str(tmp_path / "progress")


def reports(desk: Desk) -> list[str]:
    return [update.progress for update in desk.updates if isinstance(update, TaskProgressed)]


async def test_how_far_a_task_says_it_is_is_told_while_it_runs(desk: Desk, tmp_path: Path) -> None:
    path, data = progress_file(desk, tmp_path), volume(tmp_path / "data")
    script = f"echo 1/3 > {path}; until [ -e {data.path}/go ]; do sleep 0.01; done; echo 2/3 >> {path}"
    await desk.executor.start([desk.task(script, files=(data,), progress_file=path)])
    assert (await desk.told("a", TaskProgressed)).progress == "1/3"
    (tmp_path / "data" / "go").touch()
    await desk.told("a", TaskEnded)
    assert reports(desk) == ["1/3", "2/3"]


async def test_who_adopts_a_task_hears_how_far_it_said_it_was(desk: Desk, home: Path, tmp_path: Path) -> None:
    path = progress_file(desk, tmp_path)
    await desk.executor.start([desk.task(f"echo 1/3 > {path}; exec sleep 1000", progress_file=path)])
    await desk.told("a", TaskProgressed)
    await desk.executor.close()

    later = Desk(ProcessExecutor(home), isolated=desk.isolated)
    await later.executor.adopt(RUN)
    assert (await later.told("a", TaskProgressed)).progress == "1/3"
    await later.executor.close()


async def test_a_progress_file_that_is_no_file_says_nothing(desk: Desk, tmp_path: Path) -> None:
    path = progress_file(desk, tmp_path)
    ended = await desk.run(f"mkfifo {path}", progress_file=path)
    assert (ended.exit_code, reports(desk)) == (0, [])


def test_the_last_line_is_news_once(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    file = ProgressFile(str(path))
    assert file.news() == ""
    path.write_text("1/9\n2/9\n\n")
    assert file.news() == "2/9"
    assert file.news() == ""
    path.write_text("x" * 1_000)
    assert file.news() == ""
    path.write_text("x" * 1_000 + "\n3/9 ")
    assert file.news() == "3/9"
    path.unlink()
    assert file.news() == ""
