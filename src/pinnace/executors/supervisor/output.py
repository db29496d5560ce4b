"""A task's output as it comes: into a log file in the CRI format, and its end kept as the result.

The log format is Kubernetes' (``<RFC 3339> stdout|stderr F|P <text>``): ``F`` ends a line, ``P`` says that
the line goes on in the stream's next record, or that the stream ended without a newline. A line of any length
therefore never sits in memory. ``pinnace.base.crilog`` reads it.

Source: Kubernetes, CRI logging format (kubelet ``LogFormat``).
"""

from __future__ import annotations

import os
import time

#: A line longer than this is written in parts. Source: containerd, max_container_log_line_size.
MAX_PART_BYTES = 16_384
#: How much is read from a pipe at once.
CHUNK_BYTES = 65_536


class Log:
    """The log file ``name`` in the folder ``directory`` (a descriptor); made at the first write.

    When it cannot be written (no room), ``failure`` says why and the rest of the output is not kept: a task
    must not hang because its log cannot grow.
    """

    def __init__(self, directory: int, name: str) -> None:
        self.failure = ""
        self._directory = directory
        self._name = name
        self._file = -1

    def write(self, data: bytes) -> None:
        """Append ``data``; errors are kept in ``failure``."""
        if self.failure:
            return
        try:
            if self._file < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self._name, flags, 0o600, dir_fd=self._directory)
            view = memoryview(data)
            while view:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self.failure = f"its log is incomplete: {error.strerror}"

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Stream:
    """One of the two output streams: ``descriptor`` is the reading end of its pipe.

    ``keep`` is how many of the last bytes ``tail`` returns.
    """

    def __init__(self, name: str, descriptor: int, log: Log, keep: int) -> None:
        self.descriptor = descriptor
        self._name = name.encode()
        self._log = log
        self._keep = keep
        self._line = b""
        self._tail = bytearray()

    def pump(self) -> bool:
        """Move one chunk from the pipe to the log; False when the stream has ended or has nothing now."""
        try:
            data = os.read(self.descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return False
        if not data:
            return False
        self._write(data)
        if self._keep:
            self._tail += data
            if len(self._tail) > 2 * self._keep:
                del self._tail[: -self._keep]
        return True

    def finish(self) -> None:
        """Take what is left in the pipe, write a last unfinished line, and close."""
        while self.pump():
            pass
        if self._line:
            self._log.write(self._head(b"P") + self._line + b"\n")
        os.close(self.descriptor)

    def tail(self) -> bytes:
        """Return the last bytes of the stream."""
        return bytes(self._tail[-self._keep :]) if self._keep else b""

    def _write(self, data: bytes) -> None:
        block = self._line + data
        lines, newline, self._line = block.rpartition(b"\n")
        if newline:
            head = self._head(b"F")
            self._log.write(head + lines.replace(b"\n", b"\n" + head) + b"\n")
        if len(self._line) >= MAX_PART_BYTES:
            self._log.write(self._head(b"P") + self._line + b"\n")
            self._line = b""

    def _head(self, tag: bytes) -> bytes:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return b"%s.%09dZ %s %s " % (stamp.encode(), nanoseconds, self._name, tag)
