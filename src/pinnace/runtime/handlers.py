"""``lifecycle`` handlers of a container, and where it leaves its last words.

Source: Kubernetes core/v1 LifecycleHandler; pkg/kubelet/lifecycle/handlers.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinnace.runtime import asking
from pinnace.runtime.probes import asked_by
from pinnace.spec.templates import Container

#: Where a container leaves its last words. Source: Kubernetes core/v1 Container.
LAST_WORDS_PATH = "/dev/termination-log"
#: What a task without a view of its own is told of its last words.
NOT_READ = "terminationMessagePath: the file is not read"
_KINDS = frozenset({"exec", "httpGet", "sleep"})
#: What runs for a handler of another kind, as ``tcpSocket``.
_FAILS = ("false",)


def handler(container: Container, name: str) -> tuple[str, ...]:
    """Return what ``postStart`` or ``preStop`` runs beside the container's command; nothing if there is none.

    Any answer to ``httpGet`` is a success, and a ``tcpSocket`` handler fails, as with the kubelet.
    """
    declared = _declared(container, name)
    if not declared:
        return ()
    pause, asked = declared.get("sleep"), asked_by(declared, container)
    if asked is not None and asked.command:
        return asked.command
    if asked is not None and asked.path is not None:
        return asking.command(asked.host, asked.port, asked.path, asked.headers, is_tls=asked.is_tls)
    return ("sleep", str(pause.get("seconds", 0))) if isinstance(pause, Mapping) else _FAILS


def notes(container: Container) -> Iterator[str]:
    """Yield a sentence for each handler that cannot succeed."""
    for name in ("postStart", "preStop"):
        declared = _declared(container, name)
        if declared and not _KINDS & declared.keys():
            yield f"lifecycle: {name} fails, as in Kubernetes: it is not of the kind exec, httpGet or sleep"


def _declared(container: Container, name: str) -> Mapping[str, Any]:
    declared = container.lifecycle.get(name) if isinstance(container.lifecycle, Mapping) else None
    return declared if isinstance(declared, Mapping) else {}
