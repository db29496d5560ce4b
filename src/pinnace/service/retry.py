"""Running again what failed in a run, in the same run. Source: Argo workflow/util FormulateRetryWorkflow.

What failed is made as if it had just been called, what came after it is forgotten, and what holds it is open
again; what succeeded stays. Then the run is driven as after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec
from msgspec.structs import replace

from pinnace.base.errors import RefusedError, UsageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.run import Run, RunInfo, RunState, Shutdown
from pinnace.ports.store import RunChange
from pinnace.service.graph import Graph
from pinnace.service.selectors import FieldSelector, select_nodes

#: What was let in once and must be let in again: there may be no place for all of it at once now.
_LET_IN = frozenset({NodeType.STEPS, NodeType.DAG, NodeType.RETRY})


class Retried(msgspec.Struct, frozen=True, kw_only=True):
    """What changes in a run that is retried."""

    info: RunInfo
    state: RunState
    nodes: tuple[Node, ...]
    removed: frozenset[NodeNumber]

    def of_run(self, uid: str, lease: int) -> RunChange:
        """Return the change as the store takes it."""
        return RunChange(
            uid=uid, lease=lease, info=self.info, state=self.state, nodes=self.nodes, removed=self.removed
        )


def retry(
    run: Run,
    now: float,
    *,
    parameters: Mapping[str, str] | None = None,
    restart: FieldSelector | None = None,
) -> Retried:
    """Return what changes when ``run`` is retried at ``now`` (Unix seconds).

    Args:
        run: a run that has ended.
        now: when it begins again.
        parameters: workflow arguments that change; steps that are called again see them.
        restart: nodes to run again although they succeeded.

    Raises:
        RefusedError: the run has not ended, succeeded, or holds nothing that could be run again.
    """
    name, phase = run.info.name, run.state.phase
    if phase == "Succeeded" and restart is None:
        message = f"{name} succeeded: to run parts of it again, choose them"
        raise RefusedError(message, remedy="Use --restart-successful with --node-field-selector.")
    if not run.state.is_finished:
        message = f"cannot retry a run in phase {phase or 'Pending'}: {name}"
        raise RefusedError(message, remedy=f"Wait for it, or stop it: `pinnace stop {name}`.")
    plan = _Plan(run, now, anew=bool(parameters))
    chosen = _chosen(run, restart)
    for node in _failed(run, plan.graph, {node.number for node in chosen}):
        plan.again(node)
    for node in chosen:
        plan.again(node)
    if plan.is_empty and not chosen:  # the exit handler may be all that is chosen
        message = f"nothing in {name} can be run again"
        raise RefusedError(message, remedy=f"Run all of it as a new run: `pinnace resubmit {name}`.")
    return Retried(
        info=replace(run.info, parameters={**run.info.parameters, **(parameters or {})}),
        state=replace(
            run.state,
            # A workflow with locks of its own begins by claiming them.
            phase="" if run.workflow.spec.synchronization is not None else "Running",
            message="",
            started_at=now,
            finished_at=None,
            shutdown=Shutdown.NONE,
            is_suspended=False,
            locks=None,
            generation=run.state.generation + 1,
        ),
        nodes=tuple(plan.changed()),
        removed=frozenset(plan.removed),
    )


class _Plan:
    """What is to be run again, opened again and forgotten."""

    def __init__(self, run: Run, now: float, *, anew: bool) -> None:
        self.graph = Graph(run)
        self.removed: set[NodeNumber] = set()
        self._run = run
        self._now = now
        self._anew = anew
        """True: what is called again is called with new arguments."""
        self._again: set[NodeNumber] = set()
        self._opened: set[NodeNumber] = set()
        #: The graph has no hooks that were never let in.
        self._hooks: dict[NodeNumber, list[NodeNumber]] = {}
        for number, node in run.nodes.items():
            if node.hook_of != NOBODY:
                self._hooks.setdefault(node.hook_of, []).append(number)
        handler = run.index.called.get((NOBODY, "onExit", -1))
        self._is_handler_bad = handler is not None and run.nodes[handler].phase.is_bad
        self._remove(handler)

    @property
    def is_empty(self) -> bool:
        """Whether nothing that failed or was chosen is run again; a failed exit handler alone is enough."""
        return not self._again and not self._opened and not self._is_handler_bad

    def again(self, node: Node) -> None:
        """Have ``node`` run again, and everything after it forgotten."""
        if node.number in self.removed:
            return
        above = list(self._above(node))
        self._opened.update(each.number for each in above)
        self._forget_what_follows(node)
        for each in above:
            self._forget_what_follows(each)
        if node.type in {NodeType.RETRY, NodeType.POD}:  # a pod's containers are made anew
            for attempt in self._run.index.children.get(node.number, ()):
                self._remove(attempt)
        if self._anew:
            self._call_loops_again(above)
        is_call = node.type.is_leaf or node.type is NodeType.RETRY
        if node.is_hook:  # its call decides anew whether it is wanted
            self._remove(node.number)
        elif node.type is NodeType.SKIPPED or (self._anew and is_call):
            self._call_again(node)
        elif node.type.is_leaf:
            self._again.add(node.number)
        else:
            self._opened.add(node.number)

    def changed(self) -> Iterator[Node]:
        """Yield the nodes that stay and are no longer what they were."""
        for number in sorted((self._again | self._opened) - self.removed):
            node = self._run.nodes[number]
            fresh = replace(
                node,
                message="",
                outputs=None,
                finished_at=None,
                wake_at=None,
                deadline=None,
                locks=None,
                notes=(),
                progress="",
                is_call_error=False,
            )
            if number in self._again:
                generation = self._run.state.generation + 1
                yield replace(fresh, phase=Phase.WAITING, started_at=None, generation=generation, memo=None)
            elif node.type in _LET_IN:
                yield replace(fresh, phase=Phase.WAITING, started_at=None)
            else:
                # A step group looks for steps that are not there and calls them.
                is_expanded = node.is_expanded and node.type is not NodeType.STEP_GROUP
                yield replace(fresh, phase=Phase.RUNNING, started_at=self._now, is_expanded=is_expanded)

    def _above(self, node: Node) -> Iterator[Node]:
        while node.parent != NOBODY:
            node = self._run.nodes[node.parent]
            yield node

    def _call_again(self, node: Node) -> None:
        """Forget ``node`` so that its caller calls it again; a task's loop is called as a whole."""
        parent = self._run.nodes.get(node.parent)
        if parent is None:
            self._again.add(node.number)
        elif parent.type is NodeType.TASK_GROUP:
            self._remove(parent.number)
        else:
            self._remove(node.number)

    def _call_loops_again(self, above: Iterable[Node]) -> None:
        """Forget what groups above called: with other arguments their loops may have other items."""
        for each in above:
            if each.type is NodeType.TASK_GROUP:
                self._remove(each.number)
            elif each.type is NodeType.STEP_GROUP:
                for number in self._run.index.children.get(each.number, ()):
                    self._remove(number)

    def _forget_what_follows(self, node: Node) -> None:
        for number in (*self.graph.children(node.number), *self._hooks.get(node.number, ())):
            if self._run.nodes[number].parent != node.number:
                self._remove(number)

    def _remove(self, first: NodeNumber | None) -> None:
        """Forget a node, what it called and what follows it; a stack, because chains are long."""
        stack = [] if first is None else [first]
        while stack:
            number = stack.pop()
            if number not in self.removed:
                self.removed.add(number)
                stack += self._run.index.children.get(number, ())
                stack += self.graph.children(number)
                stack += self._hooks.get(number, ())


