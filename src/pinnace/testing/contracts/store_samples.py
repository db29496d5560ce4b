"""What the contract tests of stores are made with: runs, owners, texts, and a world with its own time."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, NodeInputs, NodeOutputs, NodeType, Phase
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.store import Owner, Store, StoredRun, Submission
from pinnace.spec.workflow import ConfigMap, ObjectMeta, Secret, Workflow, WorkflowTemplate

LEASE = 30.0
LARGE_TEXT = "a long result " * 5_000
ODD_TEXTS = (
    "",
    "\0",
    "a\0b",
    "line\r\nline\x1b[0m",
    "{{inputs.parameters.a}}",
    "\ud800",
    "\udc80 and \udcff",
    "\ud83d\ude00",
    "😀",
    "\ufeffé\u2028",
    LARGE_TEXT,
    LARGE_TEXT + "\udfff",
)


@dataclass
class World:
    """The time, and the processes that are dead, as a store sees them."""

    now: float = 1_000.0
    dead: set[str] = field(default_factory=set)

    def clock(self) -> float:
        """Return Unix seconds."""
        return self.now

    def is_dead(self, owner: Owner) -> bool:
        """Return whether the owner's process has ended."""
        return owner.id in self.dead


def make_owner(name: str) -> Owner:
    """Return an owner that is known by ``name``."""
    return Owner(id=name, host="here", pid=4711, birth="then")


def make_run(name: str = "hello", *, namespace: str = "default", created_at: float = 1.0) -> StoredRun:
    """Return a small run that is not finished."""
    workflow = Workflow(metadata=ObjectMeta(name=name, namespace=namespace))
    return StoredRun(
        info=RunInfo(
            uid=f"uid-of-{namespace}-{name}",
            name=name,
            namespace=namespace,
            created_at=created_at,
            labels={"app": name},
            parameters={"message": "hello"},
        ),
        submission=Submission(
            workflow=workflow,
            templates=(WorkflowTemplate(metadata=ObjectMeta(name="shared")),),
            config_maps=(ConfigMap(metadata=ObjectMeta(name="settings"), data={"a": "1"}),),
            secrets=(Secret(metadata=ObjectMeta(name="key"), string_data={"key": "hush"}),),
        ),
        state=RunState(phase="Running", started_at=created_at),
        nodes=(make_node(0, Phase.RUNNING),),
    )


def make_node(number: int, phase: Phase = Phase.PENDING, text: str = "") -> Node:
    """Return a node with ``text`` wherever a text may stand."""
    return Node(
        number=NodeNumber(number),
        name=f"hello.step{number}",
        type=NodeType.POD,
        phase=phase,
        message=text,
        inputs=NodeInputs(parameters={"in": text, text: "key"}),
        outputs=NodeOutputs(parameters={"out": text}, result=text, exit_code=0),
        started_at=12.25,
    )


ME = make_owner("me")
OTHER = make_owner("other")


def create(store: Store, run: StoredRun) -> int:
    """Put the run into the store as ``ME`` and return its lease number."""
    return store.create_run(run.info, run.submission, run.state, run.nodes, owner=ME, lease_seconds=LEASE)


def with_phase(run: StoredRun, phase: str) -> StoredRun:
    """Return the run in another phase."""
    return replace(run, state=replace(run.state, phase=phase))
