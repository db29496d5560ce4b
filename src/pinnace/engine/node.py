"""A node: one place in a run's tree, immutable.

A change makes a new one (``msgspec.structs.replace``); what follows from many nodes is counted in ``index``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.locks import LockState
from pinnace.spec.parameters import Artifact
from pinnace.spec.templates import Template, TemplateRef

#: The parent of the entry node, of the exit handler and of workflow hooks.
NOBODY = NodeNumber(-1)


class Phase(StrEnum):
    """Where a node stands. ``WAITING`` is Pinnace's own: called, not let in yet; Argo has no node then."""

    is_fulfilled: bool
    """Nothing more will happen to it."""
    is_completed: bool
    """It ran and ended: Succeeded, Failed or Error."""
    is_bad: bool
    """Failed or Error."""
    is_active: bool
    """Pending or Running."""

    WAITING = ""
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    SKIPPED = "Skipped"
    FAILED = "Failed"
    ERROR = "Error"
    OMITTED = "Omitted"

    def __init__(self, value: str) -> None:
        """Answer each question once: members are asked millions of times."""
        self.is_fulfilled = value in {"Succeeded", "Skipped", "Failed", "Error", "Omitted"}
        self.is_completed = value in {"Succeeded", "Failed", "Error"}
        self.is_bad = value in {"Failed", "Error"}
        self.is_active = value in {"Pending", "Running"}


class NodeType(StrEnum):
    """What a node is. Source: Argo api NodeType."""

    is_counted: bool
    """Counts against a template's ``parallelism``. Source: Argo operator.go getActiveChildren."""
    is_leaf: bool
    """Does something itself instead of calling others."""

    POD = "Pod"
    HTTP = "HTTP"
    PLUGIN = "Plugin"
    SUSPEND = "Suspend"
    STEPS = "Steps"
    STEP_GROUP = "StepGroup"
    DAG = "DAG"
    TASK_GROUP = "TaskGroup"
    RETRY = "Retry"
    SKIPPED = "Skipped"
    CONTAINER = "Container"
    """One container of a pod that has several: below the pod's node."""

    def __init__(self, value: str) -> None:
        """Answer each question once."""
        self.is_counted = value in {"Pod", "Steps", "DAG"}
        self.is_leaf = value in {"Pod", "HTTP", "Plugin", "Suspend"}


#: Which node a body makes. That of work which this process does is said in ``commands``.
NODE_TYPE: dict[str, NodeType] = {
    "container": NodeType.POD,
    "script": NodeType.POD,
    "containerSet": NodeType.POD,
    "suspend": NodeType.SUSPEND,
    "steps": NodeType.STEPS,
    "dag": NodeType.DAG,
}


class NodeInputs(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a node was given: every declared input, bound."""

    parameters: dict[str, str] = {}
    artifacts: tuple[Artifact, ...] = ()


class NodeOutputs(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a node gave."""

    parameters: dict[str, str] = {}
    artifacts: tuple[Artifact, ...] = ()
    result: str | None = None
    exit_code: int | None = None


class Reused(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a pod of a run gave, for another run that need not do it again."""

    node_id: str
    outputs: NodeOutputs | None = None


class ContainerState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is true of a node of type Container beyond its phase."""

    is_hidden: bool = False
    """Argo has no node for it: it is not of a container set."""
    is_asked: bool = False
    """Its start was asked for."""
    is_cancelled: bool = False
    """Its end was asked for."""
    is_evicted: bool = False
    """It wrote more than it may, for which all of its pod ends."""
    is_ready: bool = False
    """Its probes succeeded, if it has any."""
    restarts: int = 0
    """How often its command was run again in its pod."""


class MemoState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a memoized node's outputs are kept, and whether they were there."""

    cache: str
    key: str
    max_age: float | None = None
    """Seconds; older entries do not count."""
    is_known: bool = False
    """The cache has answered."""
    is_hit: bool = False


class Node(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One node of a run. A change makes a new one (``msgspec.structs.replace``).

    Where many are made, the first fields are given by position: CPython takes a slow path for a call whose
    positions and twice its keywords are more than 30.
    """

    number: NodeNumber
    name: str
    """Argo's node name: unique in the run, built from its parent's."""
    type: NodeType
    phase: Phase = Phase.WAITING
    key: str = ""
    """What its parent calls it: a step or task name, ``[0]``, ``(0)``, ``onExit``, ``hooks.<name>``."""
    index: int = -1
    """Its place in a loop; -1 outside loops."""
    parent: NodeNumber = NOBODY
    """The node that waits for this one."""
    boundary: NodeNumber = NOBODY
    """The node of the steps or dag template that called it."""
    hook_of: NodeNumber = NOBODY
    """The node whose hook this is."""
    depth: int = 0
    """How many templates call one another above it."""
    template: str = ""
    """Name of its template; empty for groups and inline templates."""
    template_ref: TemplateRef | None = None
    inline: Template | None = None
    """The inline template, with the caller's values in it."""
    scope: str = ""
    """Where its template's name was looked up: "", ``namespaced/NAME`` or ``cluster/NAME``."""
    display_name: str = ""
    """Set when it is not simply the last part of the name."""
    message: str = ""
    inputs: NodeInputs | None = None
    outputs: NodeOutputs | None = None
    started_at: float | None = None
    """Unix seconds at which it was let in."""
    finished_at: float | None = None
    wake_at: float | None = None
    """Unix seconds at which it wants to be assessed even if nothing happens."""
    locks: LockState | None = None
    """The locks that it waits for or, once it is let in, holds until its end."""
    memo: MemoState | None = None
    """Its cache, once it was let in."""
    deadline: float | None = None
    """Unix seconds at which an attempt is ended because of its retry strategy's ``maxDuration``."""
    is_expanded: bool = False
    """A group has called all its children."""
    is_watched: bool = False
    """Its call has hooks: its parent is told when it runs, not only when it ends."""
    is_attempt: bool = False
    is_hook: bool = False
    is_exit: bool = False
    """Runs below an exit handler: Stop and deadlines spare it."""
    generation: int = 0
    """How often the run was retried by hand before this node: makes attempt ids differ."""
    notes: tuple[str, ...] = ()
    """Fidelity: what of the manifest was not honoured here."""
    daemoned: bool = False
    """A daemon that runs and is ready: whoever waits for it goes on."""
    pod_ip: str = ""
    """Where a daemon can be reached."""
    container: ContainerState | None = None
    """Of a node of type Container alone."""
    is_call_error: bool = False
    """What went wrong is the call, not what was called: whoever called it ends with it, forgiving or not."""
    progress: str = ""
    """How far a pod's command says it is, ``N/M``; "" when it does not say."""

    @property
    def is_done(self) -> bool:
        """Whether nobody waits for it any more: it is fulfilled, or a daemon at work."""
        return self.phase.is_fulfilled or self.daemoned

    @property
    def is_cached(self) -> bool:
        """Whether its outputs are those of another node: it did nothing itself."""
        return self.memo is not None and self.memo.is_hit

    @property
    def is_hidden(self) -> bool:
        """Whether Argo has no node for it, whatever its phase."""
        return self.container is not None and self.container.is_hidden
