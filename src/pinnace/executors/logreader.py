"""Reading the log file of a task, also while it grows. Used by ``pinnace logs`` and to show the end of a log.

A log may be of any size and hold any bytes: it is read in chunks, undecodable bytes become U+FFFD, and a
record that is only half-written waits for its rest.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pinnace.base.crilog import LogRecord, parse_line

_CHUNK_BYTES = 1 << 14
#: Seconds between two looks at a log that is followed.
_FOLLOW_INTERVAL = 0.1


class LogText(NamedTuple):
    """A piece of output: a line, or a part of one that is very long or not finished."""

    time: str
    """RFC 3339 in UTC with nanoseconds."""
    stream: str
    text: str
    """Without its newline."""
    ends_line: bool


class LogReader:
    """Reads what a log has gained since the last call; the file need not exist yet.

    Args:
        path: the log file.
        since: Unix seconds before which nothing is returned; None is from the beginning.
        tail: how many of the last records are returned at first; None is all.
            Source: Kubernetes kubelet, which counts records, not lines, too.
    """

    def __init__(self, path: Path, *, since: float | None = None, tail: int | None = None) -> None:
        self._path = path
        self._since = _stamp(since) if since is not None else ""
        self._tail = tail
        self._offset: int | None = None
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stream: decoder("replace") for stream in ("stdout", "stderr")}

    def read(self) -> Iterator[LogText]:
        """Yield what is new; the file is not open in between, for thousands may be read side by side."""
        while records := self._records():
            for line in records:
                record = parse_line(line)
                if record is not None and record.time >= self._since:
                    yield self._decode(record)

    def _records(self) -> list[bytes]:
        """Return the next whole records, a chunk of them at most; a half-written one waits for its rest."""
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return []
        with file:
            if self._offset is None:
                self._offset = 0 if self._tail is None else _start_of_tail(self._path, self._tail)
            file.seek(self._offset)
            lines = file.readlines(_CHUNK_BYTES)
        if lines and not lines[-1].endswith(b"\n"):
            del lines[-1]
        self._offset += sum(map(len, lines))
        return lines

    def _decode(self, record: LogRecord) -> LogText:
        # A long line may be parted within a character, whose bytes the decoder keeps until the next part.
        text = self._decoders[record.stream].decode(record.text, final=record.is_whole)
        return LogText(record.time, record.stream, text, record.is_whole)


def read_log(path: Path, *, since: float | None = None, tail: int | None = None) -> Iterator[LogText]:
    """Yield what the log holds now; nothing when the task has said nothing."""
    yield from LogReader(path, since=since, tail=tail).read()


def follow_log(
    path: Path, is_over: Callable[[], bool], *, since: float | None = None, tail: int | None = None
) -> Iterator[LogText]:
    """Yield what the log holds and what it gains, until ``is_over`` and all is read. Blocks between."""
    reader = LogReader(path, since=since, tail=tail)
    while True:
        was_over = is_over()  # asked before reading: what was written before the end is not missed
        yield from reader.read()
        if was_over:
            return
        time.sleep(_FOLLOW_INTERVAL)


def _start_of_tail(path: Path, count: int) -> int:
    """Return the offset of the ``count``-th last record, reading backwards from the end."""
    with path.open("rb") as file:
        position = file.seek(0, 2)
        wanted = count + 1  # the newline before the first record wanted
        while position > 0:
            size = min(_CHUNK_BYTES, position)
            position -= size
            file.seek(position)
            chunk = file.read(size)
            here = chunk.count(b"\n")
            if here >= wanted:
                return position + _nth_last(chunk, wanted) + 1
            wanted -= here
    return 0


def _nth_last(chunk: bytes, count: int) -> int:
    at = len(chunk)
    for _ in range(count):
        at = chunk.rindex(b"\n", 0, at)
    return at


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
