"""Whether a gRPC server says that it serves, asked of recorded answers."""

from __future__ import annotations

import asyncio

import pytest

from pinnace.runtime.grpchealth import serves
from pinnace.runtime.probes import Probe, is_answered

HOST = "127.0.0.1"
SETTINGS = "000018040000000000000400400000000500400000000600004000fe0300000001000004080000000000003f0001"
PING = "000008060000000000115a3c861f809cc4"
HEADERS = (
    "00004e01040000000188400c636f6e74656e742d74797065106170706c69636174696f6e2f677270634014677270632d616363"
    "6570742d656e636f64696e67176964656e746974792c206465666c6174652c20677a6970"
)
DATA, TRAILER = "000007000000000001", "00001e010500000001400b677270632d737461747573013"
#: What grpcio 1.85 answered, for each status.
SERVING = f"{HEADERS}{DATA}00000000020801{TRAILER}0000c677270632d6d65737361676500"
NOT_SERVING = f"{HEADERS}{DATA}00000000020802{TRAILER}0000c677270632d6d65737361676500"
NO_SUCH_SERVICE = f"{HEADERS}0000050000000000010000000000{TRAILER}5000c677270632d6d65737361676500"
#: The same with what HTTP/2 allows besides: padding, and a message in two parts.
PADDED = f"{HEADERS}00000b0008000000010300000000020801ffffff{TRAILER}0000c677270632d6d65737361676500"
HALVES = f"{HEADERS}00000500000000000100000000020000020001000000010801"
RESET = f"{HEADERS}00000403000000000100000002"


async def asked(answer: str, service: str = "") -> tuple[bool, bytes]:
    """Return what ``serves`` makes of an answer, and what it sent before it."""
    sent: list[bytes] = []
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes.fromhex(SETTINGS + PING))
        name = service.encode()
        message = b"\x0a" + bytes((len(name),)) + name if name else b""
        sent.append(await reader.readuntil(b"\x00" + len(message).to_bytes(4) + message))
        writer.write(bytes.fromhex(answer))
        sent.append(await reader.read())
        writer.close()
        served.set()

    async with await asyncio.start_server(serve, HOST, 0) as listening:
        found = await serves(HOST, listening.sockets[0].getsockname()[1], service)
        await served.wait()
    return found, b"".join(sent)


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [
        (SERVING, True),
        (NOT_SERVING, False),
        (NO_SUCH_SERVICE, False),
        (PADDED, True),
        (HALVES, True),
        (RESET, False),
    ],
)
async def test_only_who_says_so_serves(answer: str, is_good: bool) -> None:
    found, _ = await asked(answer)
    assert found is is_good


async def test_settings_and_pings_are_acknowledged() -> None:
    _, sent = await asked(SERVING)
    assert bytes.fromhex("000000040100000000") in sent
    assert bytes.fromhex(PING.replace("0000080600", "0000080601")) in sent


async def test_a_request_says_which_service_is_asked_about() -> None:
    _, sent = await asked(SERVING, "shop.Cart")
    assert sent.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert b"/grpc.health.v1.Health/Check" in sent
    assert b"\x0a\x09shop.Cart" in sent


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 9, b""])
async def test_who_speaks_something_else_does_not_serve(answer: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as listening:
        assert not await is_answered(Probe(HOST, listening.sockets[0].getsockname()[1], service=""))
