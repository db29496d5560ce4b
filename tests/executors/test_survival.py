"""What is known after Pinnace or a supervisor was killed at once."""

# ruff: noqa: ASYNC110, ASYNC220  # a test may wait for files to change, and start a victim

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from pinnace.executors.process import ProcessExecutor
from pinnace.ports.executor import EndReason, TaskEnded, TaskStarted
from pinnace.testing.desk import PATIENCE, RUN, Desk, Pulse, eventually, volume
from supervisors import supervisor_of

#: Hands over two tasks and then waits to be killed.
OWNER = """
import asyncio, sys
from pathlib import Path
from pinnace.executors.process import ProcessExecutor
from pinnace.ports.executor import StagedFile, TaskSpec

async def main(home, data, isolated):
    executor = ProcessExecutor(Path(home))
    files = (StagedFile(path=f"{data}-mounted", source=data, writable_source=True),)
    env = (("PATH", "/usr/bin:/bin"),)
    slow = f"until [ -e {data}-mounted/go ]; do sleep 0.01; done; echo slow; exit 6"
    scripts = {"fast": "echo fast; exit 5", "slow": slow}
    await executor.start([
        TaskSpec(attempt_id=name, run_id="run-1", argv=("sh", "-c", script), env=env,
                 files=files if name == "slow" else (), isolated=isolated, want_result=True)
        for name, script in scripts.items()
    ])
    print("handed over", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3] == "True"))
"""


