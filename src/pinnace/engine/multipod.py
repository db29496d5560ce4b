"""A pod of several containers: each is a node below the pod's, and a task of the executor.

The order is decided here: containers that come before, one after another; then those of the set as what they
need has succeeded, and the ones beside them; when the main ones have ended, or one has failed, the others are
ended too. Source: Kubernetes pod lifecycle; Argo cmd/argoexec/commands/emissary.go, operator.go cleanUpPod.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import template_of
from pinnace.engine.commands import CancelTask
from pinnace.engine.containers import MAIN, Part, Role, container_of, is_probed, tries_of
from pinnace.engine.daemons import became_ready, ended_as
from pinnace.engine.events import TaskEnded, TaskProblem, TaskReady, TaskStarted
from pinnace.engine.judgement import POD_DEADLINE, judge
from pinnace.engine.leaf import attempt, end, limits, prepared, with_progress
from pinnace.engine.node import ContainerState, Node, NodeOutputs, NodeType, Phase
from pinnace.engine.outputs import export
from pinnace.engine.tasks import container_command
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn
from pinnace.spec.templates import Template

#: What argoexec exits with when it did not run the command. Source: Argo cmd/argoexec/main.go.
_NOT_RUN = 64
_SIGTERM = 143
#: What a command exits with that was ended by SIGKILL and by SIGTERM.
_ENDED = frozenset({137, _SIGTERM})


def go_on(turn: Turn, pod: Node, plan: TemplatePlan) -> None:
    """Do what is due in a pod that was let in: make its containers, start and end them, end it."""
    if not turn.children(pod.number):
        _make(turn, pod, plan)
    work = _Work(turn, pod, plan)
    try:
        if work.is_ending:
            work.end_all()
        else:
            work.start_due()
    except PinnaceError as error:
        end(turn, pod, error.message, Phase.ERROR)
        turn.put(replace(turn.node(pod.number), is_call_error=True))
        return
    work.follow()


def _make(turn: Turn, pod: Node, plan: TemplatePlan) -> None:
    """Make a node for each container. Source: Argo container_set_template.go executeContainerSet."""
    is_set = plan.template.container_set is not None
    for part in plan.parts:
        turn.put(
            Node(
                turn.number(),
                f"{pod.name}.{part.name}",
                NodeType.CONTAINER,
                Phase.PENDING,
                key=part.name,
                parent=pod.number,
                boundary=pod.number,
                depth=pod.depth,
                template=pod.template,
                template_ref=pod.template_ref,
                scope=pod.scope,
                started_at=turn.now,
                is_exit=pod.is_exit,
                generation=pod.generation,
                container=ContainerState(is_hidden=not is_set or part.role is not Role.MAIN),
            )
        )


class _Work:
    """One look at one pod and its containers."""

    def __init__(self, turn: Turn, pod: Node, plan: TemplatePlan) -> None:
        self.turn = turn
        self.pod = pod
        self.plan = plan
        self.template: Template = plan.template

    def node(self, part: Part) -> Node:
        """Return the container's node as it stands."""
        found = self.turn.find(self.pod.number, part.name)
        assert found is not None
        return found

    def of(self, *roles: Role) -> list[Node]:
        """Return the containers that play one of the parts, in their order."""
        return [self.node(part) for part in self.plan.parts if part.role in roles]

    # Towards the start -------------------------------------------------------------------------------------

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is to be started."""
        wanted = self.of(Role.INIT, Role.MAIN, Role.WAIT)
        beside = self.of(Role.SIDECAR)
        return (
            self.evicted() is not None
            or any(each.phase.is_bad for each in wanted)
            or any(each.phase is Phase.ERROR for each in beside)
            or all(each.phase.is_fulfilled for each in self.of(Role.MAIN, Role.WAIT))
        )

    def evicted(self) -> Node | None:
        """Return the first container that wrote more than it may, if one did."""
        return next((each for each in self.of(*Role) if each.container and each.container.is_evicted), None)

    def start_due(self) -> None:
        """Start the containers whose turn it is."""
        tries, _ = tries_of(self.template)
        filled: Template | None = None
        for part in self._due():
            node = self.node(part)
            if part.role is Role.MAIN and tries == 0:
                self.turn.settle(node, Phase.SUCCEEDED, "", NodeOutputs(exit_code=0))
                continue
            if node.container is None or node.phase is not Phase.PENDING:
                continue
            if node.wake_at is not None and node.wake_at > self.turn.now:
                continue
            if node.container.is_asked and not self.turn.is_fresh:
                continue
            if filled is None:
                filled = prepared(self.turn, self.pod, self.plan)
                self.pod = with_progress(self.turn, self.pod, filled)
            state = replace(node.container, is_asked=True)
            node = self.turn.put(replace(node, container=state, wake_at=None))
            self.turn.ask(container_command(self.turn, self.pod, node, filled))

    def _due(self) -> list[Part]:
        """Return the containers that may run now, running ones among them."""
        done = {part.name for part in self.plan.parts if self.node(part).phase is Phase.SUCCEEDED}
        for part in self.plan.parts:
            if part.role is Role.INIT and part.name not in done:
                return [part]
        mains = [part.name for part in self.plan.parts if part.role is Role.MAIN]
        return [
            part
            for part in self.plan.parts
            if part.role is not Role.INIT and done.issuperset(mains if part.role is Role.WAIT else part.needs)
        ]

    def follow(self) -> None:
        """Make the pod what its containers are: running, ready, or ended."""
        if self.turn.node(self.pod.number).phase.is_fulfilled:
            return
        containers = self.of(Role.MAIN, Role.SIDECAR)
        if all(each.phase.is_fulfilled for each in self.of(*Role)):
            self._settle()
            return
        pod = self.pod
        if pod.phase is Phase.PENDING:
            if any(each.phase is not Phase.PENDING for each in containers):
                pod = self.turn.put(replace(pod, phase=Phase.RUNNING, wake_at=None))
            else:
                pending, _ = limits(prepared(self.turn, pod, self.plan), pod)
                if pending != pod.wake_at:
                    pod = self.turn.put(replace(pod, wake_at=pending))
        ready = (
            each.phase is Phase.RUNNING and each.container and each.container.is_ready for each in containers
        )
        if self.template.daemon and not pod.daemoned and all(ready):
            self.turn.put(became_ready(pod))

    # Towards the end ---------------------------------------------------------------------------------------

    def end_all(self) -> None:
        """End what runs, and what waits for its turn."""
        turn = self.turn
        lacking = self._lacking()
        for part in self.plan.parts:
            node = self.node(part)
            if node.phase.is_fulfilled or node.container is None:
                continue
            if not node.container.is_asked:
                why = lacking.get(part.name)
                code = _NOT_RUN if why else _SIGTERM
                message = f"{node.key}: Error (exit code {code}): {why or ''}"
                outputs = NodeOutputs(exit_code=code)
                turn.settle(node, Phase.ERROR if why else Phase.FAILED, message, outputs)
            elif not node.container.is_cancelled or turn.is_fresh:
                node = turn.put(replace(node, container=replace(node.container, is_cancelled=True)))
                turn.ask(CancelTask(node=node.number, attempt_id=attempt(turn, node)))

    def _lacking(self) -> dict[str, str]:
        """Return for the containers that lack what they need why they were not run."""
        codes = {node.key: _exit_code(node) for node in self.of(Role.MAIN) if node.phase.is_bad}
        found: dict[str, str] = {}
        for _ in self.plan.parts:  # so often that the last of a chain hears of the first
            for part in self.plan.parts:
                need = next((name for name in part.needs if name in codes), None)
                if need is not None and part.name not in codes:
                    code = codes[part.name] = codes[need] or _NOT_RUN
                    found[part.name] = f'dependency "{need}" exited with non-zero code: {code}'
        return found

    def _settle(self) -> None:
        turn = self.turn
        phase, message = self._outcome()
        pod = turn.node(self.pod.number)
        pod = turn.settle(pod, ended_as(self.template, phase), message, self._outputs())
        if self.plan.has_exports:
            try:
                export(turn, pod, prepared(turn, pod, self.plan))
            except PinnaceError as error:
                turn.put(replace(pod, phase=Phase.ERROR, message=error.message))

    def _outputs(self) -> NodeOutputs | None:
        """Return what the containers gave: main's, logs of the others, and what they shared."""
        main = self.turn.find(self.pod.number, MAIN)
        found = (main.outputs if main is not None else None) or NodeOutputs()
        for each in self.of(Role.MAIN, Role.WAIT):
            if each.key != MAIN and each.outputs is not None:
                found = replace(
                    found,
                    parameters=found.parameters | each.outputs.parameters,
                    artifacts=found.artifacts + each.outputs.artifacts,
                )
        return found if found != NodeOutputs() else None

    def _outcome(self) -> tuple[Phase, str]:
        """Return the pod's phase and message. Source: Argo operator.go inferFailedReason."""
        everyone = self.of(*Role)
        late = next((each for each in everyone if each.message == POD_DEADLINE), None)
        if late is not None:
            return Phase.FAILED, POD_DEADLINE
        evicted = self.evicted()
        if evicted is not None:
            return Phase.FAILED, evicted.message
        failed = [each for each in self.of(Role.INIT, Role.MAIN, Role.WAIT) if each.phase.is_bad]
        broken = [each for each in everyone if each.phase is Phase.ERROR and _exit_code(each) is None]
        if broken:
            return Phase.ERROR, broken[0].message
        culprit = min(failed, key=_blame, default=None)
        if culprit is not None:
            is_init = any(part.name == culprit.key and part.role is Role.INIT for part in self.plan.parts)
            if is_init and _exit_code(culprit) in _ENDED:
                first = self.of(Role.MAIN)[0].key
                return Phase.ERROR, f"Pod failed before {first} container starts due to PodInitializing: "
            return Phase.FAILED, culprit.message.removesuffix(": ")
        for each in self.of(Role.MAIN, Role.WAIT):
            if each.message:
                return Phase.ERROR, each.message  # it ended well, but an output could not be kept
        for each in self.of(Role.SIDECAR):
            if each.phase.is_bad and _exit_code(each) not in _ENDED:
                return Phase.FAILED, each.message
        return Phase.SUCCEEDED, ""


