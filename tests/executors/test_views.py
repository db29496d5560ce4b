"""What a private view keeps from the task, and what it keeps the task from."""

# ruff: noqa: ASYNC240, PTH208  # a test may look at the host's files

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from pinnace.ports.executor import Capture, CaptureKind, EndReason, Quota, StagedFile, TaskEnded
from pinnace.testing.desk import RUN, Desk, eventually, volume

PLACES = ("/", "/tmp", "/var/tmp", "/usr", "/etc", "/dev/shm", "/run")
#: What a view shows even where it lies in a folder that is otherwise empty there.
PYTHON = {Path(folder).resolve() for folder in (sys.prefix, sys.base_prefix)}


def listed(folder: str, *names: str) -> str:
    """Return what `ls` says in a view where ``names`` are all that is in a hidden folder, besides Python."""
    below = {path.relative_to(folder).parts[0] for path in PYTHON if path.is_relative_to(folder)}
    return "\n".join(sorted({*names, *below}))


async def test_a_hundred_tasks_write_the_same_path(view: Desk) -> None:
    capture = Capture(name="out", path="/tmp/out.json", kind=CaptureKind.PARAMETER)
    tasks = [
        view.task(f"echo {number} > /tmp/out.json; ls /tmp", f"a{number}", captures=(capture,))
        for number in range(100)
    ]
    await view.executor.start(tasks)
    ends = [await view.told(task.attempt_id, TaskEnded) for task in tasks]
    assert {end.result for end in ends} == {listed("/tmp", "out.json")}
    assert [int(Path(end.captures[0].stored).read_text()) for end in ends] == list(range(100))


async def test_nothing_that_a_task_does_to_files_touches_the_host(view: Desk) -> None:
    name = f"pinnace-test-{os.getpid()}"
    write = f"for d in {' '.join(PLACES)}; do echo x > $d/{name}; done"
    script = f"cd /; rm -rf /usr/share/common-licenses /etc/passwd; {write}"
    before = os.listdir("/usr/share/doc")
    await view.run(script)
    assert os.listdir("/usr/share/doc") == before
    assert Path("/etc/passwd").exists()
    assert not [d for d in PLACES if Path(d, name).exists()]


async def test_a_task_may_write_wherever_root_may(view: Desk) -> None:
    script = f"for d in {' '.join(PLACES)}; do echo x > $d/new && cat $d/new; done"
    ended = await view.run(f"{script}; mkdir -p /mnt/a/b /work-of-mine")
    assert (ended.exit_code, ended.result) == (0, "\n".join("x" * 7))


async def test_what_is_private_to_the_user_is_not_there(view: Desk, home: Path) -> None:
    secret = home / "secret"
    secret.write_text("secret")
    ended = await view.run(f"cat {secret}; ls -A /tmp /var/tmp /run /root | grep -v : ; ls -A {Path.home()}")
    shown = {"", "systemd", "resolve", "argo"}.union(*(path.parts for path in PYTHON))
    assert set((ended.result or "").split("\n")) <= shown


async def test_links_in_a_view_lead_nowhere_outside_it(view: Desk, home: Path) -> None:
    secret, folder = home / "secret", home / "folder"  # no view shows what is in the home
    secret.write_text("secret")
    folder.mkdir()
    capture = Capture(name="c", path="/tmp/c", kind=CaptureKind.ARTIFACT)
    ended = await view.run(
        f"mkdir /tmp/c; echo > /tmp/c/own; ln -s {secret} /tmp/c/stolen; ln -s {folder} /tmp/c/all",
        captures=(capture,),
    )
    assert os.listdir(ended.captures[0].stored) == ["own"]


