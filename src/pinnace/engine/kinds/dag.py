"""A dag template: each task starts when what it depends on is done. Source: Argo dag.go.

``waits`` counts, for each task, the dependencies that are not done, so that an end costs what depends on it
and not what the DAG holds. It falls below zero when the task itself is done.
"""

from __future__ import annotations

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import Wish, call, ended, fail_call, template_of
from pinnace.engine.dagmemo import dag_plan
from pinnace.engine.dagplan import DagPlan, forgives
from pinnace.engine.fanout import Planned, plan
from pinnace.engine.hooks import hooks_done, owner_of, run_hooks
from pinnace.engine.leaf import fails_fast, let_in
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.outputs import gather, succeeded
from pinnace.engine.run import Shutdown
from pinnace.engine.scope import Chain
from pinnace.engine.stepscope import tasks_scope
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn
from pinnace.language.depends import TaskResults
from pinnace.spec.templates import DAGTask

#: In ``waits``: the task is done, and those that wait for it know.
_TOLD = -1


def assess(turn: Turn, node: Node) -> None:
    """Start what is ready, follow hooks, end when nothing is open."""
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.RUNNING)
        if admitted is None:
            return
        node = admitted
    resolved = template_of(turn, node)
    try:
        dag = Dag(turn, node, resolved, dag_plan(turn, node, resolved.template))
    except PinnaceError as error:
        turn.news.pop(node.number, None)
        fail_call(turn, node, error.message)
        return
    if not dag.is_counted() or turn.is_fresh:
        turn.news.pop(node.number, None)
        dag.look_at_all()
    while news := turn.news.pop(node.number, None):  # a task that is omitted is news at once
        for number in news:
            dag.follow(owner_of(turn, number))
    dag.finish_if_done()