def _exit_code(node: Node) -> int | None:
    return node.outputs.exit_code if node.outputs is not None else None


def _blame(node: Node) -> tuple[bool, float]:
    """Return what puts containers that failed by themselves first, the earliest of them before the others."""
    state = node.container or ContainerState()
    return (state.is_cancelled or not state.is_asked, node.finished_at or 0.0)


# What the executor says of one container -------------------------------------------------------------------


def started(turn: Turn, node: Node, event: TaskStarted) -> None:
    """Believe the executor that the container's command runs."""
    if node.phase is not Phase.PENDING or node.container is None:
        return
    pod = turn.node(node.parent)
    template = template_of(turn, pod).template
    ready = not (template.daemon and is_probed(container_of(template, node.key)))
    turn.put(replace(node, phase=Phase.RUNNING, container=replace(node.container, is_ready=ready)))
    if node.container.is_cancelled:  # its end was asked for before it was known to have begun
        turn.ask(CancelTask(node=node.number, attempt_id=attempt(turn, node)))
    _note(turn, pod, event.notes)
    turn.assess(pod.number)


def ready(turn: Turn, node: Node, _event: TaskReady) -> None:
    """Believe the runtime that the container can be used."""
    if node.phase is Phase.RUNNING and node.container is not None and not node.container.is_ready:
        turn.put(replace(node, container=replace(node.container, is_ready=True)))
        turn.assess(node.parent)


