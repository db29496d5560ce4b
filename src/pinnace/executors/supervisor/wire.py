"""Messages between Pinnace, its supervisors and their wardens: a length, then JSON.

Used by both ends of every socket. A message is a JSON array whose first item names it.
"""

from __future__ import annotations

import array
import json
import socket
import struct
from typing import Any

Message = list[Any]

_HEADER = struct.Struct("!I")
_CHUNK = 1 << 18
#: Returns a value as JSON text; made once, for to make an encoder takes as long as a short message.
dump = json.JSONEncoder(separators=(",", ":")).encode


def frame(body: bytes) -> bytes:
    """Return ``body`` as it travels: preceded by its length in 4 bytes."""
    return _HEADER.pack(len(body)) + body


def encode(message: Message) -> bytes:
    """Return ``message`` as it travels."""
    return frame(dump(message).encode())


def split(buffer: bytearray) -> list[bytes]:
    """Return the bodies of the complete messages at the start of ``buffer`` and remove them from it."""
    bodies: list[bytes] = []
    start = 0
    while len(buffer) - start >= _HEADER.size:
        (length,) = _HEADER.unpack_from(buffer, start)
        end = start + _HEADER.size + length
        if len(buffer) < end:
            break
        bodies.append(bytes(buffer[start + _HEADER.size : end]))
        start = end
    del buffer[:start]
    return bodies


class Channel:
    """One end of a connected socket that never blocks: what cannot be sent at once waits in ``unsent``."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.unsent = bytearray()
        self.closed = False
        self._received = bytearray()

    def fileno(self) -> int:
        """Return the descriptor, so that selectors take a channel as it is."""
        return self.socket.fileno()

    def send(self, message: Message) -> None:
        """Send ``message``, or keep it until ``flush``; a peer that is gone only marks the channel closed."""
        self.unsent += encode(message)
        self.flush()

    def flush(self) -> None:
        """Send as much of what waits as the peer takes now."""
        while self.unsent and not self.closed:
            try:
                del self.unsent[: self.socket.send(self.unsent)]
            except BlockingIOError:
                return
            except OSError:
                self.closed = True

    def receive(self) -> list[Message]:
        """Return the messages that have arrived; marks the channel closed when the peer has hung up."""
        while True:
            try:
                data = self.socket.recv(_CHUNK)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.closed = True
                break
            self._received += data
            if len(data) < _CHUNK:
                break
        return [json.loads(body) for body in split(self._received)]

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        self.socket.close()


def send_descriptor(connection: socket.socket, descriptor: int) -> None:
    """Hand ``descriptor`` to the process at the other end."""
    connection.sendmsg([b"d"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])


def receive_descriptor(connection: socket.socket) -> int | None:
    """Return the next descriptor handed over, or None when the other end has hung up; waits for it."""
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    data, ancillary, _flags, _address = connection.recvmsg(1, room)
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return array.array("i", payload)[0]
    if data:
        message = "a message without its descriptor"
        raise OSError(message)
    return None
