"""What the probes of a container ask, and what follows: whether it has started, is ready, is alive.

Source: Kubernetes core/v1 Probe; pkg/kubelet/prober.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pinnace.engine.commands import StartTask
from pinnace.engine.containers import container_of
from pinnace.engine.daemons import POD_IP
from pinnace.runtime.asking import FAILURES, connected, status_of
from pinnace.runtime.grpchealth import serves
from pinnace.spec.templates import Container

#: Seconds between two questions at most, where an answer is waited for: that only shortens the wait.
_LONGEST_WAIT = 1.0


class Probe(Struct, frozen=True):
    """One question, and how often it is to be answered well."""

    host: str = ""
    port: int = 0
    path: str | None = None
    """What is asked for over HTTP; without it and ``service``, a connection is enough."""
    headers: tuple[tuple[str, str], ...] = ()
    is_tls: bool = False
    service: str | None = None
    """What is asked about over gRPC; "" is the server as a whole."""
    command: tuple[str, ...] = ()
    """What is run beside the container's own command; if it is given, nothing is asked over the network."""
    delay: float = 0.0
    """Seconds before it is asked first."""
    period: float = 10.0
    """Seconds between two questions."""
    timeout: float = 1.0
    successes: int = 1
    """So many good answers, one after another, are one success."""
    failures: int = 3
    """So many bad ones are one failure."""


class Probes(Struct, frozen=True):
    """The probes of one container."""

    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None


#: Asks, and returns whether the answer is good; None: nobody wants to know any more.
Ask = Callable[[Probe], Awaitable[bool | None]]


def probes_of(command: StartTask) -> Probes | None:
    """Return what the command's container is asked, None when that is nothing.

    Whether it is ready is asked of daemons alone: of other pods Argo makes nothing of it.
    """
    container = container_of(command.template, command.container)
    found = Probes(
        startup=_probe(container.startup_probe, container),
        readiness=_probe(container.readiness_probe, container) if command.template.daemon else None,
        liveness=_probe(container.liveness_probe, container),
    )
    return None if found == Probes() else found


async def attend(probes: Probes, ask: Ask, became_ready: Callable[[], None]) -> str:
    """Ask until a probe fails, and return which; "" when nobody wants to know any more.

    ``became_ready`` is called when the container has started and is ready.
    """
    if probes.startup is not None:
        outcome = await _starts(probes.startup, ask)
        if outcome is not True:
            return "" if outcome is None else "its startupProbe failed"
    readiness = asyncio.create_task(_becomes_ready(probes.readiness, ask, became_ready))
    try:
        if probes.liveness is not None and await _dies(probes.liveness, ask):
            return f"its livenessProbe failed {probes.liveness.failures} times"
        await readiness
    finally:
        readiness.cancel()
    return ""


async def _starts(probe: Probe, ask: Ask) -> bool | None:
    """Return whether a good answer comes in the time that the probe allows."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(probe.delay)
    until = loop.time() + (probe.failures - 1) * probe.period
    while True:
        answer = await ask(probe)
        if answer is not False:
            return answer
        if loop.time() >= until:
            return False
        await asyncio.sleep(min(probe.period, _LONGEST_WAIT))


async def _becomes_ready(probe: Probe | None, ask: Ask, became_ready: Callable[[], None]) -> None:
    if probe is not None:
        await asyncio.sleep(probe.delay)
        left = probe.successes
        while left:
            answer = await ask(probe)
            if answer is None:
                return
            left = left - 1 if answer else probe.successes
            if left:
                await asyncio.sleep(min(probe.period, _LONGEST_WAIT))
    became_ready()


async def _dies(probe: Probe, ask: Ask) -> bool:
    """Return True when it has failed, False when nobody wants to know any more."""
    await asyncio.sleep(probe.delay)
    bad = 0
    while True:
        answer = await ask(probe)
        if answer is None:
            return False
        bad = 0 if answer else bad + 1
        if bad == probe.failures:
            return True
        await asyncio.sleep(probe.period)


async def is_answered(probe: Probe) -> bool:
    """Return whether a probe over the network, asked now, is answered well."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await _ask(probe)
    except FAILURES:
        return False


async def _ask(probe: Probe) -> bool:
    if probe.service is not None:
        return await serves(probe.host, probe.port, probe.service)
    if probe.path is not None:
        status = await status_of(probe.host, probe.port, probe.path, probe.headers, is_tls=probe.is_tls)
        return 200 <= status < 400
    async with connected(probe.host, probe.port):
        return True


def _probe(declared: Any, container: Container) -> Probe | None:
    if not isinstance(declared, Mapping):
        return None
    asked = asked_by(declared, container)
    if asked is None:
        return None
    return replace(
        asked,
        delay=_number(declared, "initialDelaySeconds", 0.0),
        period=_number(declared, "periodSeconds", 10.0),
        timeout=max(0.1, _number(declared, "timeoutSeconds", 1.0)),
        successes=max(1, int(_number(declared, "successThreshold", 1.0))),
        failures=max(1, int(_number(declared, "failureThreshold", 3.0))),
    )


def asked_by(declared: Mapping[str, Any], container: Container) -> Probe | None:
    """Return what a probe or handler asks, each time it does; None when it says nothing."""
    run, http, tcp, grpc = (declared.get(kind) for kind in ("exec", "httpGet", "tcpSocket", "grpc"))
    if isinstance(run, Mapping):
        return Probe(command=tuple(str(each) for each in run.get("command") or ()))
    if isinstance(http, Mapping):
        return replace(
            _connecting(http, container),
            path="/" + _line(http.get("path")).lstrip("/"),
            headers=tuple(
                (_line(each.get("name")), _line(each.get("value"))) for each in http.get("httpHeaders") or ()
            ),
            is_tls=str(http.get("scheme", "")).upper() == "HTTPS",
        )
    if isinstance(grpc, Mapping):
        return Probe(POD_IP, _port(grpc.get("port"), container), service=str(grpc.get("service") or ""))
    return _connecting(tcp, container) if isinstance(tcp, Mapping) else None


def _connecting(asked: Mapping[str, Any], container: Container) -> Probe:
    return Probe(str(asked.get("host") or POD_IP), _port(asked.get("port"), container))


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