def ended(turn: Turn, node: Node, event: TaskEnded) -> None:
    """Take in a container's end: settle its node, or have it run again in its pod."""
    if node.phase.is_fulfilled or node.container is None:
        return
    pod = turn.node(node.parent)
    _note(turn, pod, event.notes)
    template = template_of(turn, pod).template
    phase, message, outputs = _judged(template, node, event)
    if phase.is_bad and _runs_again(turn, template, node, event):
        return
    if event.problem is TaskProblem.EVICTED:
        node = turn.put(replace(node, container=replace(node.container, is_evicted=True)))
    turn.settle(node, phase, message, outputs)


def _note(turn: Turn, pod: Node, notes: tuple[str, ...]) -> None:
    both = tuple(dict.fromkeys((*pod.notes, *notes)))
    if both != pod.notes:
        turn.put(replace(pod, notes=both))


def _judged(template: Template, node: Node, event: TaskEnded) -> tuple[Phase, str, NodeOutputs | None]:
    verdict = judge(template, event, node.key)
    code = event.exit_code
    if event.problem is TaskProblem.CANCELLED:
        code = _SIGTERM if code is None else code
        outputs = replace(verdict.outputs or NodeOutputs(), exit_code=code)
        is_told = code and not (node.is_hidden and code in _ENDED)  # a sidecar that was ended is no failure
        message = f"{node.key}: Error (exit code {code}): " if is_told else ""
        return (Phase.FAILED if code else Phase.SUCCEEDED), message, outputs
    if code == 0 and event.problem in {TaskProblem.NONE, TaskProblem.COLLECTION}:
        return Phase.SUCCEEDED, verdict.message, verdict.outputs
    is_shown = node.container is not None and not node.container.is_hidden
    if is_shown and code is not None and event.problem is TaskProblem.NONE:
        message = verdict.message if event.message else f"{verdict.message}: "
        return (Phase.ERROR if code == _NOT_RUN else Phase.FAILED), message, verdict.outputs
    return verdict.phase, verdict.message, verdict.outputs


def _runs_again(turn: Turn, template: Template, node: Node, event: TaskEnded) -> bool:
    """Have a container of a set run again, if it may; return whether it does."""
    state = node.container or ContainerState()
    if state.is_hidden or state.is_cancelled:
        return False
    if event.problem not in {TaskProblem.NONE, TaskProblem.NOT_STARTED}:
        return False
    try:
        tries, seconds = tries_of(template)
    except PinnaceError:
        return False  # whose start says so
    if state.restarts + 1 >= tries:
        return False
    again = ContainerState(restarts=state.restarts + 1)
    wake_at = turn.now + seconds if seconds else None
    turn.put(replace(node, phase=Phase.PENDING, wake_at=wake_at, container=again))
    turn.assess(node.parent)
    return True
