"""What pods, requests and suspensions share: being let in, being prepared, being timed out."""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import ManifestError
from pinnace.base.ids import NodeNumber
from pinnace.base.quantities import parse_duration
from pinnace.engine.artifacts import archive_location
from pinnace.engine.calling import body_scope
from pinnace.engine.commands import CancelTask
from pinnace.engine.gates import FAIL_FAST, admit
from pinnace.engine.locking import TIMEOUT, kept_out
from pinnace.engine.memo import ask, is_asking
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import Node, NodeInputs, NodeType, Phase
from pinnace.engine.progress import initial_progress
from pinnace.engine.retry import go_seconds
from pinnace.engine.substitute import fill
from pinnace.engine.templateplan import TemplatePlan
from pinnace.engine.turn import Turn
from pinnace.engine.volumes import workflow_volumes
from pinnace.language.tags import substitute
from pinnace.spec.locate import with_plain_path
from pinnace.spec.parameters import Artifact, Inputs, Parameter
from pinnace.spec.podpatch import patched
from pinnace.spec.templates import Template

_GROUPS = frozenset({NodeType.STEP_GROUP, NodeType.TASK_GROUP})


def let_in(turn: Turn, node: Node, phase: Phase) -> Node | None:
    """Return the node in ``phase`` if it may start now, else None.

    A memoized one is let in and asks its cache first; it is assessed again when the answer has come. One that
    a retry opened again is let in anew, and what it holds is kept out until then.
    """
    is_kept_out = _is_kept_out(turn, node.boundary) or (node.is_attempt and _is_kept_out(turn, node.parent))
    if is_kept_out or not admit(turn, node):
        kept_out(turn, node)
        refused = turn.node(node.number)
        if refused.phase.is_fulfilled and not node.type.is_leaf:
            end_below(turn, node, refused.message)  # what a retry opened again with it
        return None
    if not node.type.is_leaf:
        _look_below(turn, node)
    since = turn.now if node.locks is None else node.locks.since
    admitted = turn.put(replace(turn.node(node.number), phase=phase, started_at=since))
    if is_asking(admitted):
        ask(turn, admitted)
        return None
    return admitted


def _is_kept_out(turn: Turn, above: NodeNumber) -> bool:
    """Return whether what holds a node is over, or not let in itself."""
    if above < 0:
        return False
    phase = turn.node(above).phase
    return phase.is_fulfilled or phase is Phase.WAITING


def _look_below(turn: Turn, node: Node) -> None:
    """Have what ``node`` kept out assessed."""
    stack = list(turn.children(node.number))
    while stack:
        child = turn.node(stack.pop())
        if child.phase is Phase.WAITING:
            turn.assess(child.number)
        elif child.phase is Phase.RUNNING:
            stack += turn.children(child.number)


def prepared(turn: Turn, node: Node, plan: TemplatePlan) -> Template:
    """Return the node's template with every tag replaced and its inputs bound.

    Args:
        turn: the turn.
        node: the node.
        plan: what ``template_of`` it is.

    Raises:
        PinnaceError: a tag cannot be replaced.
    """
    scope = body_scope(turn, node, plan.template, retry_variables(turn, node, plan))
    filled = fill(turn.run.memo, plan.body, scope)
    bound = node.inputs or NodeInputs()
    parameters = tuple([Parameter(name=name, value=value) for name, value in bound.parameters.items()])
    inputs = Inputs(parameters=parameters, artifacts=_with_plain_paths("inputs", plan, bound.artifacts))
    if filled.outputs.artifacts:
        saved = _with_plain_paths("outputs", plan, filled.outputs.artifacts)
        filled = replace(filled, outputs=replace(filled.outputs, artifacts=saved))
    if plan.is_patched:
        of_workflow = substitute(turn.run.workflow.spec.pod_spec_patch, scope)
        filled = patched(filled, (of_workflow, filled.pod_spec_patch))
    if plan.has_tagged_volumes:
        filled = replace(filled, volumes=(*workflow_volumes(turn, node, scope), *filled.volumes))
    if not plan.uses_repository and turn.run.info.repository is None:
        return replace(filled, inputs=inputs)
    location = archive_location(turn.run, filled, scope)
    return replace(filled, inputs=inputs, archive_location=location)


