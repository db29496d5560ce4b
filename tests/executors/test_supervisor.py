"""The supervisor's parts that need no process: messages, the journal, the mount table."""

from __future__ import annotations

import json
import os
import selectors
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.executors.supervisor import trees, wire
from pinnace.executors.supervisor.journal import Journal, outcome, parse
from pinnace.executors.supervisor.main import _read
from pinnace.executors.supervisor.mounts import (
    is_below,
    mount_points,
    outermost,
    survey_as_root,
    survey_as_user,
)


@given(
    messages=st.lists(st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=4)),
    cut=st.integers(0, 400),
)
def test_messages_arrive_whole_however_they_are_cut(messages: list[wire.Message], cut: int) -> None:
    data = b"".join(map(wire.encode, messages))
    buffer = bytearray(data[:cut])
    bodies = wire.split(buffer)
    buffer += data[cut:]
    bodies += wire.split(buffer)
    assert [json.loads(body) for body in bodies] == messages
    assert not buffer


def test_what_a_peer_does_not_take_yet_is_kept() -> None:
    ours, theirs = map(wire.Channel, socket.socketpair())
    message = ["large", "x" * 5_000_000]
    ours.send(message)
    assert ours.unsent
    received: list[wire.Message] = []
    while not received:
        ours.flush()
        received = theirs.receive()
    assert received == [message]
    ours.close()
    assert theirs.receive() == []
    assert theirs.closed
    theirs.send(["nobody"])
    theirs.close()


def test_a_peer_found_gone_while_sending_is_heard_out_and_then_let_go() -> None:
    ours, theirs = map(wire.Channel, socket.socketpair())
    theirs.send(["last words"])
    theirs.close()
    ours.send(["nobody"])
    assert ours.closed
    assert _read(ours, selectors.EVENT_READ) == [["last words"]]
    ours.close()
    assert _read(ours, selectors.EVENT_READ) is None


def update(attempt_id: str) -> dict[str, object]:
    return {"attempt_id": attempt_id, "message": "line\nbreak"}


def test_a_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    records = [["starting", "a"], ["starting", "b"], ["ended", update("a")], ["released", ["a"]]]
    journal = Journal(path)
    for record in records:
        journal.add(record)
    assert Journal(path).read() == []
    journal.commit()
    assert Journal(path).read() == records


@given(cut=st.integers(1, 60))
def test_a_torn_end_costs_only_the_last_record(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    whole = b'["starting","a"]\n'
    torn = json.dumps(["ended", update("a")]).encode()[:cut]
    path.write_bytes(whole + torn)
    journal = Journal(str(path))
    assert journal.read() == [["starting", "a"]]
    journal.add(["starting", "b"])
    journal.commit()
    assert Journal(str(path)).read() == [["starting", "a"], ["starting", "b"]]


def test_what_only_forgets_goes_to_the_disk_with_the_next_record(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(str(path))
    journal.add(["released", ["a"]])
    journal.commit()
    assert path.read_bytes() == b""
    journal.add(["starting", "b"])
    journal.commit()
    assert journal.read() == [["released", ["a"]], ["starting", "b"]]


def test_a_broken_record_ends_the_journal() -> None:
    assert parse(b'["starting","a"]\n\x00\x00\n["starting","b"]\n') == ([["starting", "a"]], 17)


def test_what_was_started_and_never_ended_is_open() -> None:
    records = [["starting", "a"], ["starting", "b"], ["starting", "c"]]
    records += [["ended", update("a")], ["ended", update("b")], ["released", ["a"]]]
    assert outcome(records) == ({"b": update("b")}, ["c"])


TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 8:2 / /usr/a\\040b ro shared:2 master:3 - squashfs /dev/loop0 ro
25 22 8:3 / /usr rw - xfs /dev/sdb rw,attr2
26 22 0:30 / /tmp rw - tmpfs tmpfs rw
27 22 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw
28 22 0:40 / /dev/shm rw - tmpfs shm rw
"""


def test_the_mount_table_tells_where_files_are() -> None:
    points = mount_points(TABLE)
    assert points == {
        "/": True,
        "/dev/shm": True,
        "/etc/hosts": True,
        "/tmp": True,
        "/usr": True,
        "/usr/a b": False,
    }


def test_as_root_each_file_system_gets_a_layer() -> None:
    survey = survey_as_root(mount_points(TABLE), ["/tmp"])
    assert survey.overlays == ("/", "/usr")
    assert survey.bound == tuple(path for path in ("/etc/hosts",) if Path(path).exists())


def test_as_a_user_a_folder_with_mounts_below_is_taken_apart() -> None:
    survey = survey_as_user({"/": True, "/usr/lib": True}, ["/tmp"])
    assert survey.overlays[0] == "/"
    assert "/usr" not in survey.overlays
    assert "/usr/lib" in survey.overlays
    assert "/etc" in survey.overlays
    assert not any(
        is_below(path, ["/tmp", "/proc", "/dev", "/sys"]) for path in (*survey.overlays, *survey.bound)
    )


def test_folders_in_others_are_left_out() -> None:
    assert outermost(["/a/b", "/a", "/ab", "/a"]) == ("/a", "/ab")


def test_a_placed_tree_is_the_same_and_its_own(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "file").write_text("x")
    (source / "link").symlink_to("deep/file")
    trees.place(str(source), str(tmp_path / "copy"), None, link=False)
    (tmp_path / "copy" / "deep" / "file").write_text("y")
    assert (source / "deep" / "file").read_text() == "x"
    assert (tmp_path / "copy" / "link").readlink() == Path("deep/file")
    trees.place(str(source / "deep" / "file"), str(tmp_path / "other"), 0o600, link=True)
    assert (source / "deep" / "file").stat().st_nlink == 1
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o600


def test_removing_takes_closed_folders_and_leaves_what_links_lead_to(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    (tmp_path / "tree" / "closed").mkdir(parents=True)
    (tmp_path / "tree" / "closed" / "file").touch()
    (tmp_path / "tree" / "link").symlink_to(tmp_path)
    (tmp_path / "tree" / "closed").chmod(0)
    trees.remove(str(tmp_path / "tree"))
    trees.remove(str(tmp_path / "nothing"))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_journal_without_room_loses_nothing_and_goes_on_later(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(str(path))
    journal.add(["starting", "a"])
    room, journal._file = journal._file, os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left"):
        journal.commit()
    os.close(journal._file)
    journal._file = room
    journal.add(["starting", "b"])
    journal.commit()
    assert Journal(str(path)).read() == [["starting", "a"], ["starting", "b"]]
