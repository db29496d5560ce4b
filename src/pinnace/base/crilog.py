"""The form of a task's log file: one record a line, as Kubernetes' container runtimes write it.

A record is ``<RFC 3339 time> stdout|stderr F|P <text>``. ``F`` ends a line; ``P`` says that the line goes on
in the stream's next record, or that the stream ended without a newline.

Source: Kubernetes, CRI logging format.
"""

from __future__ import annotations

from typing import NamedTuple

_STREAMS = {b"stdout": "stdout", b"stderr": "stderr"}


class LogRecord(NamedTuple):
    """One record of a log file."""

    time: str
    """RFC 3339 in UTC with nanoseconds; compares as text in the order of time."""
    stream: str
    """``stdout`` or ``stderr``."""
    is_whole: bool
    """True: a newline follows the text. False: the line goes on."""
    text: bytes


def parse_line(line: bytes) -> LogRecord | None:
    """Return the record in ``line``, with or without its newline; None when it is not one."""
    time, _, rest = line.removesuffix(b"\n").partition(b" ")
    stream, _, rest = rest.partition(b" ")
    tag, space, text = rest.partition(b" ")
    if stream not in _STREAMS or tag not in (b"F", b"P") or not space:
        return None
    return LogRecord(time.decode("ascii", "replace"), _STREAMS[stream], tag == b"F", text)


def format_record(record: LogRecord) -> bytes:
    """Return ``record`` as a line of a log file; ``parse_line`` is its inverse."""
    tag = b"F" if record.is_whole else b"P"
    return b"%s %s %s %s\n" % (record.time.encode("ascii"), record.stream.encode("ascii"), tag, record.text)
