"""Where runs are kept: the port that every store implements.

The runtime saves what a turn changed before it performs what follows from it; ``pinnace recover`` loads it
again; the other commands read summaries and leave requests. Methods block and may be called on any thread.

Rules that every store keeps (``pinnace.testing.contracts.store`` tests them):

* When ``save`` returns, the whole batch survives the death of the process and of the machine; when it raises,
  nothing of the batch is there.
* A run is owned by one process at a time. Every change carries the lease number it was made under, and a
  change made under any other number than the run's present one is refused.
* What is loaded equals what was saved, lone surrogates and NUL included. Whole numbers have at most 64 bits.
* Equal large texts are one object after ``load_run``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.caches import CacheEntry
from pinnace.engine.emissions import Emission
from pinnace.engine.node import Node, Phase, Reused
from pinnace.engine.run import RunInfo, RunState, Shutdown
from pinnace.ports.caches import Caches
from pinnace.ports.locks import Locks
from pinnace.ports.metrics import MetricStore
from pinnace.ports.objects import KeptObject, ObjectStore
from pinnace.spec.workflow import ConfigMap, Secret, Workflow, WorkflowTemplate


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A process that drives runs."""

    id: str
    """Unique to one process for its whole life, and never used by another."""
    host: str = ""
    """Where ``pid`` means what it says: a machine, or a container's own process numbers."""
    pid: int = 0
    birth: str = ""
    """When the process began, in a form that differs for a later process with the same number."""