async def test_only_its_own_processes_are_seen_and_signalled(view: Desk) -> None:
    ended = await view.run(f"ls /proc | grep -c '^[0-9]'; kill -0 {os.getpid()} || echo gone; echo $$")
    count, gone, pid = (ended.result or "").split("\n")
    assert int(count) <= 5
    assert (gone, int(pid) < 1024) == ("gone", True)


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs x /mnt",
        "umount /proc",
        "mknod /tmp/disk b 8 0",
        "echo 1 > /proc/sys/kernel/panic",
        "echo c > /proc/sysrq-trigger",
        "readlink /proc/1/root",
        "ls /proc/1/fd/",
        "kill -9 1 && sleep 0.2 && kill -0 1",
        "touch /sys/kernel/x",
        "chroot /proc/1/root true",
    ],
)
async def test_root_in_a_view_is_not_root_of_the_machine(view: Desk, attempt: str) -> None:
    ended = await view.run(f"{attempt} || exit 77")
    if attempt.startswith("kill"):
        assert ended.exit_code == 0, "process 1 ignores the signals of its own"
    elif attempt.startswith("ls"):
        assert "/" not in (ended.result or "").replace("\n", "")
    else:
        assert ended.exit_code == 77


async def test_devices_and_terminals_are_there(view: Desk) -> None:
    script = "echo x > /dev/null && head -c 3 /dev/zero | od -An -c && echo e > /dev/stdout"
    assert (
        await view.run(f"{script} && ls -d /dev/pts/ptmx /dev/shm")
    ).result == "  \\0  \\0  \\0\ne\n/dev/pts/ptmx\n/dev/shm"


async def test_a_name_is_resolved_as_on_the_host(view: Desk) -> None:
    ended = await view.run("cat /etc/resolv.conf | wc -c; cat /etc/hostname; hostname")
    lines = (ended.result or "").split("\n")
    assert int(lines[0]) == len(Path("/etc/resolv.conf").read_bytes())


async def test_input_files_merge_with_the_folders_of_the_host(view: Desk) -> None:
    files = (
        StagedFile(path="/etc/app/config", content=b"1"),
        StagedFile(path="/bin/mine", content=b"#!/bin/sh\necho mine\n", mode=0o755),
        StagedFile(path="/tmp/in", content=b"2"),
        StagedFile(path="/top", content=b"3"),
    )
    ended = await view.run(
        "cat /etc/app/config /tmp/in /top; mine; test -e /etc/passwd; ls /tmp; stat -c %a /tmp", files=files
    )
    assert ended.result == f"123mine\n{listed('/tmp', 'in')}\n1777"


async def test_an_input_folder_is_writable_and_its_source_untouched(view: Desk, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "f").write_text("old")
    file = StagedFile(path="/data", source=str(tmp_path / "source"))
    ended = await view.run("echo new > /data/f; echo x > /data/g; rm -r /data/f; ls /data", files=(file,))
    assert ended.result == "g"
    assert {p.name: p.read_text() for p in (tmp_path / "source").iterdir()} == {"f": "old"}


async def test_an_input_within_a_volume_is_put_into_the_volume(view: Desk, tmp_path: Path) -> None:
    data = volume(tmp_path / "data")
    inner = StagedFile(path=f"{data.path}/sub/in", content=b"1")
    assert (await view.run(f"cat {data.path}/sub/in", files=(inner, data))).result == "1"
    assert (tmp_path / "data" / "sub" / "in").read_text() == "1"


async def test_a_volume_may_lie_in_another(view: Desk, tmp_path: Path) -> None:
    outer = volume(tmp_path / "outer")
    inner = replace(volume(tmp_path / "inner"), path=f"{outer.path}/sub")
    put = StagedFile(path=f"{inner.path}/in", content=b"1")
    ended = await view.run(f"cd {inner.path} && cat in && touch new", files=(put, inner, outer))
    assert ended.result == "1"
    assert sorted(path.name for path in (tmp_path / "inner").iterdir()) == ["in", "new"]
    assert not list((tmp_path / "outer" / "sub").iterdir())


