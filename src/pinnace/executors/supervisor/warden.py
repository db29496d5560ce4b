"""The parent of one task: furnishes its place, starts it, moves its output, stops it, sweeps up, captures.

A warden is a fork of the supervisor (for tasks on the host) or of the nursery (for tasks in private views, as
process 1 of its process namespace). It runs one task after another, for a fork costs more than many a task.
It reports to the supervisor over its channel:

    ["started", {"at", "notes"}]   the command runs
    ["progressed", {"progress"}]   it says how far it is
    ["ended", {"at", "reason", "exit_code", "message", "result", "captures"}]

and is told ``["run", spec]``, then perhaps ``["stop", reason, grace]``. When the channel closes, the
supervisor is gone: the task is ended at once, for nobody would learn of its end.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import time
from typing import Any, NoReturn, Protocol

from . import captures, processes
from .output import Log, Stream
from .progress import ProgressFile
from .wire import Channel, Message

#: Source: Argo we/executor.go, maxOutputResult.
MAX_RESULT_BYTES = 262_144
#: Seconds between two looks at what a task has written: how far it is, and how much, if it has a quota.
_LOOK_INTERVAL = 1.0

Spec = dict[str, Any]


class Place(Protocol):
    """Where a task lives: the host itself, or a private view."""

    notes: tuple[str, ...]
    #: The folder that captures are written to, as the warden sees it and as the machine does.
    captures: str
    stored: str
    #: The folder of log files, as a descriptor.
    logs: int

    def furnish(self, spec: Spec) -> None:
        """Put the task's files in place and make its working directory the current folder.

        Raises:
            NotStartedError: impossible; the text says why.
            OSError: likewise.
        """

    def kill(self, leader: int) -> None:
        """Send SIGKILL to every process of the task, detached ones too; ``leader`` is its command."""

    def used_bytes(self) -> int:
        """Return how much the task has written to its private view."""

    def clear(self) -> None:
        """Remove what ``furnish`` made where other tasks could meet it; before anybody knows of the end."""

    def renew(self) -> None:
        """Leave what is left of the task and make ready for the next one, which waits meanwhile."""


class Warden:
    """Runs tasks in ``place``, one after another."""

    def __init__(self, channel: Channel, place: Place) -> None:
        self._channel = channel
        self._place = place
        self._wakeup = _wake_on_child_end()

    def serve(self) -> NoReturn:
        """Run the tasks that come over the channel until it closes."""
        while True:
            select.select([self._channel], [], [])
            messages = self._channel.receive()
            for number, (kind, *rest) in enumerate(messages):
                if kind == "run":  # a stop before it was for the task before
                    self._tell("ended", self._run(rest[0], messages[number + 1 :]))
                    self._place.renew()
                    break
            if self._channel.closed:
                os._exit(0)

    def _run(self, spec: Spec, orders: list[Message]) -> dict[str, Any]:
        place = self._place
        try:
            place.furnish(spec)
            task = _Task(self._channel, place, self._wakeup, spec)
        except (processes.NotStartedError, OSError) as error:
            place.clear()
            return _not_started(str(error))
        self._tell("started", {"at": time.time(), "notes": place.notes})
        task.attend(orders)
        end = task.end()
        place.clear()
        return end

    def _tell(self, kind: str, body: dict[str, Any]) -> None:
        channel = self._channel
        channel.send([kind, body])
        while channel.unsent and not channel.closed:
            select.select([], [channel], [])
            channel.flush()


class _Task:
    """One running command and its timeline: stop at a deadline, kill when its grace is over."""

    def __init__(self, channel: Channel, place: Place, wakeup: socket.socket, spec: Spec) -> None:
        self._channel = channel
        self._place = place
        self._wakeup = wakeup
        self._spec = spec
        self._status: int | None = None
        self._stopped = ""
        self._message = ""
        self._kill_at: float | None = None
        self._log = Log(place.logs, f"{spec['attempt_id']}.log")
        self._streams: dict[int, Stream] = {}
        self._pid = self._spawn()
        now = time.time()
        limits = [spec["deadline"], now + spec["timeout"] if spec["timeout"] is not None else None]
        self._stop_at = min((limit for limit in limits if limit is not None), default=None)
        self._quota = spec["disk_quota"]
        self._progress = ProgressFile(spec["progress_file"])
        looks = self._quota is not None or spec["progress_file"]
        self._look_at = now + _LOOK_INTERVAL if looks else None

    def _spawn(self) -> int:
        spec = self._spec
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        try:
            pid = _spawn_with_limit(spec, out_write, err_write)
        except BaseException:
            os.close(out_read)
            os.close(err_read)
            raise
        finally:
            os.close(out_write)
            os.close(err_write)
        keep = MAX_RESULT_BYTES if spec["want_result"] else 0
        for name, descriptor, kept in (("stdout", out_read, keep), ("stderr", err_read, 0)):
            os.set_blocking(descriptor, False)
            self._streams[descriptor] = Stream(name, descriptor, self._log, kept)
        return pid

    def attend(self, orders: list[Message]) -> None:
        """Move output and keep the timeline until the command has ended.

        ``orders`` have come for it already.
        """
        self._obey(orders)
        self._keep_time(time.time())
        poller = select.poll()
        for descriptor in (self._channel.fileno(), self._wakeup.fileno(), *self._streams):
            poller.register(descriptor, select.POLLIN)
        while self._status is None:
            for descriptor, events in poller.poll(self._patience()):
                if stream := self._streams.get(descriptor):
                    if not stream.pump() and not events & select.POLLIN:
                        poller.unregister(descriptor)
                elif descriptor == self._wakeup.fileno():
                    self._wakeup.recv(4096)
                    self._status = processes.reap().get(self._pid)
                else:
                    self._obey(self._channel.receive())
            self._keep_time(time.time())

    def end(self) -> dict[str, Any]:
        """Leave nothing of the task running, collect what it leaves and return its end."""
        assert self._status is not None
        self._sweep()
        for stream in self._streams.values():
            stream.finish()
        self._log.close()
        self._tell_progress()
        place, spec = self._place, self._spec
        kept = captures.collect(spec["captures"], place.captures, place.stored) if spec["captures"] else []
        signalled = os.WIFSIGNALED(self._status)
        stdout = next(iter(self._streams.values()))
        return {
            "at": time.time(),
            "reason": self._stopped or ("signalled" if signalled else "exited"),
            "exit_code": processes.exit_code(self._status),
            "message": "; ".join(filter(None, (self._message, self._log.failure))),
            "result": _result(stdout.tail()) if spec["want_result"] else None,
            "captures": kept,
        }

    def _sweep(self) -> None:
        """Return when every process that the command left behind is gone."""
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    self._place.kill(self._pid)
                    os.waitpid(-1, 0)
            except ChildProcessError:
                return

    def _patience(self) -> int | None:
        times = [at for at in (self._stop_at, self._kill_at, self._look_at) if at is not None]
        return max(0, int((min(times) - time.time()) * 1000) + 1) if times else None

    def _obey(self, orders: list[Message]) -> None:
        for kind, *rest in orders:
            if kind == "stop":
                reason, grace = rest
                self._stop(reason, self._spec["grace"] if grace is None else grace)
        if self._channel.closed:
            self._stop("lost", 0)

    def _keep_time(self, now: float) -> None:
        if self._status is not None:
            return
        if self._stop_at is not None and now >= self._stop_at:
            self._stop_at = None
            self._stop("deadline", self._spec["grace"])
        if self._look_at is not None and now >= self._look_at:
            self._tell_progress()
            self._check_quota()
            self._look_at = time.time() + _LOOK_INTERVAL
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._place.kill(self._pid)

    def _tell_progress(self) -> None:
        if line := self._progress.news():
            self._channel.send(["progressed", {"progress": line}])

    def _check_quota(self) -> None:
        if self._quota is not None and not self._stopped and self._place.used_bytes() > self._quota:
            self._message = f"it wrote more than its disk quota of {self._quota} bytes"
            self._stop("evicted", 0)

    def _stop(self, reason: str, grace: float) -> None:
        now = time.time()
        if not self._stopped:
            self._stopped = reason
            self._stop_at = None
            if grace > 0:
                processes.send_to_group(self._pid, signal.SIGTERM)
                # A stopped process acts on SIGTERM only when it is continued.
                processes.send_to_group(self._pid, signal.SIGCONT)
            self._kill_at = now + grace
        elif self._kill_at is not None:
            self._kill_at = min(self._kill_at, now + grace)


def _spawn_with_limit(spec: Spec, out: int, err: int) -> int:
    quota = spec["disk_quota"]
    if quota is None:
        return processes.spawn(spec["argv"], dict(spec["env"]), out, err)
    # Set here and inherited: a limit set on the running command would leave it a moment without.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (quota, before[1]))
    try:
        return processes.spawn(spec["argv"], dict(spec["env"]), out, err)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _result(tail: bytes) -> str:
    return tail.decode("utf-8", "replace").removesuffix("\n")


def _not_started(message: str) -> dict[str, Any]:
    return {
        "at": time.time(),
        "reason": "not-started",
        "exit_code": None,
        "message": message,
        "result": None,
        "captures": [],
    }


def _wake_on_child_end() -> socket.socket:
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return reading


def report_not_started(channel: Channel, message: str) -> None:
    """Tell the supervisor that the task of ``channel`` cannot be started, and why."""
    channel.send(["ended", _not_started(message)])
