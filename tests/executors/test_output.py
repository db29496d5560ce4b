"""A task's output: into the log as it comes, in bounded memory, and read back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.crilog import LogRecord, format_record, parse_line
from pinnace.executors.logreader import LogReader, follow_log, read_log
from pinnace.executors.process import ProcessExecutor
from pinnace.executors.supervisor.output import CHUNK_BYTES, MAX_PART_BYTES, Log, Stream
from pinnace.ports.executor import MAX_RESULT_BYTES
from pinnace.testing.desk import RUN, Desk, eventually

MEGABYTE = 1 << 20


def log_of(desk: Desk, attempt_id: str = "a") -> Path:
    assert isinstance(desk.executor, ProcessExecutor)
    return desk.executor.log_path(RUN, attempt_id)


async def test_both_streams_are_in_the_log_with_their_times(host: Desk) -> None:
    await host.run("echo out; echo err >&2; printf end")
    records = list(read_log(log_of(host)))
    stdout = [(r.text, r.ends_line) for r in records if r.stream == "stdout"]
    assert stdout == [("out", True), ("end", False)]
    assert [r.text for r in records if r.stream == "stderr"] == ["err"]
    assert all(r.time.startswith("20") and r.time.endswith("Z") for r in records)


async def test_a_task_that_says_nothing_has_no_log(host: Desk) -> None:
    await host.run("true")
    assert not log_of(host).exists()
    assert list(read_log(log_of(host))) == []


async def test_output_is_in_the_log_before_the_task_ends(host: Desk) -> None:
    await host.executor.start([host.task("echo early; sleep 3600")])
    await eventually(lambda: [r.text for r in read_log(log_of(host))] == ["early"])


#: The most memory that the shell's parent, its warden, has had, into standard error.
PEAK = "grep VmHWM /proc/$PPID/status >&2"


@pytest.mark.parametrize("line", ["tr '\\0' x", "yes $(printf %099d 0)"], ids=["one line", "many lines"])
async def test_a_large_output_takes_little_memory(host: Desk, line: str) -> None:
    size = 24 * MEGABYTE
    source = "/dev/zero" if line.startswith("tr") else "/dev/null"
    ended = await host.run(f"head -c {size} {source} | {line} | head -c {size}; {PEAK}")
    assert len(ended.result or "") >= MAX_RESULT_BYTES - 1
    length = peak = 0
    for record in read_log(log_of(host)):
        if record.stream == "stdout":
            length += len(record.text) + record.ends_line
        else:
            peak = int(record.text.split()[1]) * 1024
    assert length == size
    assert 0 < peak < size


@given(
    text=st.binary(max_size=200).filter(lambda text: b"\n" not in text),
    stream=st.sampled_from(["stdout", "stderr"]),
    is_whole=st.booleans(),
)
def test_a_record_is_read_as_it_was_written(text: bytes, stream: str, *, is_whole: bool) -> None:
    record = LogRecord("2026-11-22T23:54:27.564670784Z", stream, is_whole, text)
    assert parse_line(format_record(record)) == record


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"x", b"t stdout", b"t stdout F", b"t other F x", b"t stdout X x"]
)
def test_what_is_no_record_is_none(line: bytes) -> None:
    assert parse_line(line) is None


@given(
    pieces=st.lists(st.one_of(st.binary(max_size=50), st.just(b"\n"), st.just(b"x" * 20_000)), max_size=12)
)
def test_the_log_holds_every_byte_whatever_the_pieces(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    directory = os.open(folder, os.O_RDONLY)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    log = Log(directory, "log")
    stream = Stream("stdout", reading, log, MAX_RESULT_BYTES)
    for piece in pieces:
        os.write(writing, piece)
        stream.pump()
    os.close(writing)
    stream.finish()
    log.close()
    os.close(directory)
    path = folder / "log"
    records = [parse_line(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []
    written = b"".join(r.text + (b"\n" if r.is_whole else b"") for r in records if r is not None)
    assert written == b"".join(pieces) == stream.tail()
    assert max((len(r.text) for r in records if r), default=0) <= MAX_PART_BYTES + CHUNK_BYTES


def write(path: Path, *texts: str) -> None:
    with path.open("a") as file:
        for number, text in enumerate(texts):
            file.write(f"2026-01-01T00:00:0{number}.000000000Z stdout F {text}\n")


def test_a_tail_is_the_last_records(tmp_path: Path) -> None:
    write(tmp_path / "log", "a", "b", "c")
    assert [[r.text for r in read_log(tmp_path / "log", tail=n)] for n in (0, 1, 2, 9)] == [
        [], ["c"], ["b", "c"], ["a", "b", "c"],
    ]  # fmt: skip


def test_a_tail_may_be_longer_than_one_chunk(tmp_path: Path) -> None:
    write(tmp_path / "log", *("x" * 30_000 for _ in range(8)))
    assert len(list(read_log(tmp_path / "log", tail=7))) == 7


def test_since_leaves_out_what_is_older(tmp_path: Path) -> None:
    write(tmp_path / "log", "a", "b", "c")
    assert [r.text for r in read_log(tmp_path / "log", since=1_767_225_601.0)] == ["b", "c"]


def test_a_half_written_record_waits_for_its_rest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    reader = LogReader(path)
    assert list(reader.read()) == []
    path.write_bytes(b"2026-01-01T00:00:00Z stdout F one\n2026-01-01T00:00:00Z std")
    assert [r.text for r in reader.read()] == ["one"]
    assert list(reader.read()) == []
    with path.open("ab") as file:
        file.write(b"out F two\n")
    assert [r.text for r in reader.read()] == ["two"]


def test_a_character_cut_in_two_is_read_whole_and_other_bytes_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"t stdout P \xe2\x82\nt stderr F \xff\nt stdout F \xac!\n")
    assert "".join(r.text for r in read_log(path) if r.stream == "stdout") == "€!"
    assert [r.text for r in read_log(path) if r.stream == "stderr"] == ["�"]


def test_following_ends_when_the_task_has_and_misses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "a")
    asked = iter([False, True])

    def is_over() -> bool:
        over = next(asked)
        if over:
            write(path, "last")
        return over

    assert [r.text for r in follow_log(path, is_over)] == ["a", "last"]


async def test_a_log_that_has_no_room_does_not_hold_up_the_task(home: Path) -> None:
    desk = Desk(ProcessExecutor(home), isolated=False)
    await desk.run("true")
    await asyncio.to_thread(log_of(desk, "b").mkdir)  # nothing can be written where a folder is
    ended = await desk.run("echo lost; exit 3", "b")
    assert (ended.exit_code, ended.result) == (3, "lost")
    assert "log is incomplete" in ended.message
    await desk.executor.close_run(RUN)
