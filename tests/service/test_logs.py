from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pinnace.base.crilog import LogRecord, format_record
from pinnace.base.errors import NotFoundError, UsageError
from pinnace.engine.naming import attempt_id
from pinnace.service.logs import Entry, LogFollower, LogRequest, read_logs, require_container, require_step
from pinnace.testing.play import Play

STEPS = """
  - name: main
    steps: [[{name: a, template: task}, {name: b, template: flaky}]]
  - name: flaky
    retryStrategy: {limit: "1"}
    container: {image: i, command: [c]}
"""


def write(play: Play, folder: Path, name: str, *lines: tuple[int, bytes]) -> None:
    """Write lines, each with its second, to the log of a node."""
    node = next(node for node in play.run.nodes.values() if node.name == name)
    with (folder / f"{attempt_id(play.run.info.uid, node)}.log").open("ab") as file:
        for second, text in lines:
            time = f"1970-01-12T13:46:{second:02d}.000000000Z"
            file.write(format_record(LogRecord(time, "stdout", is_whole=True, text=text)))


@pytest.fixture
def running(play: Callable[..., Play], tmp_path: Path) -> Play:
    run = play(STEPS).begin("wf[0].a").begin("wf[0].b(0)")
    write(run, tmp_path, "wf[0].a", (40, b"one"), (43, b"three"))
    write(run, tmp_path, "wf[0].b(0)", (41, b"two \xff"))
    return run


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries]


def test_the_logs_of_all_steps_are_in_the_order_of_time(running: Play, tmp_path: Path) -> None:
    entries = list(read_logs(running.run, tmp_path, LogRequest()))

    assert texts(list(entries)) == ["one", "two \ufffd", "three"]
    assert entries[0].pod_name.startswith("wf-task-")
    assert entries[0].time == "1970-01-12T13:46:40.000000000Z"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (LogRequest(grep="^t"), ["two \ufffd", "three"]),
        (LogRequest(tail=1), ["two \ufffd", "three"]),
        (LogRequest(tail=0), []),
        (LogRequest(since=1_000_000 + 1.5), ["three"]),
        (LogRequest(pod="a"), ["one", "three"]),
        (LogRequest(pod="wf[0].a"), ["one", "three"]),
        (LogRequest(pod="b"), ["two \ufffd"]),
        (LogRequest(node_selector="templateName=flaky"), ["two \ufffd"]),
    ],
)
def test_only_what_is_wanted_is_read(
    running: Play, tmp_path: Path, request_: LogRequest, expected: list[str]
) -> None:
    assert texts(list(read_logs(running.run, tmp_path, request_))) == expected


def test_a_follower_reads_each_line_once_and_steps_that_come_later(running: Play, tmp_path: Path) -> None:
    follower = LogFollower(tmp_path, LogRequest())
    follower.add(running.run, running.run.nodes.values())
    assert len(list(follower.poll())) == 3
    assert list(follower.poll()) == []

    write(running, tmp_path, "wf[0].a", (44, b"four"))
    running.end("wf[0].b(0)", 1).begin("wf[0].b(1)")
    write(running, tmp_path, "wf[0].b(1)", (45, b"five"))
    follower.add(running.run, running.run.nodes.values())

    assert texts(list(follower.poll())) == ["four", "five"]


def test_what_was_written_before_an_end_is_read_after_it(running: Play, tmp_path: Path) -> None:
    follower = LogFollower(tmp_path, LogRequest(pod="a"))
    follower.add(running.run, running.run.nodes.values())
    list(follower.poll())

    write(running, tmp_path, "wf[0].a", (44, b"last"))
    running.end("wf[0].a")
    follower.add(running.run, running.run.nodes.values())

    assert texts(list(follower.poll())) == ["last"]
    assert list(follower.poll()) == []


def test_what_cannot_be_meant_is_refused(running: Play, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no container 'wait'"):
        require_container(running.run, "wait")
    with pytest.raises(UsageError, match="failed to compile the regular expression"):
        LogFollower(tmp_path, LogRequest(grep="("))
    with pytest.raises(NotFoundError, match="no step 'c' with a log"):
        require_step(running.run, "c")
    require_step(running.run, "b")
