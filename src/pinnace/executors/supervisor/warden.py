"""The parent of one task: furnishes its place, starts it, moves its output, stops it, sweeps up, captures.

A warden is a fork of the supervisor (for tasks on the host) or of the nursery (for tasks in private views, as
process 1 of its process namespace). It runs one task after another, for a fork costs more than many a task.
It reports to the supervisor over its channel:

    ["started", {"at", "notes"}]   the command runs
    ["progressed", {"progress"}]   it says how far it is
    ["exec", {"request", "exit_code"}]   a command beside it has ended
    ["ended", {"at", "reason", "exit_code", "message", "result", "captures"}]

and is told ``["run", spec]``, then perhaps ``["exec", request, argv, timeout]`` and ``["stop", reason, grace,
message]``. When the channel closes, the
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
from .beside import Beside
from .output import Log, Stream
from .sayings import ProgressFile, last_words
from .wire import Channel, Message

#: Source: Argo we/executor.go, maxOutputResult.
MAX_RESULT_BYTES = 262_144
#: Seconds between two looks at what a task has written: how far it is, and how much, if it has a quota.
_LOOK_INTERVAL = 1.0

#: Ends that a cluster's node brings about, before which it runs preStop; Argo's own signals come without.
_BY_THE_NODE = frozenset({"deadline", "unhealthy"})

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

    def used_bytes(self, folder: str) -> int:
        """Return how much lies in ``folder``, that of a quota; in "", what it wrote to its private view."""

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
                    _tell(self._channel, "ended", self._run(rest[0], messages[number + 1 :]))
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
        task.attend(orders)
        end = task.end()
        place.clear()
        return end


def _tell(channel: Channel, kind: str, body: dict[str, Any]) -> None:
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
        self._is_told = False
        self._beside = Beside(dict(spec["env"]))
        self._log = Log(place.logs, f"{spec['attempt_id']}.log")
        self._streams: dict[int, Stream] = {}
        self._pid = self._spawn()
        now = time.time()
        limits = [spec["deadline"], now + spec["timeout"] if spec["timeout"] is not None else None]
        self._stop_at = min((limit for limit in limits if limit is not None), default=None)
        self._progress = ProgressFile(spec["progress_file"])
        looks = spec["quotas"] or spec["progress_file"]
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
        if self._spec["post_start"]:
            self._beside.start(self._spec["post_start"], None, self._post_started)
        else:
            self._tell_started()
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
                    statuses = processes.reap()
                    self._status = statuses.get(self._pid)
                    self._beside.reaped(statuses)
                else:
                    self._obey(self._channel.receive())
            self._keep_time(time.time())

    def end(self) -> dict[str, Any]:
        """Leave nothing of the task running, collect what it leaves and return its end."""
        assert self._status is not None
        self._tell_started()
        self._sweep()
        for stream in self._streams.values():
            stream.finish()
        self._log.close()
        self._tell_progress()
        place, spec = self._place, self._spec
        kept = captures.collect(spec["captures"], place.captures, place.stored) if spec["captures"] else []
        signalled = os.WIFSIGNALED(self._status)
        exit_code = processes.exit_code(self._status)
        if exit_code and not self._stopped:
            log = f"{spec['attempt_id']}.log" if spec["words_from_log"] else ""
            self._message = last_words(spec["last_words"], log, place.logs)
        stdout = next(iter(self._streams.values()))
        return {
            "at": time.time(),
            "reason": self._stopped or ("signalled" if signalled else "exited"),
            "exit_code": exit_code,
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
        candidates = (self._stop_at, self._kill_at, self._look_at, self._beside.next_at())
        times = [at for at in candidates if at is not None]
        return max(0, int((min(times) - time.time()) * 1000) + 1) if times else None

    def _obey(self, orders: list[Message]) -> None:
        for kind, *rest in orders:
            if kind == "stop":
                reason, grace, message = rest
                self._message = self._message or message
                self._stop(reason, self._spec["grace"] if grace is None else grace)
            elif kind == "exec":
                self._run_beside(*rest)
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
            self._check_quotas()
            self._look_at = time.time() + _LOOK_INTERVAL
        self._beside.keep_time(now)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._place.kill(self._pid)

    def _tell_started(self) -> None:
        if not self._is_told:
            self._is_told = True
            _tell(self._channel, "started", {"at": time.time(), "notes": self._place.notes})

    def _post_started(self, exit_code: int) -> None:
        """Go on when what runs right after the start has ended. Source: Kubernetes, FailedPostStartHook."""
        if self._status is not None:
            return  # the command was faster
        if exit_code:
            self._message = self._message or f"its postStart handler ended with exit code {exit_code}"
            self._stop("unhealthy", self._spec["grace"])
        else:
            self._tell_started()

    def _run_beside(self, request: int, argv: list[str], timeout: float) -> None:
        def done(exit_code: int) -> None:
            self._channel.send(["exec", {"request": request, "exit_code": exit_code}])

        self._beside.start(argv, timeout, done)

    def _tell_progress(self) -> None:
        if line := self._progress.news():
            self._channel.send(["progressed", {"progress": line}])

    def _check_quotas(self) -> None:
        for quota in self._spec["quotas"]:
            if not self._stopped and self._place.used_bytes(quota["folder"]) > quota["limit"]:
                self._message = quota["message"]
                self._stop("evicted", 0)

    def _stop(self, reason: str, grace: float) -> None:
        now = time.time()
        if not self._stopped:
            self._stopped = reason
            self._stop_at = None
            self._kill_at = now + grace
            if grace > 0 and reason in _BY_THE_NODE and self._spec["pre_stop"]:
                self._beside.start(self._spec["pre_stop"], None, lambda _code: self._terminate())
            elif grace > 0:
                self._terminate()
        elif self._kill_at is not None:
            self._kill_at = min(self._kill_at, now + grace)

    def _terminate(self) -> None:
        processes.send_to_group(self._pid, signal.SIGTERM)
        # A stopped process acts on SIGTERM only when it is continued.
        processes.send_to_group(self._pid, signal.SIGCONT)


def _spawn_with_limit(spec: Spec, out: int, err: int) -> int:
    limit = min((quota["limit"] for quota in spec["quotas"] if not quota["folder"]), default=None)
    if limit is None:
        return processes.spawn(spec["argv"], dict(spec["env"]), out, err)
    # Set here and inherited: a limit set on the running command would leave it a moment without.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
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
