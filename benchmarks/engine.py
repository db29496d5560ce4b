"""The engine alone: transitions a second and bytes a node, for fan-out, chain and a random DAG.

A transition is one change of a node's phase. Peer: a bare loop that makes the same number of frozen records
and puts them into a dict.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable

import msgspec

from pinnace.__main__ import COLLECT_AFTER
from pinnace.engine.advance import advance, apply
from pinnace.engine.commands import StartTask
from pinnace.engine.events import Event, RunStarted, TaskEnded, TaskStarted
from pinnace.engine.run import Run, RunInfo
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.parameters import Arguments, Inputs, Parameter, Sequence
from pinnace.spec.references import TemplateLookup
from pinnace.spec.templates import DAG, Container, DAGTask, Template, WorkflowStep
from pinnace.spec.workflow import Workflow, WorkflowSpec

#: How often each size is run.
ROUNDS = 5
LEAF = Template(
    name="leaf",
    inputs=Inputs(parameters=(Parameter(name="x"),)),
    container=Container(image="alpine", command=("true",), args=("{{inputs.parameters.x}}",)),
)


def fan_out(size: int) -> Workflow:
    """Return one loop of ``size`` items and a step after it."""
    loop = WorkflowStep(
        name="work",
        template="leaf",
        with_sequence=Sequence(count=str(size)),
        arguments=Arguments(parameters=(Parameter(name="x", value="{{item}}"),)),
    )
    join = WorkflowStep(name="join", template="leaf", arguments=_one("1"))
    return _workflow(Template(name="main", steps=((loop,), (join,))))


def chain(size: int) -> Workflow:
    """Return ``size`` tasks, each after the one before."""
    tasks = tuple(
        DAGTask(
            name=f"t{i}", template="leaf", arguments=_one(str(i)), dependencies=(f"t{i - 1}",) if i else ()
        )
        for i in range(size)
    )
    return _workflow(Template(name="main", dag=DAG(tasks=tasks)))


def random_dag(size: int) -> Workflow:
    """Return ``size`` tasks, each after up to three of the hundred before it."""
    draw = random.Random(0)
    tasks = []
    for i in range(size):
        near = range(max(0, i - 100), i)
        needs = sorted(draw.sample(near, min(len(near), draw.randint(0, 3))))
        tasks.append(
            DAGTask(
                name=f"t{i}",
                template="leaf",
                arguments=_one(str(i)),
                dependencies=tuple(f"t{each}" for each in needs),
            )
        )
    return _workflow(Template(name="main", dag=DAG(tasks=tuple(tasks))))


def _one(value: str) -> Arguments:
    return Arguments(parameters=(Parameter(name="x", value=value),))


def _workflow(main: Template) -> Workflow:
    return Workflow(spec=WorkflowSpec(entrypoint="main", templates=(main, LEAF)))


def drive(workflow: Workflow, batch: int) -> tuple[Run, float, int]:
    """Return the finished run, the seconds of CPU, and the transitions that it made.

    The seconds hold the making of events too: reading the clock every turn would cost more than that.
    """
    info = RunInfo(uid="0" * 32, name="bench", namespace="default", created_at=0.0)
    run = Run(info, workflow, TemplateLookup(workflow, Catalogue()))
    transitions = 0
    batches: deque[list[Event]] = deque([[RunStarted()]])
    start = time.process_time()
    while batches:
        outcome = advance(run, batches.popleft(), 1.0)
        apply(run, outcome)
        transitions += len(outcome.nodes)
        tasks = [command for command in outcome.commands if isinstance(command, StartTask)]
        for at in range(0, len(tasks), batch):
            batches.append(
                [TaskStarted(node=t.node, attempt_id=t.attempt_id, at=1.0) for t in tasks[at : at + batch]]
            )
        for at in range(0, len(tasks), batch):
            batches.append([_end(task) for task in tasks[at : at + batch]])
    spent = time.process_time() - start
    if not run.state.is_finished:
        raise SystemExit("the run did not finish")
    return run, spent, transitions


def quickest(workflows: list[Workflow]) -> list[tuple[float, int]]:
    """Return the seconds of CPU and the transitions of the quickest run of each workflow.

    They are run in turn and equally often, so that a busy machine disturbs them alike.
    """
    rounds = [[drive(workflow, 100)[1:] for workflow in workflows] for _ in range(ROUNDS)]
    return [min(runs) for runs in zip(*rounds, strict=True)]


def _end(task: StartTask) -> TaskEnded:
    return TaskEnded(node=task.node, attempt_id=task.attempt_id, at=1.0, exit_code=0)


class _Record(msgspec.Struct, frozen=True, gc=False):
    number: int
    name: str
    phase: str


def peer(size: int) -> float:
    """Return the transitions a second of a loop that does nothing but make records."""
    start = time.process_time()
    known: dict[int, _Record] = {}
    for number in range(size):
        known[number] = _Record(number, f"bench[0].work({number}:{number})", "Pending")
        for phase in ("Running", "Succeeded"):
            known[number] = msgspec.structs.replace(known[number], phase=phase)
    return size * 3 / (time.process_time() - start)


def memory(make: Callable[[int], Workflow], size: int) -> float:
    """Return the bytes that a finished run holds, a node."""
    workflow = make(size)
    gc.collect()
    tracemalloc.start()
    run, _, _ = drive(workflow, 100)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / len(run.nodes)


def main(sizes: list[int]) -> None:
    """Print the table, with the garbage collector set as ``pinnace.__main__`` sets it."""
    gc.set_threshold(COLLECT_AFTER)
    print(f"{'shape':<12}{'nodes':>8}{'transitions/s':>15}{'of bare':>9}{'µs each':>9}{'bytes/node':>12}")
    print(f"{'to reach':<20}{'≥ 50,000':>15}{'':>9}{'± 15 %':>9}{'≤ 3,072':>12}")
    for name, make in (("fan-out", fan_out), ("chain", chain), ("random dag", random_dag)):
        found = quickest([make(size) for size in sizes])
        for size, (spent, transitions) in zip(sizes, found, strict=True):
            rate = transitions / spent
            held = memory(make, size)
            print(
                f"{name:<12}{size:>8}{rate:>15,.0f}{rate / peer(size):>9.3f}"
                f"{spent / transitions * 1e6:>9.1f}{held:>12,.0f}"
            )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [1_000, 10_000, 100_000])
