"""What survives the supervisor: an append-only file of JSON lines, written batch by batch.

Records, each an array:

* ``["starting", attempt_id]`` is on disk before the command is started;
* ``["ended", update]`` is on disk, after the captures, before anybody is told;
* ``["released", [attempt_id, …]]`` forgets; it may come to the disk later than it is acted on: what is
  not forgotten is told once more, and released again.

A started attempt without an end was lost with its supervisor. A torn last line is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from .wire import dump

Record = list[Any]


class Journal:
    """The open journal of a run; ``path`` is made when it does not exist."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._unwritten = bytearray()
        self._is_urgent = False

    def read(self) -> list[Record]:
        """Return every whole record, and cut off what a crash left half-written."""
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            data = file.read()
        records, length = parse(data)
        if length < len(data):
            os.ftruncate(self._file, length)
        return records

    def add(self, record: Record) -> None:
        """Keep ``record`` for the next ``commit``."""
        self._is_urgent = self._is_urgent or record[0] != "released"
        self._unwritten += dump(record).encode() + b"\n"

    def commit(self) -> None:
        """Bring every record added to the disk; those that only forget wait for another one.

        Raises:
            OSError: no room or a failing disk; nothing is lost, call again later.
        """
        if not self._is_urgent:
            return
        while self._unwritten:
            del self._unwritten[: os.write(self._file, self._unwritten)]
        sync(self._file)
        self._is_urgent = False


def parse(data: bytes) -> tuple[list[Record], int]:
    """Return the whole records at the start of ``data`` and how many bytes they take."""
    records: list[Record] = []
    length = 0
    for line in data.split(b"\n")[:-1]:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
        length += len(line) + 1
    return records, length


def outcome(records: Iterable[Record]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the ends not yet released, by attempt, and the attempts that were started and never ended."""
    ends: dict[str, dict[str, Any]] = {}
    open_attempts: dict[str, None] = {}
    for kind, subject in records:
        if kind == "starting":
            open_attempts[subject] = None
        elif kind == "ended":
            open_attempts.pop(subject["attempt_id"], None)
            ends[subject["attempt_id"]] = subject
        else:
            for attempt_id in subject:
                ends.pop(attempt_id, None)
    return ends, list(open_attempts)


def sync(descriptor: int) -> None:
    """Wait until the file's content is on the disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)  # macOS has no fdatasync
