"""What an executor does beside a task: hears how far it is, runs commands, keeps its last words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinnace.executors.process import ProcessExecutor
from pinnace.executors.supervisor.sayings import ProgressFile
from pinnace.ports.executor import EndReason, Quota, TaskEnded, TaskProgressed, TaskStarted
from pinnace.testing.desk import ENVIRONMENT, PATIENCE, RUN, Desk, eventually, volume


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


async def test_a_command_beside_a_task_sees_what_the_task_sees(desk: Desk, tmp_path: Path) -> None:
    path = "/tmp/made" if desk.isolated else str(tmp_path / "made")
    data = volume(tmp_path / "data")
    script = f"echo $WORD > {path}; touch {data.path}/ready; exec sleep 1000"
    env = (*ENVIRONMENT, ("WORD", "mine"))
    await desk.executor.start([desk.task(script, env=env, files=(data,))])
    await eventually((tmp_path / "data" / "ready").exists)

    ask = f'test "$(cat {path})" = "$WORD" || exit 5; exit 4'
    assert await desk.executor.run_beside("a", ("sh", "-c", ask), seconds=PATIENCE) == 4
    assert await desk.executor.run_beside("a", ("no-such-program",), seconds=PATIENCE) == 126
    assert await desk.executor.run_beside("a", ("sleep", "1000"), seconds=0.01) == 137


async def test_beside_what_does_not_run_nothing_runs(desk: Desk, tmp_path: Path) -> None:
    assert await desk.executor.run_beside("unknown", ("true",), seconds=PATIENCE) is None
    await desk.run("true")
    assert await desk.executor.run_beside("a", ("true",), seconds=PATIENCE) is None

    data = volume(tmp_path / "data")
    script = f"until [ -e {data.path}/asked ]; do sleep 0.01; done"
    await desk.executor.start([desk.task(script, "b", files=(data,))])
    await desk.told("b", TaskStarted)
    ask = ("sh", "-c", f"touch {data.path}/asked; exec sleep 1000")
    assert await desk.executor.run_beside("b", ask, seconds=PATIENCE) is None
    assert (await desk.told("b", TaskEnded)).exit_code == 0


async def test_what_is_called_unhealthy_is_stopped_and_its_own_exit_counts(
    desk: Desk, tmp_path: Path
) -> None:
    await desk.start_trapping("exit 7", tmp_path)
    await desk.executor.fail("a", "it does not answer")
    ended = await desk.told("a", TaskEnded)
    assert (ended.reason, ended.exit_code, ended.message) == (EndReason.UNHEALTHY, 7, "it does not answer")


async def test_the_start_is_told_when_what_follows_it_has_ended(desk: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    wait = f"touch {data.path}/begun; until [ -e {data.path}/go ]; do sleep 0.01; done"
    handler = ("sh", "-c", f"{wait}; echo said; touch {data.path}/done")
    script = f"until [ -e {data.path}/done ]; do sleep 0.01; done; echo ended"
    await desk.executor.start([desk.task(script, files=(data,), post_start=handler)])
    await eventually((tmp_path / "data" / "begun").exists)
    assert desk.updates == []
    (tmp_path / "data" / "go").touch()
    ended = await desk.told("a", TaskEnded)
    assert (ended.reason, ended.result) == (EndReason.EXITED, "ended")
    assert [type(update) for update in desk.updates] == [TaskStarted, TaskEnded]


@pytest.mark.parametrize("handler", [("false",), ("no-such-program",)])
async def test_a_handler_after_the_start_that_fails_stops_the_task(
    desk: Desk, handler: tuple[str, ...]
) -> None:
    ended = await desk.run("exec sleep 1000", post_start=handler)
    assert (ended.reason, ended.exit_code) == (EndReason.UNHEALTHY, 143)
    assert "its postStart handler ended with exit code" in ended.message


async def test_its_handler_runs_before_what_is_unhealthy_is_stopped(desk: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    handler = ("sh", "-c", f"sleep 0.05; echo handler >> {data.path}/order")
    action = f"echo term >> {data.path}/order; exit 3"
    script = f"trap '{action}' TERM; touch {data.path}/ready; while :; do sleep 0.01; done"
    await desk.executor.start([desk.task(script, files=(data,), pre_stop=handler)])
    await eventually((tmp_path / "data" / "ready").exists)
    await desk.executor.fail("a", "it does not answer")
    assert (await desk.told("a", TaskEnded)).exit_code == 3
    assert (tmp_path / "data" / "order").read_text() == "handler\nterm\n"


async def test_a_handler_that_does_not_end_uses_up_the_grace(desk: Desk) -> None:
    ended = await desk.run("exec sleep 1000", pre_stop=("sleep", "1000"), timeout=0.1, grace=0.2)
    assert (ended.reason, ended.exit_code) == (EndReason.DEADLINE, 137)


async def test_who_cancels_does_not_call_the_handler(desk: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    await desk.start_trapping("exit 0", tmp_path, pre_stop=("touch", f"{data.path}/called"))
    await desk.executor.cancel(["a"])
    assert (await desk.told("a", TaskEnded)).reason is EndReason.CANCELLED
    assert not list((tmp_path / "data").iterdir())


async def test_the_last_words_of_a_failure_are_its_message(desk: Desk, tmp_path: Path) -> None:
    path = "/dev/termination-log" if desk.isolated else str(tmp_path / "words")
    failed = await desk.run(f"printf 'no\\nway\\n' > {path}; exit 2", last_words=path)
    assert failed.message == "no\nway"
    assert not (await desk.run(f"echo fine > {path}", "b", last_words=path)).message
    long = await desk.run(f"head -c 10000 /dev/zero | tr '\\0' x > {path}; exit 2", "c", last_words=path)
    assert long.message == "x" * 4096


async def test_without_last_words_the_end_of_the_output_may_be_the_message(desk: Desk) -> None:
    script = "seq 1000; exit 2"
    failed = await desk.run(script, words_from_log=True)
    assert failed.message.splitlines() == [str(number) for number in range(921, 1001)]
    assert not (await desk.run(script, "b")).message


async def test_who_fills_a_folder_beyond_its_quota_is_evicted(desk: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    quota = Quota(limit=1_000_000, folder=data.source, message="data is full")
    script = f"mkdir {data.path}/in; for i in 1 2; do head -c 800000 /dev/zero > {data.path}/in/$i; done"
    ended = await desk.run(f"{script}; exec sleep 600", files=(data,), quotas=(quota,))
    assert (ended.reason, ended.exit_code) == (EndReason.EVICTED, 137)
    assert ended.message == "data is full"


async def test_who_keeps_to_its_quotas_is_not_ended(desk: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    quotas = (
        Quota(limit=10_000_000, message="the view is full"),
        Quota(limit=1_000_000, folder=data.source, message="data is full"),
    )
    ended = await desk.run(
        f"head -c 800000 /dev/zero > {data.path}/x; sleep 1.5", files=(data,), quotas=quotas
    )
    assert ended.exit_code == 0
