"""``lifecycle`` handlers and probes of a container: what is run of them, and what cannot be kept here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinnace.base.errors import RefusedError
from pinnace.engine.containers import ASKED_BY, PROBES
from pinnace.spec.templates import Container, Template

#: Where a container leaves its last words. Source: Kubernetes core/v1 Container.
LAST_WORDS_PATH = "/dev/termination-log"
#: What a task without a view of its own is told of its last words.
NOT_READ = "terminationMessagePath: the file is not read"


def handler(container: Container, name: str) -> tuple[str, ...]:
    """Return what ``postStart`` or ``preStop`` runs; nothing for a kind that is not run here."""
    declared = container.lifecycle.get(name) if isinstance(container.lifecycle, Mapping) else None
    if not isinstance(declared, Mapping):
        return ()
    run, pause = declared.get("exec"), declared.get("sleep")
    if isinstance(run, Mapping):
        return tuple(str(each) for each in run.get("command") or ())
    return ("sleep", str(pause.get("seconds", 0))) if isinstance(pause, Mapping) else ()


def refuse_unasked(template: Template, container: Container) -> None:
    """Make sure that a daemon's readiness is asked in a way that can be done here.

    Raises:
        RefusedError: it is not; whoever waits for the daemon would be let go too early.
    """
    if not template.daemon:
        return
    for name in ("startupProbe", "readinessProbe"):
        kind = _unasked(getattr(container, PROBES[name]))
        if kind:
            message = f"{name}: a {kind} probe cannot be asked here"
            raise RefusedError(message, remedy=f"Use {', '.join(sorted(ASKED_BY))}.")


def notes(container: Container) -> Iterator[str]:
    """Yield a sentence for each probe and handler that is not kept here."""
    for name, field in PROBES.items():
        kind = _unasked(getattr(container, field))
        if kind:
            yield f"{name}: a {kind} probe is not asked"
    if isinstance(container.lifecycle, Mapping):
        for name in ("postStart", "preStop"):
            declared = container.lifecycle.get(name)
            if declared and not handler(container, name):
                yield f"lifecycle: {name} does not run, it is of a kind other than exec and sleep"


def _unasked(declared: Any) -> str:
    """Return the kind of a probe that cannot be asked, "" for none and for one that can."""
    if not isinstance(declared, Mapping) or ASKED_BY & declared.keys():
        return ""
    return "grpc" if "grpc" in declared else ""
