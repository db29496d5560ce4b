"""Tasks without isolation share the host's files, and get along."""

from __future__ import annotations

from pathlib import Path

from pinnace.executors.process import ProcessExecutor
from pinnace.ports.executor import EndReason, StagedFile, TaskEnded, TaskSpec, TaskStarted
from pinnace.testing.desk import RUN, Desk


async def test_tasks_that_come_and_go_share_the_folders_made_for_their_files(
    home: Path, tmp_path: Path
) -> None:
    desk = Desk(ProcessExecutor(home, max_tasks=6), isolated=False)
    # Three share a folder, so that it comes and goes often.
    places = {f"a{number}": tmp_path / f"made{number // 3}" / f"a{number}" / "in" for number in range(60)}
    await desk.executor.start(
        [desk.task("true", name, files=(StagedFile(path=str(path)),)) for name, path in places.items()]
    )
    ends = [await desk.told(name, TaskEnded) for name in places]
    await desk.executor.close_run(RUN)

    assert [end.message for end in ends if end.exit_code != 0] == []


async def test_a_command_that_is_not_there_is_told_in_the_words_that_people_look_for(host: Desk) -> None:
    task = TaskSpec(attempt_id="a", run_id=RUN, argv=("no-such-command",), isolated=False)
    await host.executor.start([task])
    ended = await host.told("a", TaskEnded)
    assert ended.message.startswith('exec: "no-such-command": executable file not found in PATH (')


async def test_a_file_below_a_link_to_nowhere_is_refused(host: Desk, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    ended = await host.run("true", files=(StagedFile(path=f"{tmp_path}/link/in"),))
    assert ended.reason is EndReason.NOT_STARTED


async def test_each_task_finds_an_empty_folder_whatever_the_one_before_did_to_its_own(
    narrow: Desk, home: Path
) -> None:
    deeds = ("touch left", "chmod 500 .", "true", 'rmdir "$PWD"', "mkdir .hidden", "true")
    look = "ls -A; ls -ld . | cut -c1-10"
    for number, deed in enumerate(deeds):
        await narrow.executor.start([narrow.task(f"{look}; {deed}", f"a{number}")])
        await narrow.told(f"a{number}", TaskEnded)
    ends = [await narrow.told(f"a{number}", TaskEnded) for number in range(len(deeds))]
    await narrow.executor.close_run(RUN)

    assert [(end.exit_code, end.result) for end in ends] == [(0, "drwxr-xr-x")] * len(deeds)
    assert [path.name for path in (home / "runs" / RUN).iterdir()] == ["logs"]


async def test_tasks_of_a_run_share_the_link_to_a_volume_and_the_last_takes_it_away(
    host: Desk, tmp_path: Path
) -> None:
    volume, place = tmp_path / "volume", tmp_path / "made" / "v"
    volume.mkdir()
    files = (StagedFile(path=str(place), source=str(volume), writable_source=True),)
    wait = f"until test -e {place}/go; do sleep 0.02; done; echo b > {place}/b"
    await host.executor.start([host.task(wait, "late", files=files)])
    await host.told("late", TaskStarted)
    await host.executor.start([host.task(f"echo a > {place}/a", "a", files=files)])
    assert (await host.told("a", TaskEnded)).exit_code == 0
    assert place.is_symlink()
    (volume / "go").touch()
    assert (await host.told("late", TaskEnded)).exit_code == 0

    assert sorted(path.name for path in volume.iterdir()) == ["a", "b", "go"]
    assert not place.exists()


async def test_a_volume_does_not_replace_what_is_there(host: Desk, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    files = (StagedFile(path=str(tmp_path / "here"), source=str(tmp_path), writable_source=True),)
    ended = await host.run("true", files=files)
    assert ended.reason is EndReason.NOT_STARTED
    assert "exists on this machine" in ended.message
