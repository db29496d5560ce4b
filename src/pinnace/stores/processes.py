"""Who this process is, and whether another one is dead: what a lease on a run needs to know of its owner.

A process number alone does not do: numbers are used again, and mean nothing on another machine or in another
container. So an owner also says where its number counts and when it began.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from pinnace.ports.store import Owner


def this_process() -> Owner:
    """Return a new owner that stands for this process."""
    pid = os.getpid()
    return Owner(id=uuid4().hex, host=_host(), pid=pid, birth=_birth(pid) or "")


def is_dead(owner: Owner) -> bool:
    """Return whether the owner's process is known to have ended. Unknown, as on another host, is False."""
    if owner.host != _host() or owner.pid <= 0:
        return False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it exists and is another user's
    birth = _birth(owner.pid)
    return birth is not None and bool(owner.birth) and birth != owner.birth


def _host() -> str:
    """Return what tells apart the places where a process number means another process."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        return socket.gethostname()


def _birth(pid: int) -> str | None:
    """Return when a process began; "" when it ended and was not collected, None when it cannot be said."""
    if not sys.platform.startswith("linux"):
        return _birth_by_ps(pid)
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The command's name stands in parentheses and may itself hold some.
    fields = status[status.rindex(")") + 2 :].split()
    state, started = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot}/{started}"


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"})
    except (OSError, subprocess.CalledProcessError):
        return None
    state, _, started = answer.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()
