"""Starting a command, ending the tree of processes that grew from it, and settling into a fork."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import stat
from collections.abc import Iterable, Mapping, Sequence

#: Where a command is looked for when its environment has no PATH. Source: Linux containers' usual PATH.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: Passes over a tree that keeps growing before it is killed as far as it was found.
_FREEZE_PASSES = 64
#: Points for the kernel's choice of a victim when memory runs out: tasks go before Pinnace.
_OOM_POINTS = 500
_DEFAULTED = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class NotStartedError(Exception):
    """The command cannot be started; the text says why, to a user."""


def spawn(argv: Sequence[str], env: Mapping[str, str], out: int, err: int) -> int:
    """Start ``argv`` in the current folder as the leader of a new session and return its process id.

    Raises:
        NotStartedError: it does not exist, may not be executed, or is not a program.
    """
    if not argv:
        message = "the command is empty"
        raise NotStartedError(message)
    program = _find(argv[0], env.get("PATH", DEFAULT_PATH))
    try:
        return os.posix_spawn(
            program,
            list(argv),
            env,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out, 1),
                (os.POSIX_SPAWN_DUP2, err, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_DEFAULTED,
        )
    except OSError as error:
        raise NotStartedError(_explain(program, error)) from error
    except ValueError as error:
        message = f"an argument or environment variable cannot be passed on: {error}"
        raise NotStartedError(message) from error


def _find(name: str, path: str) -> str:
    if "/" in name:
        return name
    for folder in path.split(":"):
        candidate = f"{folder or '.'}/{name}"
        try:
            found = os.stat(candidate)
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(found.st_mode) and os.access(candidate, os.X_OK):
            return candidate
    message = f'exec: "{name}": executable file not found in PATH ({path})'
    raise NotStartedError(message)


def _explain(program: str, error: OSError) -> str:
    if error.errno == errno.ENOEXEC:
        return f"{program} is not a program of this machine and has no #! line"
    if error.errno == errno.E2BIG:
        return (
            "its arguments and environment are more than the kernel takes: one of them has 131,072 bytes or "
            "more, or all together are too large; pass the value as a file (an artifact) instead"
        )
    return f"{program}: {error.strerror}"


def reap() -> dict[int, int]:
    """Return the wait status of every child that has ended, by process id."""
    statuses: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return statuses
        if not pid:
            return statuses
        statuses[pid] = status


def exit_code(status: int) -> int:
    """Return a wait status as shells do: the exit code, or 128 + the signal that ended the process."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def descendants(root: int) -> list[int]:
    """Return the processes that descend from ``root``, nearest first; empty where /proc does not tell."""
    found: list[int] = []
    front = [root]
    while front:
        front = [child for parent in front for child in children(parent)]
        found += front
    return found


def children(pid: int) -> list[int]:
    """Return the children of the process ``pid``; empty where /proc does not tell."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        for thread in threads:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        return found  # it ended while we looked
    return found


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process that still exists and may be signalled."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def send_to_group(leader: int, number: int) -> None:
    """Send a signal to the process group of ``leader``; does nothing when it is gone."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def kill_descendants(root: int) -> None:
    """Kill every descendant of ``root``, also while they go on forking."""
    # Stopping all before killing any: a tree that forks faster than it is killed would outgrow us.
    stopped: set[int] = set()
    for _ in range(_FREEZE_PASSES):
        fresh = set(descendants(root)) - stopped
        if not fresh:
            break
        send(fresh, signal.SIGSTOP)
        stopped |= fresh
    send(stopped, signal.SIGKILL)


def keep_only(connection: socket.socket) -> None:
    """Close every descriptor that a fork inherited except the first three and ``connection``."""
    own = connection.fileno()
    for name in os.listdir("/dev/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor != own:  # beyond standard input, output and error
            with contextlib.suppress(OSError):  # the listing's own descriptor
                os.close(descriptor)


def prefer_as_oom_victim() -> None:
    """Make the kernel end this process and its children before others when memory runs out."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(str(_OOM_POINTS))
