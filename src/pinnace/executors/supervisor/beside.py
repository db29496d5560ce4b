"""Commands that run beside a task's own, in its place and with its environment: handlers and probes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from . import processes

#: What shells say of a command that cannot be run.
_CANNOT_RUN = 126

#: Called with the exit code of a command, as shells tell it.
Done = Callable[[int], None]


class Beside:
    """The commands beside one task, whose environment is ``env``; what they say goes nowhere."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._running: dict[int, Done] = {}
        #: When a command is killed that has not ended by then, in Unix seconds.
        self._kill_at: dict[int, float] = {}

    def start(self, argv: Sequence[str], timeout: float | None, done: Done) -> None:
        """Run ``argv`` for at most ``timeout`` seconds; one that cannot be run is done at once."""
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        try:
            pid = processes.spawn(argv, self._env, nowhere, nowhere)
        except (processes.NotStartedError, OSError):
            done(_CANNOT_RUN)
            return
        finally:
            os.close(nowhere)
        self._running[pid] = done
        if timeout is not None:
            self._kill_at[pid] = time.time() + timeout

    def reaped(self, statuses: Mapping[int, int]) -> None:
        """Take in the wait statuses of children that ended, other ones among them."""
        for pid in self._running.keys() & statuses.keys():
            self._kill_at.pop(pid, None)
            self._running.pop(pid)(processes.exit_code(statuses[pid]))

    def next_at(self) -> float | None:
        """Return when ``keep_time`` has something to do."""
        return min(self._kill_at.values(), default=None)

    def keep_time(self, now: float) -> None:
        """Kill what has run for too long."""
        for pid in [pid for pid, at in self._kill_at.items() if at <= now]:
            del self._kill_at[pid]
            processes.send_to_group(pid, signal.SIGKILL)
