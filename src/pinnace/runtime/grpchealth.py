"""Whether a gRPC server says that it serves: one call of ``grpc.health.v1.Health/Check`` over HTTP/2.

One small request on a connection of its own needs no library: names and values of its headers go out as they
are, and those of the answer say nothing that its body does not.
Source: gRPC health/v1/health.proto; gRPC PROTOCOL-HTTP2.md; RFC 9113; RFC 7541, 6.2.2.
"""

from __future__ import annotations

import asyncio

from pinnace.runtime.asking import connected

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING = 0, 1, 3, 4, 6
_ACK = _END_STREAM = 0x1
_END_HEADERS = 0x4
_PADDED = 0x8
#: The number of the call on its connection.
_CALL = 1
#: Bytes of a frame at most, for nothing else was agreed on.
_LONGEST_FRAME = 16_384
#: The message whose field ``status`` is ``SERVING``.
_SERVING = b"\x08\x01"


async def serves(host: str, port: int, service: str = "") -> bool:
    """Return whether the server says that ``service``, or it as a whole, serves.

    Raises:
        OSError: nobody listens there.
        EOFError: the connection ended before the answer.
    """
    async with connected(host, port) as (reader, writer):
        writer.write(_PREFACE + _frame(_SETTINGS, 0, 0) + _request(f"{host}:{port}", service))
        body = b""
        while True:
            kind, flags, call, payload = await _read(reader)
            if kind in {_SETTINGS, _PING} and not flags & _ACK:
                writer.write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))
            if call != _CALL:
                continue
            if kind == _DATA:
                body += payload[1 : len(payload) - payload[0]] if flags & _PADDED else payload
            if kind == _RESET or (kind in {_DATA, _HEADERS} and flags & _END_STREAM):
                return body == _message(_SERVING)


def _request(authority: str, service: str) -> bytes:
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/grpc.health.v1.Health/Check",
        ":authority": authority,
        "content-type": "application/grpc",
        "te": "trailers",
        "user-agent": "kube-probe/1",
    }
    fields = b"".join(b"\0" + _text(name) + _text(value) for name, value in headers.items())
    asked = service.encode()
    message = _message(b"\x0a" + _number(len(asked)) + asked if asked else b"")
    return _frame(_HEADERS, _END_HEADERS, _CALL, fields) + _frame(_DATA, _END_STREAM, _CALL, message)


def _frame(kind: int, flags: int, call: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + bytes((kind, flags)) + call.to_bytes(4) + payload


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    """Return the next frame: kind, flags, call and payload."""
    head = await reader.readexactly(9)
    length = int.from_bytes(head[:3])
    if length > _LONGEST_FRAME:
        message = "the answer is not HTTP/2"
        raise ValueError(message)
    return head[3], head[4], int.from_bytes(head[5:]) & 0x7FFF_FFFF, await reader.readexactly(length)


def _message(body: bytes) -> bytes:
    """Return a message as it travels: not compressed, its length, itself."""
    return b"\0" + len(body).to_bytes(4) + body


def _text(text: str) -> bytes:
    """Return a header's name or value of less than 127 bytes."""
    return bytes((len(text),)) + text.encode()


def _number(value: int) -> bytes:
    """Return a length as protocol buffers write it."""
    found = b""
    while value > 0x7F:
        found += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return found + bytes((value,))