class Submission(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run is made from, as it was when the run was made. Never changed."""

    workflow: Workflow
    """With ``workflowTemplateRef`` merged in."""
    written: Workflow | None = None
    """As it was before, if it has a ``workflowTemplateRef``."""
    templates: tuple[WorkflowTemplate, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    secrets: tuple[Secret, ...] = ()
    reused: dict[str, Reused] = {}
    """See ``Run.reused``."""


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept of a run."""

    info: RunInfo
    submission: Submission
    state: RunState
    nodes: tuple[Node, ...]
    """By number."""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What lists show of a run. Lone surrogates in labels and message are replaced by ``?``."""

    uid: str
    name: str
    namespace: str
    labels: dict[str, str]
    phase: str
    message: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    shutdown: Shutdown = Shutdown.NONE
    is_suspended: bool = False
    """Whether the run as a whole is; steps that wait for somebody are not asked."""
    priority: int = 0
    """``spec.priority``."""


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs a list shows: those that meet every condition given."""

    namespace: str | None = None
    """None is every namespace."""
    phases: frozenset[str] = frozenset()
    """Empty is every phase; ``""`` is the phase of a run that was made and not begun."""
    prefix: str = ""
    """What the name begins with."""
    since: float | None = None
    """Unix seconds: created then or later."""
    until: float | None = None
    """Unix seconds: created before."""
    labels: Callable[[Mapping[str, str]], bool] | None = None
    """What a label selector says of a run's labels."""
    limit: int | None = None
    """At most so many, the newest."""


class RunChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn changed in one run."""

    uid: str
    lease: int
    """The number that ``create_run`` or ``acquire`` returned."""
    state: RunState | None = None
    """None: as it was."""
    nodes: Sequence[Node] = ()
    """New and changed ones."""
    removed: Collection[NodeNumber] = ()
    """Removed before ``nodes`` are put in."""
    requests_done: Collection[int] = ()
    info: RunInfo | None = None
    """None: as it was. Name, namespace and uid stay."""
    cached: Sequence[CacheEntry] = ()
    """What is put into caches, see ``Store.caches``."""
    metrics: Sequence[Emission] = ()
    """What is added to the series of ``Store.metrics``."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What another process asks of a run's owner."""

    id: int
    """Later requests have greater ids."""
    uid: str
    kind: str
    """As the command is called: ``stop``, ``terminate``, ``suspend``, ``resume``, ``node-set``."""
    payload: dict[str, Any]
    """JSON values; what is in it depends on ``kind``."""
    created_at: float


class Store(Protocol):
    """Keeps runs. Every method may raise ``StorageError``; the same call may succeed later."""

    @property
    def caches(self) -> Caches:
        """Return where outputs of memoized nodes are."""

    @property
    def locks(self) -> Locks:
        """Return where the locks of its runs are."""

    @property
    def metrics(self) -> MetricStore:
        """Return what all runs emitted."""

    @property
    def objects(self) -> ObjectStore:
        """Return what the namespaces hold beside runs."""

    # Runs --------------------------------------------------------------------------------------------------

    def create_run(
        self,
        info: RunInfo,
        submission: Submission,
        state: RunState,
        nodes: Sequence[Node],
        *,
        owner: Owner,
        lease_seconds: float,
        replacing: Sequence[KeptObject] = (),
    ) -> int:
        """Keep a new run, owned by ``owner``, and return its lease number.

        With it, in the same transaction, each of ``replacing`` is replaced as ``ObjectStore.replace`` does.

        Raises:
            NameTaken: a run of this name exists in the namespace.
            ObjectChanged: one of ``replacing`` is not what was read; there is no run either.
        """

    def save(self, changes: Sequence[RunChange]) -> None:
        """Make all ``changes`` durable, in order, in one transaction.

        Raises:
            LeaseLost: one of them was made under an old lease; none is saved.
        """

    def load_run(self, uid: str) -> StoredRun:
        """Return a run as last saved.

        Raises:
            NotFoundError: there is no such run.
        """

    def nodes_in(self, uid: str, phase: Phase) -> Sequence[Node]:
        """Return the run's nodes in ``phase``, by number; none of a run that does not exist."""

    def find_run(self, text: str, namespace: str | None = None) -> RunSummary:
        """Return the run with that uid, or that name in the namespace, or the only one that begins so.

        Raises:
            NotFoundError: no run is meant.
            UsageError: several runs could be meant.
        """

    def list_runs(self, wanted: RunFilter) -> Sequence[RunSummary]:
        """Return the runs that ``wanted`` describes, newest first."""

    def expired(self, now: float) -> Sequence[RunSummary]:
        """Return the ended runs that their ``ttlStrategy`` no longer keeps at ``now``, Unix seconds."""

    def latest(self, namespace: str | None = None) -> RunSummary:
        """Return the run made last.

        Raises:
            NotFoundError: there is none.
        """

    def delete_run(self, uid: str) -> None:
        """Forget a run with all that only it needs. A missing one is fine; an owner loses its lease."""

    # Leases ------------------------------------------------------------------------------------------------

    def acquire(self, uid: str, owner: Owner, seconds: float) -> int | None:
        """Make ``owner`` the run's owner and return the new lease number (1 or more), or None.

        None when there is no such run, or when another owner's lease has not expired and its process is not
        known to be dead. An owner that acquires its own run gets a new number; the old one is void.
        """

    def renew(self, uids: Collection[str], owner: Owner, seconds: float) -> set[str]:
        """Let the leases that ``owner`` still has end ``seconds`` from now; return their runs."""

    def release(self, uids: Collection[str], owner: Owner) -> None:
        """Give up the leases that ``owner`` still has; their numbers are void."""

    def owner_of(self, uid: str) -> Owner | None:
        """Return who owns the run now; None when nobody does, the lease expired, or the process is dead."""

    def unowned(self) -> Sequence[RunSummary]:
        """Return the runs that are not finished and that nobody owns now, oldest first."""

    # Requests ----------------------------------------------------------------------------------------------

    def add_request(self, uid: str, kind: str, payload: Mapping[str, Any]) -> int:
        """Leave a request for the run's owner, present or next, and return its id.

        Raises:
            NotFoundError: there is no such run.
        """

    def pending_requests(self, uids: Collection[str]) -> Sequence[Request]:
        """Return the requests to these runs that no saved change has done, oldest first."""

    def changed(self) -> int:
        """Return a number that differs from the last call's if anything was saved since, by any process."""

    def close(self) -> None:
        """Let go of every file. Leases stay until they are released or expire."""