async def test_a_volume_may_lie_in_an_input_folder(view: Desk, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "f").touch()
    data = StagedFile(path="/data", source=str(tmp_path / "folder"))
    inner = replace(volume(tmp_path / "inner"), path="/data/sub")
    ended = await view.run("touch /data/sub/new && ls /data", files=(inner, data))
    assert ended.result == "f\nsub"
    assert (tmp_path / "inner" / "new").exists()


async def test_nothing_lies_in_an_input_that_is_a_file(view: Desk, tmp_path: Path) -> None:
    data = StagedFile(path="/data", content=b"")
    inner = replace(volume(tmp_path / "inner"), path="/data/sub")
    ended = await view.run("true", files=(data, inner))
    assert ended.message == "/data/sub: no volume can be mounted there: Not a directory"
    ended = await view.run("true", "b", files=(data, StagedFile(path="/data/sub", content=b"")))
    assert "/data/sub: no file can be put there, another input" in ended.message


@pytest.mark.parametrize("path", ["relative", "/proc/x", "/dev/x", "/"])
async def test_a_file_where_none_can_be_is_refused(view: Desk, path: str) -> None:
    ended = await view.run("true", files=(StagedFile(path=path, content=b""),))
    assert ended.reason is EndReason.NOT_STARTED
    assert path in ended.message


async def test_a_missing_working_directory_is_made(view: Desk) -> None:
    assert (await view.run("pwd", working_dir="/not/there/yet")).result == "/not/there/yet"


async def test_a_fork_bomb_ends_itself(view: Desk) -> None:
    bomb = "import os, time\nwhile True:\n  try:\n    os.fork()\n  except OSError:\n    time.sleep(0.01)\n"
    await view.executor.start([view.task(f"exec python3 -c '{bomb}'", "bomb", timeout=1.0, grace=0.0)])
    ended = await view.told("bomb", TaskEnded)
    assert ended.reason is EndReason.DEADLINE
    assert (await view.run("echo fine")).result == "fine"


async def test_a_task_over_its_disk_quota_is_evicted(view: Desk) -> None:
    script = (
        "mkdir /tmp/d; i=0; while :; do head -c 500000 /dev/zero > /tmp/d/$i; i=$((i+1)); sleep 0.01; done"
    )
    quota = Quota(limit=5_000_000, message="it was too much")
    ended = await view.run(script, quotas=(quota,))
    assert (ended.reason, ended.exit_code) == (EndReason.EVICTED, 137)
    assert ended.message == "it was too much"


async def test_no_file_is_larger_than_the_disk_quota(view: Desk) -> None:
    ended = await view.run(
        "head -c 2000000 /dev/zero > /tmp/large; stat -c %s /tmp/large",
        quotas=(Quota(limit=1_000_000, message=""),),
    )
    assert ended.result == "1000000"


async def test_scratch_files_are_removed_when_a_task_has_ended(view: Desk, home: Path) -> None:
    await view.run("head -c 1000 /dev/zero > /tmp/x; mkdir -m 0 /tmp/closed")
    scratch = home / "runs" / RUN / "scratch" / "a"
    await eventually(lambda: not scratch.exists())


async def test_one_task_leaves_nothing_for_the_next(view: Desk) -> None:
    for number in range(10):
        ended = await view.run(
            "ls /tmp /dev/shm /run; touch /tmp/left /dev/shm/left; mkdir -p /run/left", f"a{number}"
        )
        assert "left" not in (ended.result or "")
    assert (await asyncio.to_thread(os.path.exists, "/tmp/left")) is False