def _failed(run: Run, graph: Graph, chosen: AbstractSet[NodeNumber]) -> Iterator[Node]:
    """Yield what explains the failure, first ones first: what failed by itself and was not forgiven.

    What succeeded after it and is ``chosen`` to run again does not forgive it. Failed hooks are run again
    too, unless their step group was followed by another: a template that fails fast would end of them.

    # Differs from Argo: waits that failed and calls that could not be made are run again too, and a hook that
    # succeeded does not count as success after the failure.
    """
    went_on = _went_on(run, graph, chosen)
    for number in sorted(run.nodes):
        node = run.nodes[number]
        if not node.phase.is_bad or number in went_on or _is_past_hook(run, node):
            continue
        if node.type is NodeType.CONTAINER:
            continue  # its pod failed of it, or did not mind, as with a sidecar that was ended
        if not any(_explains(run, below) for below in run.index.children.get(number, ())) and _counts(
            run, node
        ):
            yield node


def _explains(run: Run, number: NodeNumber) -> bool:
    """Return whether the node's failure is the one to run again, and not that of what called it.

    A Retry node of tasks begins its attempts afresh; one of steps or a dag goes on with the last attempt.
    """
    node = run.nodes[number]
    if node.type is NodeType.CONTAINER:
        return False  # its pod's is
    return node.phase.is_bad and not node.is_hook and not (node.is_attempt and node.type.is_leaf)


