"""What a run is told. Facts only: what follows from them is decided by ``advance``."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.caches import CacheEntry
from pinnace.engine.node import Phase
from pinnace.engine.run import Shutdown
from pinnace.spec.parameters import Artifact


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened."""


class RunStarted(Event, frozen=True, kw_only=True, gc=False):
    """Begin: the entry template is called."""


class TimePassed(Event, frozen=True, kw_only=True, gc=False):
    """Look at what is due; nothing else happened."""


class TaskStarted(Event, frozen=True, kw_only=True, gc=False):
    """The attempt's command runs."""

    node: NodeNumber
    attempt_id: str
    at: float
    notes: tuple[str, ...] = ()


class TaskReady(Event, frozen=True, kw_only=True, gc=False):
    """What the attempt runs can be used: its probes succeeded."""

    node: NodeNumber
    attempt_id: str
    at: float


class TaskProgressed(Event, frozen=True, kw_only=True, gc=False):
    """What the attempt runs says how far it is."""

    node: NodeNumber
    attempt_id: str
    progress: str
    """``N/M``."""


class TaskProblem(StrEnum):
    """Why a task has no exit code, or one that does not count."""

    NONE = ""
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    EVICTED = "evicted"
    """It wrote more than its disk limit, which the message gives."""
    LOST = "lost"
    PREPARATION = "preparation"
    """It could not be prepared: an input, a secret or a stand-in is missing."""
    NOT_STARTED = "not-started"
    """It was prepared, but its command could not be run."""
    COLLECTION = "collection"
    """It ended, but an output could not be kept."""


class TaskEnded(Event, frozen=True, kw_only=True, gc=False):
    """The attempt is over and its outputs are stored."""

    node: NodeNumber
    attempt_id: str
    at: float
    exit_code: int | None = None
    problem: TaskProblem = TaskProblem.NONE
    message: str = ""
    """What went wrong, for people; for an exit, what the system said of it."""
    result: str | None = None
    parameters: dict[str, str | None] = {}
    """Output parameter → the file's text; None when there was no such file."""
    artifacts: tuple[Artifact, ...] = ()
    """The outputs that were stored, with their locations."""
    missing: tuple[str, ...] = ()
    """Output artifacts that were not there."""
    notes: tuple[str, ...] = ()


class WorkEnded(Event, frozen=True, kw_only=True, gc=False):
    """What Pinnace's own process did for a node is done, or has failed."""

    node: NodeNumber
    attempt_id: str
    at: float
    phase: Phase = Phase.SUCCEEDED
    """Succeeded, Failed or Error."""
    message: str = ""
    result: str | None = None
    exit_code: int | None = None
    """That of the pod that Argo has for such work."""
    parameters: dict[str, str] = {}
    """Output parameter → what was found for it."""
    artifacts: tuple[Artifact, ...] = ()
    """The outputs that were stored, with their locations."""


class LocksAnswered(Event, frozen=True, kw_only=True, gc=False):
    """What came of a claim; told again when what is waited for changes."""

    node: NodeNumber
    """NOBODY: the run as a whole."""
    attempt_id: str
    is_granted: bool
    message: str = ""
    waits_for: str = ""
    """The first lock that was not to be had."""
    error: str = ""
    """Why they can never be had."""


class CacheAnswered(Event, frozen=True, kw_only=True, gc=False):
    """What the store keeps for a memoized node."""

    node: NodeNumber
    attempt_id: str
    entry: CacheEntry | None = None


class ShutdownAsked(Event, frozen=True, kw_only=True, gc=False):
    """Somebody stops or terminates the run."""

    shutdown: Shutdown


class SuspendAsked(Event, frozen=True, kw_only=True, gc=False):
    """Nothing new may start."""


class ResumeAsked(Event, frozen=True, kw_only=True, gc=False):
    """Suspension ends; suspended nodes, all or those in ``nodes``, succeed."""

    nodes: tuple[NodeNumber, ...] | None = None


class NodeSet(Event, frozen=True, kw_only=True, gc=False):
    """Somebody gives suspended nodes outputs, a message or an end."""

    nodes: tuple[NodeNumber, ...]
    phase: str = ""
    message: str = ""
    parameters: dict[str, str] = {}