#: What a task finds of its surroundings; times are those of its view.
SURROUNDINGS = """
umask; pwd; env | sort; ulimit -a; ls -A /tmp /var/tmp /run /dev /dev/shm /dev/pts /root; ls -A /
stat -c '%n %a %u %g %h' / /tmp /dev /dev/shm /dev/pts /dev/pts/ptmx /etc /usr/bin; cat /etc/passwd
cat /proc/self/oom_score_adj; grep -E '^(Sig[BIC]|Shd)' /proc/self/status; set -- /proc/[0-9]*; echo $#
cut -d ' ' -f 2-4 /proc/mounts | grep -v overlay; tty; ls -l /proc/self/fd | grep -c ' '
"""
#: What a hostile task leaves, each as far as it may.
TRACES = """
umask 077; ulimit -n 20; trap '' HUP USR1; export LEFT=1; cd /usr; echo 900 > /proc/self/oom_score_adj
chmod 700 / /tmp /dev/shm /dev/pts /etc; chmod 000 /dev/pts/ptmx; chown 1:1 / /tmp /dev/shm
touch -d 1999-01-01 / /tmp /etc /dev/shm; rm -rf /etc/passwd /usr/share/doc; mkdir -p /etc/passwd /left
mkfifo /tmp/pipe; echo x > /tmp/a; ln /tmp/a /left/b; mkdir /dev/shm/left; mount -t tmpfs x /mnt
rm -rf /var/tmp; ln -s /etc /var/tmp; mv /usr/bin/env /usr/bin/moved
(trap '' TERM HUP; exec 9> /tmp/held; rm /tmp/held; sleep 600) & setsid sleep 600 &
exit 0
"""


async def test_a_hostile_task_leaves_no_trace_for_the_next(view: Desk) -> None:
    before = await view.run(SURROUNDINGS, "before")
    for number in range(3):
        await view.run(f"({TRACES}) 2> /dev/null", f"hostile-{number}")
        after = await view.run(SURROUNDINGS, f"after-{number}")
        assert after.result == before.result
        old = "find / /tmp /etc /dev/shm -maxdepth 0 ! -newermt 2000-01-01"
        assert (await view.run(old, f"old-{number}")).result == ""


async def test_tasks_with_and_without_files_take_turns(view: Desk) -> None:
    file = StagedFile(path="/etc/app/in", content=b"in")
    capture = Capture(name="out", path="/tmp/out", kind=CaptureKind.PARAMETER)
    script = "cat /etc/app/in > /tmp/out 2> /dev/null || echo none > /tmp/out; pwd"
    for number in range(12):
        files = (file,) if number % 3 == 0 else ()
        quotas = (Quota(limit=1_000_000, message=""),) if number % 4 == 1 else ()
        folder = "/somewhere/else" if number % 2 else ""
        options = {"files": files, "captures": (capture,), "quotas": quotas, "working_dir": folder}
        ended = await view.run(script, f"a{number}", **options)
        assert Path(ended.captures[0].stored).read_text().strip() == ("in" if files else "none")
        assert ended.result == (folder or "/")


async def test_a_view_given_away_shows_nothing_of_the_next_task(view: Desk, home: Path) -> None:
    name = f"pinnace-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        give = (
            "import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + '%s'); "
            "socket.send_fds(s, [b'x'], [os.open('/', 0), os.open('/tmp', 0), os.open('/dev/shm', 0)])"
        )
        assert (await view.run(f'exec python3 -c "{give % name}"', "giver")).exit_code == 0
        connection, _ = listener.accept()
        with connection:
            _, given, _, _ = socket.recv_fds(connection, 1, 3)
    try:
        for number in range(3):
            name = f"next-{number}"
            script = "touch /left /tmp/left /dev/shm/left; echo ready; exec sleep 3600"
            await view.executor.start([view.task(script, name)])
            await eventually((home / "runs" / RUN / "logs" / f"{name}.log").exists)
            assert not any("left" in os.listdir(folder) for folder in given)
            await view.executor.cancel([name])
            assert (await view.told(name, TaskEnded)).reason is EndReason.CANCELLED
    finally:
        for folder in given:
            os.close(folder)


async def test_nothing_is_left_when_a_run_has_been_closed(view: Desk, home: Path) -> None:
    tasks = [view.task("touch /tmp/x", f"a{number}") for number in range(20)]
    await view.executor.start(tasks)
    for task in tasks:
        await view.told(task.attempt_id, TaskEnded)
    await view.executor.close_run(RUN)
    assert os.listdir(home / "runs" / RUN) == ["logs"]
