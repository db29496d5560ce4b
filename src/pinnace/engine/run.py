"""A run: its nodes and its state as a whole.

``Run`` is owned by one driver. ``advance`` never changes it; the driver puts an outcome into it with
``pinnace.engine.advance.apply`` after the outcome is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from pinnace.base.ids import NodeNumber
from pinnace.engine.emissions import Definition
from pinnace.engine.index import Index
from pinnace.engine.locks import LockState
from pinnace.engine.node import Node, NodeOutputs, Reused
from pinnace.engine.templateplan import TemplatePlan
from pinnace.spec.parameters import Arguments, Artifact, Parameter
from pinnace.spec.references import TemplateLookup
from pinnace.spec.repositories import ResolvedRepository
from pinnace.spec.templates import TemplateRef
from pinnace.spec.workflow import Workflow


class Shutdown(StrEnum):
    """How a run is being ended."""

    NONE = ""
    STOP = "Stop"
    TERMINATE = "Terminate"


class RunState(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is true of a run as a whole."""

    phase: str = ""
    """Argo's workflow phase: "", Pending, Running, Succeeded, Failed, Error."""
    message: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    shutdown: Shutdown = Shutdown.NONE
    is_suspended: bool = False
    outputs: NodeOutputs = NodeOutputs()
    """What ``globalName`` exported."""
    generation: int = 0
    metric_errors: tuple[str, ...] = ()
    """What was wrong with metrics: the text of Argo's condition ``MetricsError``."""
    collected: int = -1
    """The generation whose artifacts were deleted that go when the workflow completes."""
    artifact_gc_error: str = ""
    """Why some of them are still there."""
    locks: LockState | None = None
    """The locks that the run as a whole waits for while it is Pending, or holds."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.phase in {"Succeeded", "Failed", "Error"}


class RunInfo(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is fixed when a run is made."""

    uid: str
    name: str
    namespace: str
    created_at: float
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    parameters: dict[str, str] = {}
    """The workflow's arguments with their values."""
    artifacts: tuple[Artifact, ...] = ()
    transient_pattern: str = ""
    """``TRANSIENT_ERROR_PATTERN`` as it stood when the run was made."""
    host: str = ""
    """The machine that its tasks run on: Argo's ``hostNodeName``."""
    baseline: str = ""
    """The uid of the run whose times are expected of this one: the last good one of the same template."""
    estimated_duration: int = 0
    """Whole seconds that the baseline took; 0 without one."""
    repository: ResolvedRepository | None = None
    """Where artifacts without a location are kept; None for the local repository."""

    @property
    def arguments(self) -> Arguments:
        """The workflow's arguments, as the entry template and exit handlers get them."""
        parameters = tuple(Parameter(name=name, value=value) for name, value in self.parameters.items())
        return Arguments(parameters=parameters, artifacts=self.artifacts)


class Run:
    """One workflow on its way. Changed only by ``apply``."""

    __slots__ = (
        *("index", "info", "lookup", "memo", "metrics", "nodes", "reused"),
        *("state", "templates", "workflow", "written"),
    )

    def __init__(self, info: RunInfo, workflow: Workflow, lookup: TemplateLookup) -> None:
        self.info = info
        self.workflow = workflow
        """With ``workflowTemplateRef`` merged in."""
        self.written: Workflow | None = None
        """As it was before, if it has a ``workflowTemplateRef``; nothing here is done by it."""
        self.lookup = lookup
        self.reused: Mapping[str, Reused] = {}
        """By the rest of a node's name after the run's: what need not be done again. Never changed."""
        self.state = RunState()
        self.nodes: dict[NodeNumber, Node] = {}
        self.index = Index()
        self.templates: dict[tuple[str, TemplateRef | None, str], TemplatePlan] = {}
        """(name, reference, scope) → what is called there; losing it changes nothing."""
        self.metrics: dict[str, Definition] = {}
        """What is known of the metrics of a name, emitted by this run or before: it may not change."""
        self.memo: dict[Any, Any] = {}
        """Facts that follow from immutable things and are worth keeping: plans,
        aggregates of finished groups. Losing it changes nothing."""
