"""What is asked of a server over the network: whether it listens, and what it answers to ``GET``.

Used by probes, and a program of its own for handlers, which run beside a container's command whether or not
Pinnace is there: it needs nothing but the standard library. Source: Kubernetes pkg/probe.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

Headers = Sequence[tuple[str, str]]

#: What an answer that is none raises.
FAILURES = (OSError, ValueError, EOFError, TimeoutError, asyncio.LimitOverrunError)
_LONGEST_STATUS_LINE = 4096


@asynccontextmanager
async def connected(
    host: str, port: int, *, is_tls: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, for as long as the context lasts; nobody's certificate is looked at.

    Raises:
        OSError: nobody listens there.
    """
    tls = ssl._create_unverified_context() if is_tls else None  # noqa: S323, SLF001 - as the kubelet does
    reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=_LONGEST_STATUS_LINE)
    try:
        yield reader, writer
    finally:
        writer.close()


async def status_of(
    host: str,
    port: int,
    path: str,
    headers: Headers = (),
    *,
    is_tls: bool = False,
    agent: str = "kube-probe/1",
) -> int:
    """Return the status of the answer to ``GET path``. Redirects are not followed.

    Raises:
        OSError: nobody listens there.
        ValueError: the answer is not HTTP; so do the others of ``FAILURES`` say.
    """
    given = {name.lower() for name, _ in headers}
    usual = [("Host", f"{host}:{port}"), ("User-Agent", agent), ("Accept", "*/*")]
    sent = [*headers, *((name, value) for name, value in usual if name.lower() not in given)]
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent)]
    async with connected(host, port, is_tls=is_tls) as (reader, writer):
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        await writer.drain()
        protocol, _, rest = (await reader.readuntil(b"\n")).partition(b" ")
        if not protocol.startswith(b"HTTP/"):
            message = "the answer is not HTTP"
            raise ValueError(message)
        return int(rest[:3])


def command(
    host: str, port: int, path: str, headers: Headers = (), *, is_tls: bool = False
) -> tuple[str, ...]:
    """Return a command that sends this ``GET``, and succeeds whatever the status of the answer is."""
    source = Path(__file__).read_text(encoding="utf-8")
    return (sys.executable, "-I", "-c", source, json.dumps([host, port, path, [*headers], is_tls]))


def main(text: str) -> int:
    """Ask what ``text`` says, and return the exit code: 0 when there is an answer."""
    host, port, path, headers, is_tls = json.loads(text)
    try:
        asyncio.run(status_of(host, port, path, headers, is_tls=is_tls, agent="kube-lifecycle/1"))
    except ssl.SSLError:
        # Source: Kubernetes pkg/kubelet/lifecycle runHTTPHandler: a server without TLS is asked without it.
        public = [each for each in headers if each[0].lower() != "authorization"]
        return main(json.dumps([host, port, path, public, False]))
    except FAILURES:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