def _counts(run: Run, node: Node) -> bool:
    """Return whether the node belongs to the last attempt of everything that calls it."""
    while True:
        parent = run.nodes.get(node.parent)
        if parent is None:
            return True
        if node.is_attempt and (node.type.is_leaf or run.index.children[parent.number][-1] != node.number):
            return False
        node = parent


def _is_past_hook(run: Run, node: Node) -> bool:
    """Return whether the node is, or is below, a hook in a step group that another group followed."""
    is_below_hook = False
    while node.parent != NOBODY:
        is_below_hook = is_below_hook or node.is_hook
        parent = run.nodes[node.parent]
        is_last = run.index.children[parent.number][-1] == node.number
        if is_below_hook and node.type is NodeType.STEP_GROUP and not is_last:
            return True
        node = parent
    return False


def _went_on(run: Run, graph: Graph, chosen: AbstractSet[NodeNumber]) -> set[NodeNumber]:
    """Return the nodes after which something succeeded that stays: their failure did not stop the run."""
    found: set[NodeNumber] = set()
    #: After or below these, something succeeded.
    lead_on: set[NodeNumber] = set()
    for number in sorted(run.nodes, reverse=True):
        for after in graph.children(number):
            node = run.nodes[after]
            is_part = node.is_hook or node.type is NodeType.CONTAINER
            is_success = node.phase is Phase.SUCCEEDED and not is_part and after not in chosen
            # What a hook called is its own success.
            leads_on = after in lead_on and (node.type.is_leaf or not node.is_hook)
            if is_success or leads_on:
                lead_on.add(number)
                found.update(() if node.parent == number and not is_part else (number,))
    return found


def _chosen(run: Run, restart: FieldSelector | None) -> Sequence[Node]:
    """Return what is meant to run again, in order of creation; of several attempts only what the last made.

    Hooks run with what they belong to and cannot be chosen, but the exit handler can.
    """
    if restart is None:
        return ()
    if not restart.terms:
        message = "--restart-successful needs --node-field-selector"
        raise UsageError(message, remedy="Say which nodes, as in --node-field-selector displayName=build.")
    meant = select_nodes(run, restart)
    found = {each.number: each for node in meant for each in _work_of(run, node)}
    chosen = [each for number, each in sorted(found.items()) if _can_be_chosen(run, each)]
    if not chosen:
        message = f"nothing in {run.info.name} that can be run again matches the node field selector"
        raise UsageError(message, remedy=f"See the nodes with `pinnace get {run.info.name} -o json`.")
    return chosen


def _can_be_chosen(run: Run, node: Node) -> bool:
    if not node.is_hook:
        return _counts(run, node)
    while node.parent != NOBODY:
        node = run.nodes[node.parent]
    return node.number == run.index.called.get((NOBODY, "onExit", -1))


def _work_of(run: Run, node: Node) -> Iterator[Node]:
    """Yield what the node called, or itself; attempts are their Retry node, containers their pod."""
    stack = [node]
    while stack:
        each = stack.pop()
        if each.type is NodeType.CONTAINER:
            each = run.nodes[each.parent]
        called = run.index.children.get(each.number, ())
        is_empty = each.type is NodeType.STEP_GROUP and not called
        if is_empty or each.type.is_leaf or each.type in {NodeType.RETRY, NodeType.SKIPPED}:
            yield run.nodes[each.parent] if each.is_attempt else each
        else:
            stack += [run.nodes[number] for number in called]