class Dag:
    """One assessment of one dag node."""

    def __init__(self, turn: Turn, node: Node, resolved: TemplatePlan, plan: DagPlan) -> None:
        self.turn = turn
        self.node = node
        self.resolved = resolved
        self.plan = plan

    # Who waits for whom ------------------------------------------------------------------------------------

    def is_counted(self) -> bool:
        """Return whether ``waits`` holds this dag's counts."""
        key = (self.node.number, "")
        return key in self.turn.waits or key in self.turn.run.index.waits

    def _waits(self, task: str) -> int:
        key = (self.node.number, task)
        found = self.turn.waits.get(key)
        return found if found is not None else self.turn.run.index.waits.get(key, 0)

    def look_at_all(self) -> None:
        """Count afresh: at the start, after a crash, and when the counts are to be checked."""
        turn, number = self.turn, self.node.number
        turn.waits[(number, "")] = 1
        for name in self.plan.needed:
            turn.waits[(number, name)] = len(self.plan.dependencies[name])
        for name in self.plan.needed:
            known = turn.find(number, name)
            if known is not None:
                self.follow(known)
            elif not self.plan.dependencies[name]:
                self._start(name)

    def follow(self, child: Node) -> None:
        """Take in what changed about a task: run its hooks; if it is done, tell those that wait for it."""
        turn, plan = self.turn, self.plan
        task = plan.tasks.get(child.key)
        if task is None:
            return
        if task.hooks or task.on_exit:

            def scope(owner: Node) -> Chain:
                return self._scope(task.name, owner)

            run_hooks(turn, task, child, self.node, self.resolved.scope, scope)
            child = turn.node(child.number)
        if not child.is_done or not hooks_done(turn, child) or self._waits(child.key) < 0:
            return
        turn.waits[(self.node.number, child.key)] = _TOLD
        for name in plan.dependents[child.key]:
            left = self._waits(name) - 1
            turn.waits[(self.node.number, name)] = left
            if left == 0 and turn.find(self.node.number, name) is None:
                self._start(name)

    # Starting ----------------------------------------------------------------------------------------------

    def _scope(self, task: str, hook_of: Node | None = None) -> Chain:
        return tasks_scope(self.turn, self.node, self.resolved.template, self.plan, task, hook_of)

    def _start(self, name: str) -> None:
        """Call a task whose dependencies are done, or say why it is not called."""
        task = self.plan.tasks[name]
        try:
            if self.plan.dependencies[name] and not self.plan.allows(name, self._results, self._phase):
                self._end(task, Phase.OMITTED, "omitted: depends condition not met")
                return
            planned = plan(self.turn.run.memo, task, lambda: self._scope(name))
        except PinnaceError as error:
            self._end(task, Phase.ERROR, error.message)
            return
        if not task.is_loop:
            self._call(task, planned[0], self.node)
        elif not planned:
            self._end(task, Phase.SKIPPED, "Skipped, empty params")
        else:
            group = self._group(task)
            for one in planned:
                self._call(task, one, group)

    def _end(self, task: DAGTask, phase: Phase, message: str) -> None:
        ended(self.turn, self._wish(task, Planned(task.name, -1, task), self.node), phase, message)

    def _call(self, task: DAGTask, one: Planned, parent: Node) -> None:
        wish = self._wish(task, one, parent)
        if one.skip:
            ended(self.turn, wish, Phase.SKIPPED, one.skip)
            return
        call(self.turn, wish)

    def _wish(self, task: DAGTask, one: Planned, parent: Node) -> Wish:
        return Wish(
            name=f"{self.node.name}.{one.name}",
            key=task.name,
            index=one.index,
            parent=parent.number,
            boundary=self.node.number,
            template=one.call.template,
            template_ref=one.call.template_ref,
            inline=one.call.inline,
            scope=self.resolved.scope,
            arguments=one.call.arguments,
            is_watched=bool(task.hooks),
        )

    def _group(self, task: DAGTask) -> Node:
        group = Node(
            self.turn.number(),
            f"{self.node.name}.{task.name}",
            NodeType.TASK_GROUP,
            Phase.RUNNING,
            key=task.name,
            parent=self.node.number,
            boundary=self.node.number,
            depth=self.node.depth,
            template=task.template if task.template_ref is None else "",
            template_ref=task.template_ref,
            scope=self.resolved.scope,
            started_at=self.turn.now,
            is_expanded=True,
            is_watched=bool(task.hooks),
            is_exit=self.node.is_exit,
            generation=self.turn.state.generation,
        )
        self.turn.assess(group.number)
        return self.turn.put(group)

    # Results -----------------------------------------------------------------------------------------------

    def _phase(self, name: str) -> Phase:
        node = self.turn.find(self.node.number, name)
        return node.phase if node is not None else Phase.WAITING

    def _results(self, name: str) -> TaskResults:
        """Return how a task ended, as ``depends`` asks. Source: Argo dag.go evaluateDependsLogic."""
        node = self.turn.find(self.node.number, name)
        phase = node.phase if node is not None else Phase.WAITING
        any_succeeded = all_failed = False
        if node is not None and node.type is NodeType.TASK_GROUP:
            items = [self.turn.node(number) for number in self.turn.children(node.number)]
            phases = [item.phase for item in items if not item.is_hook]
            any_succeeded = Phase.SUCCEEDED in phases
            all_failed = bool(phases) and all(each is Phase.FAILED for each in phases)
        return TaskResults(
            succeeded=phase is Phase.SUCCEEDED,
            failed=phase is Phase.FAILED,
            errored=phase is Phase.ERROR,
            skipped=phase is Phase.SKIPPED,
            omitted=phase is Phase.OMITTED,
            daemoned=node is not None and node.daemoned,
            any_succeeded=any_succeeded,
            all_failed=all_failed,
        )

    # The end -----------------------------------------------------------------------------------------------

    def finish_if_done(self) -> None:
        """End the dag when no task is open, or when failing fast leaves nothing to wait for."""
        turn, template = self.turn, self.resolved.template
        tally = turn.tally(self.node.number)
        if (tally.bad and fails_fast(turn, self.node, template)) or tally.open:
            return
        if turn.state.shutdown is not Shutdown.NONE and not self.node.is_exit:
            turn.settle(self.node, Phase.FAILED)
            return
        phase = self._outcome()
        if phase is not Phase.SUCCEEDED:
            turn.settle(self.node, phase)
            return
        try:
            outputs = gather(template, tasks_scope(turn, self.node, template, self.plan, None))
        except PinnaceError as error:
            fail_call(turn, self.node, error.message)
            return
        succeeded(turn, self.node, self.resolved, outputs)

    def _outcome(self) -> Phase:
        """Return the dag's phase: a target's own, or that of its branch when it did not run.

        Source: Argo dag.go assessDAGPhase.
        """
        branches: dict[str, Phase] = {}
        for name in self.plan.needed:
            own = self._phase(name)
            if not own.is_completed:
                above = [branches[need] for need in self.plan.dependencies[name]]
                own = next((each for each in above if each.is_bad), Phase.SUCCEEDED)
            branches[name] = own
        result = Phase.SUCCEEDED
        dag = self.resolved.template.dag
        for name in self.plan.targets:
            phase = branches[name]
            if phase.is_bad and not forgives(self.plan.tasks[name].continue_on, phase):
                result = phase
                if dag is None or dag.fail_fast is not False:
                    break
        return result
