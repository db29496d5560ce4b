"""The heart: what follows from what happened.

Called by the driver of a run, which keeps this order: save the outcome, then ``apply`` it, then perform its
commands. ``reassess`` looks at every open node afresh; it is both recovery after a crash and the tests'
oracle: after any ``advance`` it must change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from pinnace.engine import garbage, lifecycle, locking, memo, multipod, work
from pinnace.engine.caches import CacheEntry
from pinnace.engine.calling import template_of
from pinnace.engine.commands import Command
from pinnace.engine.emissions import Emission
from pinnace.engine.events import (
    CacheAnswered,
    Event,
    LocksAnswered,
    NodeSet,
    ResumeAsked,
    RunStarted,
    ShutdownAsked,
    SuspendAsked,
    TaskEnded,
    TaskProgressed,
    TaskReady,
    TaskStarted,
    TimePassed,
    WorkEnded,
)
from pinnace.engine.gates import refill
from pinnace.engine.index import SUSPENSION
from pinnace.engine.kinds import ASSESS, pod, suspend
from pinnace.engine.leaf import end, end_daemons, end_well
from pinnace.engine.limits import STEP_DEADLINE, may_run, shutdown_message, stopped_message, workflow_deadline
from pinnace.engine.metrics import measure
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import NOBODY, Node, NodeOutputs, NodeType, Phase
from pinnace.engine.outputs import export
from pinnace.engine.run import Run, RunState, Shutdown
from pinnace.engine.turn import Turn


class Outcome:
    """What a turn came to: save ``nodes``, ``state`` and ``metrics``, ``apply`` it, perform ``commands``."""

    __slots__ = ("_turn", "cached", "commands", "metrics", "nodes", "state")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self.metrics: list[Emission] = measure(turn)
        """What the ends of nodes emitted: to be saved with them, and once."""
        self.cached: list[CacheEntry] = memo.entries(turn)
        """What memoized nodes give to their caches: likewise."""
        known = turn.run.nodes
        self.nodes: list[Node] = [node for number, node in turn.nodes.items() if known.get(number) != node]
        """Nodes that are new or changed."""
        self.commands: list[Command] = turn.commands
        self.state: RunState | None = turn.state if turn.state is not turn.run.state else None
        """The run's state if it changed."""

    @property
    def frees_locks(self) -> bool:
        """Whether somebody may get locks that the run, or a node of it, held before."""
        if self.state is not None and self.state.is_finished and self.state.locks is not None:
            return True
        return any(node.locks is not None and node.phase.is_fulfilled for node in self.nodes)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed and nothing is to be done."""
        return not self.nodes and self.state is None and not self.commands


def advance(run: Run, events: Iterable[Event], now: float) -> Outcome:
    """Return what follows from ``events``, in order, at ``now`` (Unix seconds). ``run`` is not changed."""
    turn = Turn(run, now)
    for event in events:
        RECEIVE[type(event)](turn, event)
    for number in run.index.due(now):
        turn.assess(number)
    _keep_deadline(turn)
    return _settle(turn)


def reassess(run: Run, now: float) -> Outcome:
    """Return what follows from looking at every open node afresh. ``run`` is not changed."""
    turn = Turn(run, now, is_fresh=True)
    for number in sorted(run.nodes):
        if run.state.phase == "Running" and not run.nodes[number].phase.is_fulfilled:
            turn.assess(number)
    if run.state.phase:
        turn.assess(NOBODY)
    _keep_deadline(turn)
    return _settle(turn)


def next_wake(run: Run) -> float | None:
    """Return the Unix seconds at which the run wants ``advance`` even if nothing happens, or None."""
    run.index.drop_stale_alarms(run.nodes)
    alarms = [run.index.wakes[0][0]] if run.index.wakes else []
    turn = Turn(run, 0.0)
    entry = turn.find(NOBODY, "")
    if entry is not None and not entry.phase.is_fulfilled and not run.index.is_over_time:
        deadline = workflow_deadline(turn)
        if deadline is not None:
            alarms.append(deadline)
    return min(alarms) if alarms else None


def apply(run: Run, outcome: Outcome) -> None:
    """Put a saved outcome into its run."""
    turn: Turn = outcome._turn  # noqa: SLF001  # an outcome is opaque to everybody but its own module
    index = run.index
    index.next = turn.next
    index.active_pods = turn.active_pods
    index.is_over_time = turn.is_over_time
    index.tallies.update(turn.tallies)
    index.called.update(turn.called)
    index.waits.update(turn.waits)
    for parent, numbers in turn.children_.items():
        index.children.setdefault(parent, []).extend(numbers)
    for limiter, numbers in turn.held.items():
        index.held.setdefault(limiter, []).extend(numbers)
    for limiter, at in turn.held_at.items():
        index.let_go(limiter, at)
    for node in outcome.nodes:
        if node.wake_at is not None:
            old = run.nodes.get(node.number)
            if old is None or old.wake_at != node.wake_at:
                index.wake(node)
    run.nodes.update(turn.nodes)
    run.state = turn.state
    for emission in outcome.metrics:
        run.metrics.setdefault(emission.name, emission.definition)


def restore(run: Run, state: RunState, nodes: Iterable[Node]) -> None:
    """Make an empty ``run`` what was saved of it; ``reassess`` it next."""
    run.state = state
    for node in sorted(nodes, key=lambda node: node.number):
        run.nodes[node.number] = node
        run.index.add(node)


def _settle(turn: Turn) -> Outcome:
    while True:
        while turn.queue:
            number = turn.queue.popleft()
            turn.queued.discard(number)
            if number == NOBODY:
                lifecycle.assess(turn)
                continue
            node = turn.node(number)
            if node.phase.is_fulfilled:
                turn.news.pop(number, None)
                if turn.tally(number).daemons:
                    end_daemons(turn, node)
            elif memo.is_asking(node):
                turn.news.pop(number, None)
                if turn.is_fresh:
                    memo.ask(turn, node)
            else:
                ASSESS[node.type](turn, node)
        if not refill(turn) and not lifecycle.run_hooks(turn):
            locking.let_daemons_go(turn)
            return Outcome(turn)


def _keep_deadline(turn: Turn) -> None:
    """End everything but exit handlers when the workflow's time is over. Source: Argo exec_control.go."""
    deadline = workflow_deadline(turn)
    if deadline is None or turn.now < deadline:
        return
    entry = turn.find(NOBODY, "")
    if entry is None or entry.phase.is_fulfilled:
        return
    if turn.is_over_time and not turn.is_fresh:
        return  # done before; what comes later is refused
    turn.is_over_time = True
    for node in lifecycle.open_nodes(turn):
        if node.is_exit:
            continue
        if _is_served(node):
            end_well(turn, node)
            continue
        if node.type.is_leaf and node.phase.is_active:
            end(turn, node, STEP_DEADLINE)
        else:
            turn.assess(node.number)


