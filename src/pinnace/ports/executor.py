"""What runs a task: the port that every executor implements.

The runtime hands over tasks and is told, in batches, what became of them. An executor has no opinion about
retries or phases: it reports facts.

Rules that every executor keeps (``pinnace.testing.contracts.executor`` tests them):

* ``start`` is idempotent under ``TaskSpec.attempt_id``, also across a crash of the caller.
* Every task handed over is answered: by ``TaskStarted`` then ``TaskEnded``, or by ``TaskEnded`` alone.
* An end is on disk, with its captures, before it is told, and is told again by ``adopt`` until ``release``.
* Nothing of a run is left running after ``close_run``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

#: ``outputs.result`` keeps this many bytes, the last ones. Source: Argo we/executor.go, maxOutputResult.
MAX_RESULT_BYTES = 262_144


class StagedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that the task finds at ``path`` when it starts."""

    path: str
    """Absolute, in the task's own view."""
    source: str = ""
    """Where it lies on this machine; empty when ``content`` holds it. It is never changed by the task."""
    content: bytes = b""
    mode: int | None = None
    """Permission bits; None keeps the source's (0644 for ``content``)."""
    writable_source: bool = False
    """True for a volume: the task's writes reach ``source`` itself and other tasks that mount it.

    What is mounted into a private view is looked up without following links: ``source`` has none, unless
    somebody has put one there since it was judged.
    """
    live_source: bool = False
    """True: the task sees ``source`` itself and not a copy, also where it cannot write to it."""


class CaptureKind(StrEnum):
    """What a capture is kept as."""

    PARAMETER = "parameter"
    ARTIFACT = "artifact"


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """Something to keep of the task's view when its command has ended."""

    name: str
    path: str
    kind: CaptureKind


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How much may lie at a place; a task is ended when there is more."""

    limit: int
    """Bytes."""
    folder: str = ""
    """A folder of this machine; "" is what the task has written to its private view."""
    message: str
    """What its end says then."""


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to run one command; all values are final, no template is left in them."""

    attempt_id: str
    """Unique and deterministic, made of ``[a-zA-Z0-9.-]``: the same attempt always has the same id."""
    run_id: str
    """The run's uid."""
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    """The whole environment: nothing of this process's own environment is added."""
    working_dir: str = ""
    files: tuple[StagedFile, ...] = ()
    captures: tuple[Capture, ...] = ()
    want_result: bool = False
    """True: keep the last ``MAX_RESULT_BYTES`` of standard output as the result."""
    deadline: float | None = None
    """Unix seconds at which it is stopped (reason ``DEADLINE``); None is never."""
    timeout: float | None = None
    """Seconds from its start after which it is stopped (reason ``DEADLINE``); None is never."""
    grace: float = 30.0
    """Seconds between SIGTERM and SIGKILL. Source: Kubernetes terminationGracePeriodSeconds."""
    isolated: bool = True
    """True: a private view of the file system and of processes. False: runs on the host as it is."""
    progress_file: str = ""
    """Where it may write how far it is, in its own view; "" is nowhere. The folder is there."""
    post_start: tuple[str, ...] = ()
    """What runs beside it right after its start, which is told when this has ended; a failure stops it."""
    pre_stop: tuple[str, ...] = ()
    """What runs within ``grace`` before SIGTERM where its time is over or it was called unhealthy."""
    last_words: str = ""
    """The file of its own view whose first 4096 bytes are the message of a failure; "" is none."""
    words_from_log: bool = False
    """True: where that says nothing, the last 80 lines of its output do, at most 2048 characters."""
    quotas: tuple[Quota, ...] = ()
    """What it may fill, as far as that is limited."""