def _with_plain_paths(kind: str, plan: TemplatePlan, artifacts: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """Return the artifacts as a pod's task loads or saves them.

    Differs from Argo: an output whose path climbs is an error before the task runs, not after it.
    """
    if not artifacts or plan.body_type is not NodeType.POD:
        return artifacts
    found = []
    for artifact in artifacts:
        try:
            found.append(with_plain_path(artifact))
        except ManifestError as error:
            message = f"error in {kind}.artifacts.{artifact.name}: {error.message}"
            raise ManifestError(message, remedy=error.remedy) from None
    return tuple(found)


def retry_variables(turn: Turn, node: Node, plan: TemplatePlan) -> dict[str, object]:
    """Return ``retries`` and ``lastRetry.*`` of an attempt; nothing for a node that is none.

    Source: Argo operator.go executeTemplate; the first attempt sees "0" and empty texts.
    """
    if not node.is_attempt or plan.retry_strategy is None:
        return {}
    number = int(node.key[1:-1])
    found: dict[str, object] = {
        "retries": str(number),
        "lastRetry.exitCode": "0",
        "lastRetry.status": "",
        "lastRetry.duration": "0",
        "lastRetry.message": "",
    }
    last = turn.find(node.parent, f"({number - 1})") if number else None
    if last is not None:
        code = last.outputs.exit_code if last.outputs is not None else None
        found |= {
            "lastRetry.exitCode": "0" if code is None else str(code),
            "lastRetry.status": last.phase.value,
            "lastRetry.duration": go_seconds((last.finished_at or 0.0) - (last.started_at or 0.0)),
            "lastRetry.message": last.message,
        }
    return found


def with_progress(turn: Turn, pod: Node, template: Template) -> Node:
    """Return the pod that is started as ``template``, prepared, says, as far as that says it is."""
    said = "" if pod.progress else initial_progress(template)
    return turn.put(replace(pod, progress=said)) if said else pod


def attempt(turn: Turn, node: Node) -> str:
    """Return the id under which the node's work is started."""
    return attempt_id(turn.run.info.uid, node)


def limits(template: Template, node: Node) -> tuple[float | None, float | None]:
    """Return when a node's time is over: while it is Pending, and altogether (Unix seconds).

    Source: Argo operator.go checkTemplateTimeouts.
    """
    if not template.timeout and not template.pending_timeout:
        return None, None
    started = node.started_at or 0.0
    whole = started + parse_duration(template.timeout) if template.timeout else None
    pending = started + parse_duration(template.pending_timeout) if template.pending_timeout else None
    both = [each for each in (whole, pending) if each is not None]
    return (min(both) if both else None), whole


def timed_out(turn: Turn, node: Node) -> bool:
    """Return whether the node's alarm was its timeout, in which case it is ended now."""
    if node.wake_at is None or node.wake_at > turn.now:
        return False
    end(turn, node, TIMEOUT)
    if not node.is_attempt:
        turn.put(replace(turn.node(node.number), is_call_error=True))
    return True


def end(turn: Turn, node: Node, message: str, phase: Phase = Phase.FAILED) -> None:
    """End a leaf that the run does not want any more, and what it runs."""
    containers = [turn.node(number) for number in turn.children(node.number)]
    for each in containers:
        if each.container is not None and each.container.is_asked and each.phase.is_active:
            turn.ask(CancelTask(node=each.number, attempt_id=attempt(turn, each)))
        turn.settle(each, phase, message)
    if node.type is not NodeType.SUSPEND and node.phase.is_active and not containers:
        turn.ask(CancelTask(node=node.number, attempt_id=attempt(turn, node)))
    turn.settle(node, phase, message)


def end_daemons(turn: Turn, node: Node) -> None:
    """End the daemons that a steps or dag node called: it is over, and so they have done their work.

    Source: Argo exec_control.go killDaemonedChildren.
    """
    stack = list(turn.children(node.number))
    while stack:
        child = turn.node(stack.pop())
        if child.boundary == node.number and child.daemoned:
            end_well(turn, child)
        elif child.type in _GROUPS:
            stack += turn.children(child.number)


def end_well(turn: Turn, node: Node) -> None:
    """End a daemon at work, or the Retry node of one: it has done its work."""
    if node.type is NodeType.POD:
        end(turn, node, "", Phase.SUCCEEDED)
        return
    for number in turn.children(node.number):  # the attempts of a Retry node
        attempted = turn.node(number)
        if attempted.phase.is_active:
            end_well(turn, attempted)
    turn.settle(node, Phase.SUCCEEDED)


def fails_fast(turn: Turn, node: Node, template: Template) -> bool:
    """Return whether a steps or dag node fails because a child did; if so, it and all below it is ended now.

    Source: Argo operator.go checkParallelism. Differs from Argo: nothing below it is left running.
    """
    tally = turn.tally(node.number)
    if not template.fail_fast or not tally.bad or tally.active > tally.serving:
        return False
    turn.settle(node, Phase.FAILED, FAIL_FAST)
    end_below(turn, node, FAIL_FAST)
    return True


def end_below(turn: Turn, node: Node, message: str) -> None:
    """End everything below ``node`` that is open: what was let in, and what waits for locks."""
    stack = list(turn.children(node.number))
    while stack:
        child = turn.node(stack.pop())
        stack += turn.children(child.number)
        if child.type.is_leaf and child.phase.is_active:
            end(turn, child, message)
        elif child.phase.is_active or (child.phase is Phase.WAITING and child.locks is not None):
            turn.settle(child, Phase.FAILED, message)