def _is_served(node: Node) -> bool:
    """Return whether the node is a daemon at work for what called it."""
    return node.daemoned and node.boundary >= 0


# Events ----------------------------------------------------------------------------------------------------


def _run_started(turn: Turn, _event: RunStarted) -> None:
    lifecycle.start(turn)


def _time_passed(_turn: Turn, _event: TimePassed) -> None:
    """Do nothing: what is due is looked at in every turn."""


def _to_node(
    take_in: Callable[[Turn, Node, Any], None],
    *,
    of_container: Callable[[Turn, Node, Any], None] | None = None,
    of_run: Callable[[Turn, Any], None] | None = None,
) -> Callable[[Turn, Any], None]:
    """Return what hands an event to the node that it is about, if that attempt is still this run's.

    Args:
        take_in: takes the event in.
        of_container: does so instead for one container of a pod that has several.
        of_run: does so instead for what is about nobody: the run as a whole.
    """

    def receive(turn: Turn, event: Any) -> None:
        if event.node == NOBODY and of_run is not None:
            of_run(turn, event)
            return
        node = turn.nodes.get(event.node) or turn.run.nodes.get(event.node)
        if node is None or attempt_id(turn.run.info.uid, node) != event.attempt_id:
            return
        if of_container is not None and node.type is NodeType.CONTAINER:
            of_container(turn, node, event)
        else:
            take_in(turn, node, event)

    return receive


