"""Asking a daemon whether it is ready, as its startup and readiness probes say.

A probe is asked at least once a second, however long its period is: that only shortens the wait. Source:
Kubernetes core/v1 Probe; pkg/kubelet/prober.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from pinnace.engine.commands import StartTask
from pinnace.engine.containers import container_of, is_probed
from pinnace.engine.daemons import POD_IP
from pinnace.spec.templates import Container

#: Seconds between two questions at most.
_LONGEST_PERIOD = 1.0
_DEFAULT_PERIOD = 10.0
_LONGEST_STATUS_LINE = 4096


class Probe(Struct, frozen=True):
    """One question, and how often it is to be answered well."""

    host: str
    port: int
    path: str | None = None
    """What is asked for over HTTP; None only connects."""
    headers: tuple[tuple[str, str], ...] = ()
    is_tls: bool = False
    delay: float = 0.0
    """Seconds before it is asked first."""
    period: float = _LONGEST_PERIOD
    timeout: float = 1.0
    successes: int = 1


def probes_of(command: StartTask) -> tuple[Probe, ...]:
    """Return what is to succeed, one after another, before a daemon's container is ready."""
    container = container_of(command.template, command.container)
    if not command.template.daemon or not is_probed(container):
        return ()
    declared = (container.startup_probe, container.readiness_probe)
    return tuple(probe for each in declared if (probe := _probe(each, container)) is not None)


async def become_ready(probes: tuple[Probe, ...], is_wanted: Callable[[], bool]) -> bool:
    """Return True when all probes have succeeded, False when nobody wants to know any more."""
    for probe in probes:
        await asyncio.sleep(probe.delay)
        left = probe.successes
        while left:
            if not is_wanted():
                return False
            left = left - 1 if await succeeds(probe) else probe.successes
            if left:
                await asyncio.sleep(probe.period)
    return is_wanted()


async def succeeds(probe: Probe) -> bool:
    """Return whether the probe, asked now, is answered well."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await _ask(probe)
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False


async def _ask(probe: Probe) -> bool:
    tls = ssl._create_unverified_context() if probe.is_tls else None  # noqa: S323, SLF001 - as the kubelet does
    reader, writer = await asyncio.open_connection(
        probe.host, probe.port, ssl=tls, limit=_LONGEST_STATUS_LINE
    )
    try:
        if probe.path is None:
            return True
        given = {name.lower() for name, _ in probe.headers}
        lines = [f"GET {probe.path} HTTP/1.1", *(f"{name}: {value}" for name, value in probe.headers)]
        if "host" not in given:
            lines.append(f"Host: {probe.host}:{probe.port}")
        lines += ["User-Agent: kube-probe/1", "Accept: */*", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1"))
        await writer.drain()
        words = (await reader.readuntil(b"\n")).split()
        return words[0].startswith(b"HTTP/") and 200 <= int(words[1]) < 400
    except IndexError:
        return False
    finally:
        writer.close()


def _probe(declared: Any, container: Container) -> Probe | None:
    if not isinstance(declared, Mapping):
        return None
    is_http = isinstance(declared.get("httpGet"), Mapping)
    asked: Any = declared.get("httpGet" if is_http else "tcpSocket")
    if not isinstance(asked, Mapping):
        return None
    path = None
    headers: tuple[tuple[str, str], ...] = ()
    if is_http:
        path = "/" + _line(asked.get("path")).lstrip("/")
        headers = tuple(
            (_line(each.get("name")), _line(each.get("value"))) for each in asked.get("httpHeaders") or ()
        )
    return Probe(
        host=str(asked.get("host") or POD_IP),
        port=_port(asked.get("port"), container),
        path=path,
        headers=headers,
        is_tls=str(asked.get("scheme", "")).upper() == "HTTPS",
        delay=_number(declared, "initialDelaySeconds", 0.0),
        period=min(_LONGEST_PERIOD, _number(declared, "periodSeconds", _DEFAULT_PERIOD)),
        timeout=max(0.1, _number(declared, "timeoutSeconds", 1.0)),
        successes=max(1, int(_number(declared, "successThreshold", 1.0))),
    )


def _port(port: Any, container: Container) -> int:
    """Return a port given as a number, or by the name that the container gives it; 0 is none."""
    for each in container.ports or ():
        if isinstance(each, Mapping) and each.get("name") == port:
            port = each.get("containerPort")
    try:
        return int(port)
    except (TypeError, ValueError):
        return 0


def _number(declared: Mapping[str, Any], name: str, default: float) -> float:
    value = declared.get(name)
    return float(value) if isinstance(value, int | float) and value > 0 else default


def _line(value: Any) -> str:
    return str(value or "").replace("\r", "").replace("\n", "")
