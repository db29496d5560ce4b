"""What a run asks of the world. Performed only after the outcome that holds them is saved.

Every command may be performed again after a crash: each carries an attempt id that is always the same for the
same attempt, which makes performing it idempotent.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.caches import CacheKey
from pinnace.engine.locks import Lock
from pinnace.engine.node import NodeType
from pinnace.spec.parameters import Artifact
from pinnace.spec.templates import Template


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something to do."""

    node: NodeNumber
    attempt_id: str


class StartTask(Command, frozen=True, kw_only=True, gc=False):
    """Run the template's container or script."""

    node_name: str
    template: Template
    """Every tag replaced; its inputs hold the bound values and artifacts."""
    want_result: bool = False
    """Somebody refers to its standard output."""
    deadline: float | None = None
    """Unix seconds at which it is stopped."""
    timeout: float | None = None
    """Seconds from its start after which it is stopped."""
    is_exit: bool = False
    container: str = ""
    """Which container of the template is run; "" for the one that is its body."""
    pod_attempt_id: str = ""
    """What the containers of one pod have in common; "" for a pod of one container."""

    @property
    def pod_id(self) -> str:
        """Return the id under which what the pod's containers share is kept."""
        return self.pod_attempt_id or self.attempt_id


class Work(Command, frozen=True, kw_only=True, gc=False):
    """Do what the template says in Pinnace's own process: one subclass a kind of work.

    A worker performs it; one ``events.WorkEnded`` answers it.
    """

    node_type: ClassVar[NodeType] = NodeType.POD
    """The node that is at work."""

    node_name: str
    template: Template
    """Every tag replaced; its inputs hold the bound values and artifacts."""
    deadline: float | None = None
    """Unix seconds at which nobody waits for it any more."""


class SendRequest(Work, frozen=True, kw_only=True, gc=False):
    """Send the template's HTTP request."""

    node_type = NodeType.HTTP


class TransformData(Work, frozen=True, kw_only=True, gc=False):
    """List what lies at the data template's source, and transform that."""


class ActOnObject(Work, frozen=True, kw_only=True, gc=False):
    """Do the resource template's action, and wait for its conditions."""


class DeleteArtifacts(Work, frozen=True, kw_only=True, gc=False):
    """Delete artifacts of the run; the node is nobody's."""

    artifacts: tuple[Artifact, ...] = ()


class CallPlugin(Work, frozen=True, kw_only=True, gc=False):
    """Have a plugin execute the template."""

    node_type = NodeType.PLUGIN


#: Which work a body is, if Pinnace's own process does it. A new kind of work needs a row here and a worker.
WORK: dict[str, type[Work]] = {
    "http": SendRequest,
    "data": TransformData,
    "resource": ActOnObject,
    "plugin": CallPlugin,
}


class ClaimLocks(Command, frozen=True, kw_only=True, gc=False):
    """Take these locks together, or wait for them; the answer is ``LocksAnswered``.

    ``node`` is NOBODY for the run as a whole.
    """

    locks: tuple[Lock, ...]
    holder: str
    """Argo's holder key."""
    priority: int
    created_at: float
    """When the run was made."""


class ReleaseLocks(Command, frozen=True, kw_only=True, gc=False):
    """Give back the locks of a node that may not start after all. At a node's end nothing need be done."""


class LookUpCache(Command, frozen=True, kw_only=True, gc=False):
    """Tell what is kept for a memoized node; the answer is ``CacheAnswered``."""

    at: CacheKey


class CancelTask(Command, frozen=True, kw_only=True, gc=False):
    """End the attempt, a task or work: it does not matter any more."""
