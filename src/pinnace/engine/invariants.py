"""What is always true of a run between two turns. Checked after every turn in tests.

Each function below is one truth and returns what speaks against it. It looks at every node: not for
production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pinnace.base.errors import InvariantBroken
from pinnace.engine.calling import template_of
from pinnace.engine.index import Index, Tally
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn


def check(run: Run) -> None:
    """Make sure that every invariant holds.

    Raises:
        InvariantBroken: some do not; all are named.
    """
    found = [text for invariant in INVARIANTS for text in invariant(run)]
    if found:
        raise InvariantBroken("; ".join(found))


def index_agrees(run: Run) -> Iterator[str]:
    """What the index counts is what a recount of the nodes gives."""
    fresh = Index()
    for number in sorted(run.nodes):
        fresh.add(run.nodes[number])
    for number in {*fresh.tallies, *run.index.tallies}:
        kept, counted = run.index.tallies.get(number, Tally()), fresh.tallies.get(number, Tally())
        if kept != counted:
            yield f"the tally of node {number} is {_shown(kept)}, recounted {_shown(counted)}"
    if run.index.active_pods != fresh.active_pods:
        yield f"{run.index.active_pods} active pods, recounted {fresh.active_pods}"
    if run.index.called != fresh.called:
        yield "the index of what parents call their children disagrees with the nodes"
    if {key: sorted(value) for key, value in run.index.children.items()} != fresh.children:
        yield "the index of children disagrees with the nodes"
    if run.nodes and run.index.next <= max(run.nodes):
        yield f"the next number, {run.index.next}, is taken"


def _shown(tally: Tally) -> str:
    return (
        f"open={tally.open} bad={tally.bad} active={tally.active} hooks={tally.hooks} daemons={tally.daemons}"
    )


def times_agree(run: Run) -> Iterator[str]:
    """Who was let in has a start; who is fulfilled has an end that is not before it, and no alarm."""
    for node in run.nodes.values():
        if node.phase is Phase.WAITING:
            if node.started_at is not None or node.finished_at is not None:
                yield f"{node.name} waits, but has times"
        elif node.started_at is None:
            yield f"{node.name} is {node.phase} and has no start"
        elif node.phase.is_fulfilled and (node.finished_at is None or node.finished_at < node.started_at):
            yield f"{node.name} is {node.phase} and has no end after its start"
        elif node.phase.is_active and node.finished_at is not None:
            yield f"{node.name} is {node.phase} and has an end"
        if node.phase.is_fulfilled and node.wake_at is not None:
            yield f"{node.name} is {node.phase} and has an alarm"


def names_agree(run: Run) -> Iterator[str]:
    """Names are unique, and each begins with its parent's."""
    seen: dict[str, Node] = {}
    for node in run.nodes.values():
        if node.name in seen:
            yield f"two nodes are called {node.name}"
        seen[node.name] = node
        if node.hook_of >= 0:
            above = run.nodes[node.hook_of].name
        elif node.parent >= 0:
            above = run.nodes[node.parent].name
        else:
            above = run.info.name
        if not node.name.startswith(above):
            yield f"{node.name} does not begin with {above}"


def parents_exist(run: Run) -> Iterator[str]:
    """Parents, boundaries and owners of hooks are nodes, and older than what refers to them."""
    for node in run.nodes.values():
        for what, number in (("parent", node.parent), ("boundary", node.boundary), ("owner", node.hook_of)):
            if number >= 0 and (number not in run.nodes or number >= node.number):
                yield f"the {what} of {node.name} is {number}, which is no older node"