async def test_after_the_owner_is_killed_every_end_is_still_true(
    desk: Desk, home: Path, tmp_path: Path
) -> None:
    data = volume(tmp_path / "data")
    command = [sys.executable, "-c", OWNER, str(home), data.source, str(desk.isolated)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert await asyncio.to_thread(owner.stdout.readline) == b"handed over\n"
        owner.kill()
    (tmp_path / "data" / "go").touch()
    async with asyncio.timeout(PATIENCE):
        while len(ends := [f for f in await desk.executor.adopt(RUN) if isinstance(f, TaskEnded)]) < 2:
            await asyncio.sleep(0.01)
    told = {end.attempt_id: (end.reason, end.exit_code, end.result) for end in ends}
    assert told == {"fast": (EndReason.EXITED, 5, "fast"), "slow": (EndReason.EXITED, 6, "slow")}


async def test_after_a_supervisor_is_killed_what_ran_is_lost_and_ended(
    desk: Desk, home: Path, pulse: Pulse
) -> None:
    await desk.run("exit 5", "before")
    script = f"trap '' TERM; {pulse.begin}; while :; do sleep 0.01; done"
    await desk.executor.start([desk.task(script, "during", files=(pulse.volume,))])
    await eventually(pulse.beats)
    await desk.told("during", TaskStarted)
    os.kill(supervisor_of(home / "runs" / RUN), signal.SIGKILL)
    ended = await desk.told("during", TaskEnded)
    assert (ended.reason, ended.exit_code) == (EndReason.LOST, None)
    facts = {fact.attempt_id: fact for fact in await desk.executor.adopt(RUN)}
    assert facts["during"] == ended
    assert facts["before"].exit_code == 5
    assert (await desk.run("exit 7", "after")).exit_code == 7
    await eventually(lambda: not pulse.beats())  # its warden ends it as soon as it notices


async def test_what_waited_when_a_supervisor_was_killed_is_started_by_the_next(
    narrow: Desk, home: Path, tmp_path: Path
) -> None:
    data = volume(tmp_path / "data")
    blocker = narrow.task(f"touch {data.path}/up; sleep 3600", "blocker", files=(data,))
    await narrow.executor.start([blocker, narrow.task("echo waited", "waiting")])
    await eventually((tmp_path / "data" / "up").exists)
    os.kill(supervisor_of(home / "runs" / RUN), signal.SIGKILL)
    assert (await narrow.told("waiting", TaskEnded)).result == "waited"
    assert (await narrow.told("blocker", TaskEnded)).reason is EndReason.LOST


async def test_a_cancelled_task_that_waits_never_starts(narrow: Desk) -> None:
    await narrow.executor.start([narrow.task("sleep 3600", "blocker"), narrow.task("true", "waiting")])
    await narrow.executor.cancel(["waiting"])
    ended = await narrow.told("waiting", TaskEnded)
    assert (ended.reason, ended.exit_code) == (EndReason.CANCELLED, None)
    await narrow.executor.close_run(RUN)
    assert not any(isinstance(u, TaskStarted) and u.attempt_id == "waiting" for u in narrow.updates)


async def test_a_waiting_task_ends_at_its_deadline(narrow: Desk) -> None:
    blocker, waiting = narrow.task("sleep 3600", "blocker"), narrow.task("true", "waiting", deadline=1.0)
    await narrow.executor.start([blocker, waiting])
    assert (await narrow.told("waiting", TaskEnded)).reason is EndReason.DEADLINE


async def test_a_deep_home_is_no_obstacle_to_the_socket(tmp_path: Path) -> None:
    home = tmp_path.joinpath(*["a-rather-long-folder-name"] * 8)
    desk = Desk(ProcessExecutor(home), isolated=False)
    assert (await desk.run("exit 3")).exit_code == 3
    await desk.executor.close_run(RUN)


async def test_closing_a_run_twice_or_unseen_is_no_error(home: Path) -> None:
    executor = ProcessExecutor(home)
    await executor.close_run("never-seen")
    desk = Desk(executor, isolated=False)
    await desk.run("true")
    await executor.close_run(RUN)
    await executor.close_run(RUN)
    left = sorted(path.name for path in (home / "runs" / RUN).iterdir())
    assert left == ["logs"]


async def test_when_a_warden_is_killed_its_task_is_lost_and_gone(
    host: Desk, tmp_path: Path, pulse: Pulse
) -> None:
    warden, here = tmp_path / "data" / "warden", pulse.volume.path
    detached = f"(setsid sh -c 'touch {here}/up; while :; do sleep 0.01; done' &)"
    script = (
        f"{pulse.begin}; {detached}; until [ -e {here}/up ]; do sleep 0.01; done; echo $PPID > {here}/warden"
    )
    await host.executor.start([host.task(f"{script}; sleep 3600", files=(pulse.volume,))])
    await eventually(lambda: warden.exists() and warden.read_text().endswith("\n"))
    os.kill(int(warden.read_text()), signal.SIGKILL)
    ended = await host.told("a", TaskEnded)
    assert (ended.reason, ended.exit_code) == (EndReason.LOST, None)
    assert not pulse.beats()


async def test_a_run_whose_journal_cannot_be_written_waits_says_why_and_goes_on(
    desk: Desk, home: Path
) -> None:
    await desk.run("true", "first")
    supervisor = supervisor_of(home / "runs" / RUN)
    _, most = resource.prlimit(supervisor, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor, resource.RLIMIT_FSIZE, (0, most))
    await desk.executor.start([desk.task("echo late", "second"), desk.task("true", "third")])
    await eventually(lambda: bool(desk.complaints))
    assert not any(update.attempt_id in {"second", "third"} for update in desk.updates)

    resource.prlimit(supervisor, resource.RLIMIT_FSIZE, (most, most))
    ended = await desk.told("second", TaskEnded)
    assert (ended.exit_code, ended.result) == (0, "late")
    await desk.told("third", TaskEnded)
    why = "the journal of the run's tasks cannot be written: File too large"
    assert desk.complaints == [(RUN, why), (RUN, "")]


async def test_who_comes_later_is_told_what_a_run_waits_for(desk: Desk, home: Path) -> None:
    await desk.run("true", "first")
    supervisor = supervisor_of(home / "runs" / RUN)
    _, most = resource.prlimit(supervisor, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor, resource.RLIMIT_FSIZE, (0, most))
    await desk.executor.start([desk.task("true", "second")])
    await eventually(lambda: bool(desk.complaints))
    await desk.executor.close()

    later = Desk(ProcessExecutor(home), isolated=desk.isolated)
    await later.executor.adopt(RUN)
    assert [run for run, _ in later.complaints] == [RUN]
    resource.prlimit(supervisor, resource.RLIMIT_FSIZE, (most, most))
    await later.told("second", TaskEnded)
    await later.executor.close()
