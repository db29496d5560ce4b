"""``hostAliases`` as lines of a task's own ``/etc/hosts``; only a private view can have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pinnace.ports.executor import StagedFile

_HOSTS = "/etc/hosts"

#: What a task without a view of its own is told of its aliases.
NOT_ISOLATED = "hostAliases: the host's own names are used"


def hosts_file(*aliases: Any) -> tuple[StagedFile, ...]:
    """Return the ``/etc/hosts`` of a task with these ``hostAliases``, none where there are none.

    The machine's own names stay known; a name that an alias gives another address has that one.

    Source: Argo workflowpod.go: the template's aliases are added to the workflow's.
    """
    lines = [line for each in aliases if each for line in _lines(each)]
    if not lines:
        return ()
    try:
        own = Path(_HOSTS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        own = "127.0.0.1 localhost\n"  # a machine without the file resolves this name all the same
    # The first line that has a name counts.
    text = "".join(f"{line}\n" for line in lines) + own
    return (StagedFile(path=_HOSTS, content=text.encode(), mode=0o644),)


def _lines(aliases: Iterable[Any]) -> Iterable[str]:
    for alias in aliases:
        if isinstance(alias, Mapping) and alias.get("ip"):
            names = [str(name) for name in alias.get("hostnames") or ()]
            yield " ".join([str(alias["ip"]), *names]).replace("\n", " ")