def _progressed(turn: Turn, node: Node, event: TaskProgressed) -> None:
    """Keep how far the node is; of a container, with its pod, as Argo does."""
    if node.type is NodeType.CONTAINER:
        node = turn.node(node.parent)
    if not node.phase.is_fulfilled:
        turn.put(replace(node, progress=event.progress))


def _shutdown_asked(turn: Turn, event: ShutdownAsked) -> None:
    """End what may not run; what waits is assessed and refused. Terminate may follow Stop."""
    if turn.state.is_finished or turn.state.shutdown in {event.shutdown, Shutdown.TERMINATE}:
        return
    if turn.state.phase == "Pending":
        lifecycle.stop_waiting(turn, event.shutdown)
        return
    turn.state = replace(turn.state, shutdown=event.shutdown, is_suspended=False)
    for node in lifecycle.open_nodes(turn):
        if _is_served(node) and not may_run(event.shutdown, node):
            end_well(turn, node)  # now: it may take the place of what has to end before it
            continue
        if may_run(event.shutdown, node):
            if not node.type.is_leaf or node.phase is Phase.WAITING:
                turn.assess(node.number)  # an exit handler goes on, but is not tried again
        elif node.type is NodeType.POD and node.phase.is_active:
            end(turn, node, shutdown_message(event.shutdown))
        elif node.type.is_leaf and node.phase.is_active:
            end(turn, node, stopped_message(event.shutdown))
        else:
            turn.assess(node.number)
    turn.assess(NOBODY)


def _suspend_asked(turn: Turn, _event: SuspendAsked) -> None:
    if not turn.state.is_finished and turn.state.shutdown is Shutdown.NONE:
        turn.state = replace(turn.state, is_suspended=True)


def _resume_asked(turn: Turn, event: ResumeAsked) -> None:
    """Let what was held start, and end the waits that were meant.

    Source: Argo workflow/util ResumeWorkflow: with a selector only those nodes are resumed.
    """
    if event.nodes is None:
        turn.state = replace(turn.state, is_suspended=False)
        for number in turn.run.index.waiting(SUSPENSION):
            turn.assess(number)
        turn.let_go(SUSPENSION, len(turn.run.nodes))
        turn.assess(NOBODY)
    for node in lifecycle.open_nodes(turn):
        is_meant = event.nodes is None or node.number in event.nodes
        if node.type is NodeType.SUSPEND and node.phase is Phase.RUNNING and is_meant:
            suspend.resume(turn, node)


def _node_set(turn: Turn, event: NodeSet) -> None:
    """Give running suspended nodes outputs, a message, or an end. Source: Argo workflow/util SetWorkflow."""
    for number in event.nodes:
        node = turn.node(number)
        if node.type is not NodeType.SUSPEND or node.phase is not Phase.RUNNING:
            continue
        outputs = node.outputs or NodeOutputs()
        parameters = outputs.parameters | event.parameters
        changed = turn.put(
            replace(
                node,
                outputs=replace(outputs, parameters=parameters) if parameters else node.outputs,
                message=event.message or node.message,
            )
        )
        if event.parameters:
            export(turn, changed, template_of(turn, changed).template)
        if event.phase:
            turn.settle(changed, Phase(event.phase), changed.message)


#: One row an event.
RECEIVE: dict[type[Event], Callable[[Turn, Any], None]] = {
    RunStarted: _run_started,
    TimePassed: _time_passed,
    TaskStarted: _to_node(pod.started, of_container=multipod.started),
    TaskReady: _to_node(pod.ready, of_container=multipod.ready),
    TaskProgressed: _to_node(_progressed),
    TaskEnded: _to_node(pod.ended, of_container=multipod.ended),
    WorkEnded: _to_node(work.ended, of_run=garbage.collected),
    LocksAnswered: _to_node(locking.answered, of_run=lifecycle.locks_answered),
    CacheAnswered: _to_node(memo.answered),
    ShutdownAsked: _shutdown_asked,
    SuspendAsked: _suspend_asked,
    ResumeAsked: _resume_asked,
    NodeSet: _node_set,
}