class EndReason(StrEnum):
    """Why a task ended, as far as the executor knows."""

    EXITED = "exited"
    """The command ended by itself: see ``exit_code``."""
    SIGNALLED = "signalled"
    """A signal from outside Pinnace ended it: ``exit_code`` is 128 + signal."""
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    UNHEALTHY = "unhealthy"
    """It was stopped by ``fail``, or because ``post_start`` failed: see ``exit_code``."""
    EVICTED = "evicted"
    """One of its ``quotas`` was exceeded. Source: Kubernetes pkg/kubelet/eviction, localStorageEviction."""
    NOT_STARTED = "not-started"
    """It could not be started; ``message`` says why. No exit code exists."""
    LOST = "lost"
    """It was started, but its end was seen by nobody (machine restarted, supervisor killed)."""


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one capture."""

    name: str
    kind: CaptureKind
    found: bool
    stored: str = ""
    """Where the copy lies on this machine; a file or a folder. Kept until ``release``."""
    error: str = ""
    """Why it could not be kept although it is there."""


class TaskStarted(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    """The command runs."""

    attempt_id: str
    at: float
    notes: tuple[str, ...] = ()
    """What of the isolation asked for this machine could not give, each a sentence."""


class TaskEnded(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The command, with every process it left behind, is gone and its captures are on disk."""

    attempt_id: str
    at: float
    reason: EndReason
    exit_code: int | None = None
    """None when no exit status exists; never invented."""
    message: str = ""
    result: str | None = None
    """The last ``MAX_RESULT_BYTES`` of standard output, undecodable bytes replaced, one newline at the end
    removed; None when not wanted."""
    captures: tuple[Captured, ...] = ()


class TaskProgressed(msgspec.Struct, frozen=True, kw_only=True, tag="progressed"):
    """The command says how far it is. Told between its start and its end; what nobody hears may be lost."""

    attempt_id: str
    progress: str
    """The last line of ``TaskSpec.progress_file``, whatever it is, at most 64 characters."""


TaskUpdate = TaskStarted | TaskProgressed | TaskEnded

#: Called on the event loop's thread with what happened since the last call, in order.
Listener = Callable[[Sequence[TaskUpdate]], None]


#: Called on the event loop's thread with a run's id and what all its tasks wait for, and with an empty text
#: when they go on.
Complaint = Callable[[str, str], None]


class Executor(Protocol):
    """Runs tasks. All methods are called on the event loop's thread."""

    def listen(self, listener: Listener, complain: Complaint | None = None) -> None:
        """Tell every update to ``listener`` from now on, and to ``complain`` what a run waits for."""

    async def start(self, tasks: Sequence[TaskSpec]) -> None:
        """Hand over ``tasks``; returns when they are accepted on disk. A known attempt is not started again.

        Raises:
            EnvironmentFailure: nothing was accepted (no supervisor, no room for the tasks' files).
        """

    async def cancel(self, attempt_ids: Sequence[str], *, grace: float | None = None) -> None:
        """Ask for an end: SIGTERM, ``grace`` seconds, SIGKILL. A not yet started attempt never starts."""

    async def fail(self, attempt_id: str, message: str) -> None:
        """Ask for an end as of one that is unhealthy: ``pre_stop``, SIGTERM, its grace, SIGKILL."""

    async def run_beside(self, attempt_id: str, argv: Sequence[str], *, seconds: float) -> int | None:
        """Run ``argv`` beside the attempt's command, in its view and with its environment.

        Returns its exit code; not 0 where it cannot be run or was ended after ``seconds``. None: the
        attempt does not run.
        """

    async def adopt(self, run_id: str) -> Sequence[TaskUpdate]:
        """Take over what an earlier process started for this run, and return the last fact of each attempt.

        Attempts whose end nobody saw are returned as ``LOST``. What still runs is told to the listener later.
        """

    async def release(self, attempt_ids: Sequence[str]) -> None:
        """Forget attempts whose ends are saved: their captures may be deleted, their logs stay.

        What is not known, or named twice, is passed over.
        """

    async def close_run(self, run_id: str) -> None:
        """Leave nothing of the run running and none of its scratch files; its logs stay."""

    async def close(self) -> None:
        """Let go of everything without ending what runs; used when this process goes away."""