def ends_agree(run: Run) -> Iterator[str]:
    """Nothing that was let in or waits for locks is open in a finished run, nor below a fulfilled node.

    What was never let in may be: it is what failing fast leaves behind, and Argo has no node for it. So may a
    group whose only open children are such.
    """
    for node in run.nodes.values():
        if run.state.is_finished and node.phase is Phase.WAITING and node.locks is not None:
            yield f"{node.name} waits for its locks, but the run is {run.state.phase}"
        if not node.phase.is_active:
            continue
        above = run.nodes.get(node.parent)
        is_below_group = above is not None and above.type in {NodeType.STEP_GROUP, NodeType.TASK_GROUP}
        if above is not None and above.phase.is_fulfilled and not (node.daemoned and is_below_group):
            yield f"{node.name} is {node.phase}, but {above.name} is {above.phase}"
        if run.state.is_finished:
            yield f"{node.name} is {node.phase}, but the run is {run.state.phase}"


def limits_hold(run: Run) -> Iterator[str]:
    """No more is active than ``parallelism`` allows, in the workflow and in each template."""
    limit = run.workflow.spec.parallelism
    if limit is not None and run.index.active_pods > limit:
        yield f"{run.index.active_pods} pods are active, {limit} are allowed"
    turn = Turn(run, 0.0)
    for node in run.nodes.values():
        if node.type in {NodeType.STEPS, NodeType.DAG}:
            allowed = template_of(turn, node).template.parallelism
            active = run.index.tallies.get(node.number, Tally()).active - _under_locks(run, node)
            if allowed is not None and active > allowed:
                yield f"{active} children of {node.name} are active, {allowed} are allowed"


def _under_locks(run: Run, boundary: Node) -> int:
    """Return how many active nodes of the boundary need no place: attempts that are made under locks."""
    return sum(
        node.boundary == boundary.number
        and node.is_attempt
        and node.type.is_counted
        and node.phase.is_active
        and run.nodes[node.parent].locks is not None
        for node in run.nodes.values()
    )


def locks_agree(run: Run) -> Iterator[str]:
    """Who was let in holds the locks that it asked for; who waits holds none; no lock is held too often."""
    holders: dict[str, int] = {}
    for node in run.nodes.values():
        if node.locks is not None and node.locks.is_held == (node.phase is Phase.WAITING):
            state = "holds" if node.locks.is_held else "does not hold"
            if node.phase in {Phase.WAITING, Phase.PENDING, Phase.RUNNING}:
                yield f"{node.name} is {node.phase or 'waiting'} and {state} its locks"
        if node.locks is None or not node.phase.is_active or node.daemoned:
            continue
        for lock in node.locks.locks:
            holders[lock.name] = holders.get(lock.name, 0) + 1
            if lock.limit is not None and holders[lock.name] > lock.limit:
                yield f"{holders[lock.name]} nodes hold {lock.name}, {lock.limit} may"


def alarms_are_set(run: Run) -> Iterator[str]:
    """Every alarm of a node is in the index, so that it will ring."""
    set_ = set(run.index.wakes)
    for node in run.nodes.values():
        if node.wake_at is not None and (node.wake_at, node.number) not in set_:
            yield f"the alarm of {node.name} at {node.wake_at} is not set"


def kinds_agree(run: Run) -> Iterator[str]:
    """Every node is of a kind that its place allows, and a run ends only after its main part."""
    for node in run.nodes.values():
        above = run.nodes.get(node.parent)
        if node.is_attempt and (above is None or above.type is not NodeType.RETRY):
            yield f"{node.name} is an attempt of nothing"
        if above is not None and above.type.is_leaf and node.type is not NodeType.CONTAINER:
            yield f"{node.name} is below {above.name}, a leaf"
        if node.type is NodeType.SKIPPED and not node.phase.is_fulfilled:
            yield f"{node.name} is of type Skipped and {node.phase or 'waits'}"
    entry = run.index.called.get((NOBODY, "", -1))
    if run.state.is_finished and entry is not None and not run.nodes[entry].phase.is_fulfilled:
        yield f"the run is {run.state.phase}, but its main part is not"


#: Each is one truth.
INVARIANTS: tuple[Callable[[Run], Iterator[str]], ...] = (
    index_agrees,
    times_agree,
    names_agree,
    parents_exist,
    ends_agree,
    limits_hold,
    locks_agree,
    alarms_are_set,
    kinds_agree,
)
