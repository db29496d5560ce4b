"""What every executor keeps. Inherit ``ExecutorContract``, give it a fixture ``make``, and pytest runs it.

``make`` builds an executor on the same home each time it is called: a second one stands for Pinnace after a
crash. Commands are POSIX shell; a path below ``tmp_path`` means the same to the task and to the test only
when it is handed in as a volume (``StagedFile.writable_source``).
"""

# ruff: noqa: ASYNC240  # a test may look at files

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from pinnace.ports.executor import (
    MAX_RESULT_BYTES,
    Capture,
    Captured,
    CaptureKind,
    EndReason,
    Executor,
    StagedFile,
    TaskEnded,
    TaskSpec,
    TaskStarted,
)
from pinnace.testing.desk import ENVIRONMENT, RUN, Desk, Pulse, eventually, volume

MakeExecutor = Callable[[], Executor]


class EndContract:
    """How ends are told."""

    #: Whether the tasks ask for isolation.
    isolated: ClassVar[bool]

    @pytest.fixture
    async def desk(self, make: MakeExecutor) -> AsyncIterator[Desk]:
        desk = Desk(make(), isolated=self.isolated)
        yield desk
        await desk.executor.close_run(RUN)
        await desk.executor.close()

    @pytest.fixture
    def pulse(self, tmp_path: Path) -> Iterator[Pulse]:
        pulse = Pulse(tmp_path / "data")
        yield pulse
        pulse.close()

    async def test_the_exit_code_and_the_output_are_told(self, desk: Desk) -> None:
        before = time.time()
        ended = await desk.run("echo out; echo err >&2; exit 3")
        assert (ended.reason, ended.exit_code, ended.result) == (EndReason.EXITED, 3, "out")
        assert before <= ended.at <= time.time()

    async def test_the_start_is_told_before_the_end(self, desk: Desk) -> None:
        await desk.run("true")
        assert [type(update) for update in desk.updates] == [TaskStarted, TaskEnded]

    async def test_a_result_is_kept_only_when_it_is_wanted(self, desk: Desk) -> None:
        assert (await desk.run("echo out", want_result=False)).result is None

    async def test_the_result_is_the_last_part_of_a_long_output(self, desk: Desk) -> None:
        ended = await desk.run("head -c 1000000 /dev/zero | tr '\\0' x; printf end")
        assert ended.result == "x" * (MAX_RESULT_BYTES - 3) + "end"

    async def test_one_newline_is_removed_from_the_result(self, desk: Desk) -> None:
        assert (await desk.run("printf 'a\\n\\n'")).result == "a\n"

    async def test_bytes_that_are_no_text_are_replaced(self, desk: Desk) -> None:
        assert (await desk.run("printf 'a\\377b'")).result == "a�b"

    async def test_a_command_that_does_not_exist_is_not_started(self, desk: Desk) -> None:
        task = TaskSpec(attempt_id="a", run_id=RUN, argv=("no-such-command",), isolated=self.isolated)
        await desk.executor.start([task])
        ended = await desk.told("a", TaskEnded)
        assert (ended.reason, ended.exit_code) == (EndReason.NOT_STARTED, None)
        assert "no-such-command" in ended.message
        assert len(desk.updates) == 1

    async def test_too_large_an_argument_is_not_started(self, desk: Desk) -> None:
        ended = await desk.run("true", env=(("LARGE", "x" * 140_000),))
        assert (ended.reason, ended.exit_code) == (EndReason.NOT_STARTED, None)
        assert "file" in ended.message

    async def test_a_signal_from_outside_is_told_as_such(self, desk: Desk) -> None:
        ended = await desk.run("kill -9 $$")
        assert (ended.reason, ended.exit_code) == (EndReason.SIGNALLED, 137)

    async def test_the_environment_is_what_is_given_and_nothing_else(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PINNACE_TEST_SECRET", "secret")
        task = TaskSpec(
            attempt_id="a",
            run_id=RUN,
            argv=("env",),
            env=(*ENVIRONMENT, ("A", "1\n2"), ("B", "")),
            isolated=self.isolated,
            want_result=True,
        )
        await desk.executor.start([task])
        assert (await desk.told("a", TaskEnded)).result == f"PATH={ENVIRONMENT[0][1]}\nA=1\n2\nB="

    async def test_standard_input_is_empty(self, desk: Desk) -> None:
        assert (await desk.run("cat")).result == ""

    async def test_a_known_attempt_is_not_started_again(self, desk: Desk, tmp_path: Path) -> None:
        data = volume(tmp_path / "data")
        task = desk.task(f"echo ran >> {data.path}/log", files=(data,))
        await asyncio.gather(desk.executor.start([task]), desk.executor.start([task]))
        await desk.told("a", TaskEnded)
        desk.updates.clear()
        await desk.executor.start([task])
        await desk.told("a", TaskEnded)
        assert (tmp_path / "data" / "log").read_text() == "ran\n"

    async def test_every_one_of_many_is_answered(self, desk: Desk) -> None:
        tasks = [desk.task(f"exit {number % 7}", f"a{number}") for number in range(150)]
        await desk.executor.start(tasks)
        codes = [(await desk.told(f"a{number}", TaskEnded)).exit_code for number in range(150)]
        assert codes == [number % 7 for number in range(150)]


class FileContract(EndContract):
    """What a task finds and what is kept of it."""

    async def test_files_are_where_they_are_wanted(self, desk: Desk, tmp_path: Path) -> None:
        source = tmp_path / "source"
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "one").write_text("1")
        target = tmp_path / "view"
        files = (
            StagedFile(path=f"{target}/content", content=b"\x00text", mode=0o755),
            StagedFile(path=f"{target}/folder", source=str(source)),
            StagedFile(path=f"{target}/single", source=str(source / "deep" / "one"), mode=0o400),
        )
        script = (
            f"cd {target} && stat -c %a content single && od -An -c content && cat folder/deep/one single"
        )
        ended = await desk.run(script, files=files)
        assert ended.result == "755\n400\n  \\0   t   e   x   t\n11"

    async def test_a_source_is_never_changed(self, desk: Desk, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_text("before")
        path = f"{tmp_path}/view"
        ended = await desk.run(
            f"echo after > {path}; cat {path}", files=(StagedFile(path=path, source=str(source)),)
        )
        assert ended.result == "after"
        assert source.read_text() == "before"

    async def test_tasks_meet_in_a_volume(self, desk: Desk, tmp_path: Path) -> None:
        data = volume(tmp_path / "data")
        await desk.run(f"echo shared > {data.path}/x", "a", files=(data,))
        assert (await desk.run(f"cat {data.path}/x", "b", files=(data,))).result == "shared"

    async def test_the_working_directory_is_honoured(self, desk: Desk) -> None:
        assert (await desk.run("pwd", working_dir="/usr")).result == "/usr"

    async def test_captures_are_kept_also_of_a_failure(self, desk: Desk, tmp_path: Path) -> None:
        out = tmp_path / "out"
        script = f"mkdir -p {out}/d/e; echo 1 > {out}/p; chmod 640 {out}/p; echo 2 > {out}/d/e/f; exit 1"
        captures = (
            Capture(name="p", path=f"{out}/p", kind=CaptureKind.PARAMETER),
            Capture(name="d", path=f"{out}/d", kind=CaptureKind.ARTIFACT),
            Capture(name="none", path=f"{out}/none", kind=CaptureKind.ARTIFACT),
        )
        ended = await desk.run(script, captures=captures)
        assert ended.exit_code == 1
        parameter, folder, missing = ended.captures
        assert Path(parameter.stored).read_text() == "1\n"
        assert Path(parameter.stored).stat().st_mode & 0o777 == 0o640
        assert (Path(folder.stored) / "e" / "f").read_text() == "2\n"
        assert missing == Captured(name="none", kind=CaptureKind.ARTIFACT, found=False)

    async def test_a_pipe_is_not_captured(self, desk: Desk, tmp_path: Path) -> None:
        path = f"{tmp_path}/pipe"
        capture = Capture(name="p", path=path, kind=CaptureKind.ARTIFACT)
        (captured,) = (await desk.run(f"mkdir -p {tmp_path} && mkfifo {path}", captures=(capture,))).captures
        assert (captured.found, captured.stored) == (True, "")
        assert path in captured.error

    async def test_links_are_followed_where_the_task_lived(self, desk: Desk, tmp_path: Path) -> None:
        out = tmp_path / "out"
        make = f"mkdir -p {out}; cd {out}; echo x > a"
        script = f"{make}; ln -s a inside; ln -s /etc/passwd leaves; ln -s {out} {out}.link"
        capture = Capture(name="o", path=f"{out}.link", kind=CaptureKind.ARTIFACT)
        (captured,) = (await desk.run(script, captures=(capture,))).captures
        stored = Path(captured.stored)
        assert (stored / "inside").readlink() == Path("a")
        assert not (stored / "leaves").is_symlink()
        assert (stored / "leaves").read_text() == Path("/etc/passwd").read_text()

    async def test_released_captures_are_gone(self, desk: Desk, tmp_path: Path) -> None:
        capture = Capture(name="o", path=f"{tmp_path}/o", kind=CaptureKind.ARTIFACT)
        (captured,) = (
            await desk.run(f"mkdir -p {tmp_path}; echo 1 > {tmp_path}/o", captures=(capture,))
        ).captures
        assert Path(captured.stored).exists()
        await desk.executor.release(["a"])
        assert not Path(captured.stored).exists()
        assert await desk.executor.adopt(RUN) in ([], ())


class StopContract(FileContract):
    """How tasks are ended."""

    async def test_a_cancelled_task_may_end_by_itself(self, desk: Desk, tmp_path: Path) -> None:
        await desk.start_trapping("exit 9", tmp_path)
        await desk.executor.cancel(["a"])
        ended = await desk.told("a", TaskEnded)
        assert (ended.reason, ended.exit_code) == (EndReason.CANCELLED, 9)

    async def test_a_cancel_right_after_the_start_is_not_lost(self, desk: Desk) -> None:
        names = [f"a{number}" for number in range(20)]
        await desk.executor.start([desk.task("sleep 3600", name) for name in names])
        await desk.executor.cancel(names, grace=0)
        reasons = {(await desk.told(name, TaskEnded)).reason for name in names}
        assert reasons == {EndReason.CANCELLED}

    async def test_a_task_that_ignores_sigterm_is_killed_after_its_grace(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        await desk.start_trapping("", tmp_path, grace=3600)
        await desk.executor.cancel(["a"], grace=0.2)
        ended = await desk.told("a", TaskEnded)
        assert (ended.reason, ended.exit_code) == (EndReason.CANCELLED, 137)

    async def test_the_first_of_two_graces_may_be_shortened(self, desk: Desk, tmp_path: Path) -> None:
        await desk.start_trapping("", tmp_path)
        await desk.executor.cancel(["a"], grace=3600)
        await desk.executor.cancel(["a"], grace=0)
        assert (await desk.told("a", TaskEnded)).exit_code == 137

    async def test_an_unknown_attempt_may_be_cancelled_and_released(self, desk: Desk) -> None:
        await desk.executor.cancel(["nobody"])
        await desk.executor.release(["nobody"])
        assert desk.updates == []

    async def test_a_timeout_counts_from_the_start(self, desk: Desk) -> None:
        ended = await desk.run("sleep 3600", timeout=0.2)
        assert (ended.reason, ended.exit_code) == (EndReason.DEADLINE, 143)

    async def test_a_deadline_is_a_time_of_day(self, desk: Desk) -> None:
        ended = await desk.run("sleep 3600", deadline=time.time() + 0.2)
        assert ended.reason is EndReason.DEADLINE

    async def test_a_task_does_not_start_after_its_deadline(self, desk: Desk) -> None:
        ended = await desk.run("true", deadline=time.time() - 1)
        assert (ended.reason, ended.exit_code) == (EndReason.DEADLINE, None)
        assert len(desk.updates) == 1

    async def test_nothing_that_detached_itself_is_left(self, desk: Desk, pulse: Pulse) -> None:
        detach = "setsid sh -c '(trap \"\" TERM HUP; touch $0; while :; do sleep 0.01; done) &'"
        up = f"{pulse.volume.path}/up"
        script = f"{pulse.begin}; {detach} {up}; until [ -e {up} ]; do sleep 0.01; done; exit 4"
        ended = await desk.run(script, files=(pulse.volume,))
        assert ended.exit_code == 4
        assert not pulse.beats()

    async def test_an_end_does_not_wait_for_who_holds_its_output(self, desk: Desk) -> None:
        ended = await desk.run("setsid sleep 3600 & echo done")
        assert (ended.exit_code, ended.result) == (0, "done")


class ExecutorContract(StopContract):
    """Everything, with what outlives Pinnace last."""

    async def test_a_running_task_is_adopted_and_its_end_told(
        self, desk: Desk, make: MakeExecutor, tmp_path: Path
    ) -> None:
        data = volume(tmp_path / "data")
        script = (
            f"until [ -e {data.path}/go ]; do sleep 0.01; done; echo ran >> {data.path}/log; echo out; exit 4"
        )
        task = desk.task(script, files=(data,))
        await desk.executor.start([task])
        started = await desk.told("a", TaskStarted)
        await desk.executor.close()
        later = Desk(make(), isolated=self.isolated)
        assert list(await later.executor.adopt(RUN)) == [started]
        await later.executor.start([task])
        (tmp_path / "data" / "go").touch()
        ended = await later.told("a", TaskEnded)
        assert (ended.reason, ended.exit_code, ended.result) == (EndReason.EXITED, 4, "out")
        assert (tmp_path / "data" / "log").read_text() == "ran\n"
        await later.executor.close_run(RUN)

    async def test_an_end_is_told_again_until_it_is_released(self, desk: Desk, make: MakeExecutor) -> None:
        ended = await desk.run("echo out; exit 5")
        await desk.executor.close()
        for _ in range(2):
            later = make()
            assert list(await later.adopt(RUN)) == [ended]
            await later.close()
        later = make()
        await later.adopt(RUN)
        await later.release(["a", "a"])  # as who was told twice does
        await later.release(["a"])
        await later.close()
        last = make()
        assert list(await last.adopt(RUN)) == []
        await last.close_run(RUN)

    async def test_a_run_that_started_nothing_has_nothing_to_adopt(self, desk: Desk) -> None:
        assert list(await desk.executor.adopt("never-seen")) == []

    async def test_closing_a_run_ends_what_runs(self, desk: Desk, make: MakeExecutor, pulse: Pulse) -> None:
        script = f"trap '' TERM; {pulse.begin}; while :; do sleep 0.01; done"
        await desk.executor.start([desk.task(script, files=(pulse.volume,))])
        await eventually(pulse.beats)
        await desk.executor.close_run(RUN)
        assert not pulse.beats()
        assert list(await make().adopt(RUN)) == []

    async def test_runs_do_not_know_of_each_other(self, desk: Desk) -> None:
        other = TaskSpec(
            attempt_id="b", run_id="run-2", argv=("true",), env=ENVIRONMENT, isolated=self.isolated
        )
        await desk.executor.start([desk.task("exit 1"), other])
        assert (await desk.told("a", TaskEnded)).exit_code == 1
        assert (await desk.told("b", TaskEnded)).exit_code == 0
        await desk.executor.close_run("run-2")
        assert [fact.attempt_id for fact in await desk.executor.adopt(RUN)] == ["a"]
