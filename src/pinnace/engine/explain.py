"""Why a node is as it is: what called it, what it waits for, why it was not run, tried again, or failed.

Pure, over the nodes as they stand and the spec; only for people: nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from pinnace.base.errors import PinnaceError
from pinnace.base.quantities import format_duration
from pinnace.engine.calling import template_of
from pinnace.engine.gates import GATES
from pinnace.engine.index import SUSPENSION, WORKFLOW
from pinnace.engine.naming import node_id
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.origins import Origin, call_of, origins
from pinnace.engine.times import rfc3339
from pinnace.engine.turn import Turn
from pinnace.engine.verdicts import Ask, Never, Wait
from pinnace.language.depends import parse_depends
from pinnace.spec.templates import Call, DAGTask

#: What a node that was called and not let in is said to be; it has no phase in Argo.
_WAITING = "Waiting"
#: So many children are named; of the others the number is told.
_NAMED = 10


class Explanation(Struct, frozen=True, kw_only=True):
    """What there is to say of a node."""

    id: str
    name: str
    type: str
    phase: str
    """``Waiting`` for a node that was called and not let in."""
    message: str = ""
    why: tuple[str, ...] = ()
    """Sentences, the nearest reason first."""
    inputs: tuple[Origin, ...] = ()
    notes: tuple[str, ...] = ()
    """What of the manifest was not honoured."""


def explain(turn: Turn, node: Node) -> Explanation:
    """Return why ``node`` is as it is at the time of ``turn``."""
    return Explanation(
        id=node_id(turn.run.info.name, node.name),
        name=node.name,
        type=node.type.value,
        phase=node.phase.value or _WAITING,
        message=node.message,
        why=tuple(_reasons(turn, node)),
        inputs=tuple(origins(turn, node)),
        notes=node.notes,
    )


def not_called(turn: Turn, name: str) -> list[tuple[str, str]]:
    """Return the steps and tasks ``name`` that have no node yet: what each would be called, and why."""
    found = []
    for node in turn.run.nodes.values():
        if node.phase.is_fulfilled or node.type not in {NodeType.STEPS, NodeType.DAG}:
            continue
        try:
            template = template_of(turn, node).template
        except PinnaceError:
            continue
        for task in template.dag.tasks if template.dag is not None else ():
            full = f"{node.name}.{task.name}"
            if name in {task.name, full} and turn.find(node.number, task.name) is None:
                found.append((full, _waits_for(turn, node, task)))
        made = len(turn.children(node.number))
        for place, group in enumerate(template.steps or ()):
            for step in group:
                full = f"{node.name}[{place}].{step.name}"
                if place >= made and name in {step.name, full}:
                    found.append((full, f"waits for group [{place - 1}] of {node.name}"))
    return found


def _reasons(turn: Turn, node: Node) -> Iterator[str]:
    if node.phase is Phase.WAITING:
        yield from _waiting(turn, node)
    elif node.phase in {Phase.SKIPPED, Phase.OMITTED}:
        yield from _not_run(turn, node)
    elif node.phase.is_active:
        yield from _at_work(turn, node)
    elif node.phase.is_bad:
        yield from _failed(turn, node)
    if node.memo is not None and node.is_cached:
        yield f"its outputs are those that the cache {node.memo.cache} has for {node.memo.key}"
    if node.type is NodeType.RETRY:
        yield from _attempts(turn, node)
    yield from _called_by(turn, node)


# Not let in, not run ---------------------------------------------------------------------------------------


def _waiting(turn: Turn, node: Node) -> Iterator[str]:
    above = [number for number in (node.boundary, node.parent) if number >= 0]
    for number in above:
        if turn.node(number).phase is Phase.WAITING:
            yield f"{turn.node(number).name} was not let in itself"
            return
    for gate in GATES:
        verdict = gate(turn, node)
        if isinstance(verdict, Wait):
            yield _limit(turn, verdict)
            return
        if isinstance(verdict, Ask):
            yield "it waits for its locks"
            return
        if isinstance(verdict, Never):
            caller = turn.node(node.boundary).name
            yield f"nothing new starts below {caller}: a child of it failed, and it fails fast"
            return
    yield "it was called and is let in at the next turn"


def _limit(turn: Turn, verdict: Wait) -> str:
    name = turn.run.info.name
    if verdict.limiter == SUSPENSION:
        return f"the workflow is suspended; `pinnace resume {name}` lets it go on"
    if verdict.limiter == WORKFLOW:
        limit = turn.run.workflow.spec.parallelism
        return f"{turn.active_pods} pods are at work, and the workflow's parallelism is {limit}"
    caller = turn.node(verdict.limiter)
    limit = template_of(turn, caller).template.parallelism
    active = turn.tally(caller.number).active
    return f"{active} of what {caller.name} called are at work, and its template's parallelism is {limit}"


def _not_run(turn: Turn, node: Node) -> Iterator[str]:
    call = call_of(turn, node)
    if not isinstance(call, Call):
        return
    if node.phase is Phase.SKIPPED and call.when:
        yield f"its condition is {call.when}"
    elif node.phase is Phase.SKIPPED and call.is_loop:
        yield f"its loop is over nothing: {call.with_param or 'there are no items'}"
    if node.phase is Phase.OMITTED and isinstance(call, DAGTask):
        yield f"it {_depends(turn, turn.node(node.boundary), call)}"


def _waits_for(turn: Turn, dag: Node, task: DAGTask) -> str:
    return f"waits: it {_depends(turn, dag, task)}"


def _depends(turn: Turn, dag: Node, task: DAGTask) -> str:
    """Return what a task depends on, and how that stands."""
    written = task.depends or " && ".join(task.dependencies)
    named = set(parse_depends(task.depends).tasks if task.depends else task.dependencies)
    standing = []
    whole = template_of(turn, dag).template.dag
    for other in whole.tasks if whole is not None else ():
        if other.name in named:
            found = turn.find(dag.number, other.name)
            standing.append(f"{other.name} is {found.phase.value if found is not None else 'not called yet'}")
    return f"depends on {written}; {', '.join(standing)}" if standing else f"depends on {written}"


# At work, failed -------------------------------------------------------------------------------------------


def _at_work(turn: Turn, node: Node) -> Iterator[str]:
    if node.type is NodeType.SUSPEND:
        if node.wake_at is None:
            yield f"it waits for somebody; `pinnace resume {turn.run.info.name}` lets it go on"
        else:
            yield f"it waits until {rfc3339(node.wake_at)}"
        return
    if node.type is NodeType.RETRY and node.wake_at is not None and node.wake_at > turn.now:
        yield f"the next attempt is at {rfc3339(node.wake_at)}"
    if node.phase is Phase.PENDING and node.type.is_leaf:
        yield "it was asked for, and has not begun"
        return
    open_ = [each for each in _children(turn, node) if not each.phase.is_fulfilled]
    if open_:
        yield f"it waits for {_named([f'{each.name} ({each.phase.value or _WAITING})' for each in open_])}"
    elif node.type.is_leaf and node.started_at is not None:
        yield f"it has been at work for {format_duration(turn.now - node.started_at)}"


def _failed(turn: Turn, node: Node) -> Iterator[str]:
    if node.type is NodeType.SKIPPED:
        yield "it could not be called"
    elif node.is_call_error:
        yield "what went wrong is its call, not what was called"
    if node.is_call_error and node.parent >= 0 and turn.node(node.parent).type is NodeType.STEP_GROUP:
        yield f"{turn.node(node.parent).name} ends with it: no continueOn forgives an error of a call"
    if node.type is NodeType.POD and node.outputs is not None and node.outputs.exit_code:
        yield (
            f"its command ended with exit code {node.outputs.exit_code}; "
            f"`pinnace logs {turn.run.info.name} {node.name}` shows what it said"
        )
    bad = [each for each in _children(turn, node) if each.phase.is_bad]
    if bad and node.type is not NodeType.RETRY:
        yield f"of what it called, {_named([f'{each.name} {_ended_as(each)}' for each in bad])}"


def _attempts(turn: Turn, node: Node) -> Iterator[str]:
    """Yield how each attempt ended, and what decides about another."""
    strategy = template_of(turn, node).retry_strategy
    if strategy is not None:
        limit = "without limit" if strategy.limit is None else f"at most {strategy.limit} times"
        policy = strategy.retry_policy or ("Always" if strategy.expression else "OnFailure")
        condition = f", if {strategy.expression}" if strategy.expression else ""
        yield f"it is tried again {limit}, {policy}{condition}"
    tried = [each for each in _children(turn, node) if each.is_attempt]
    for each in tried[-_NAMED:]:
        yield f"attempt {each.key[1:-1]} {_ended_as(each)}"


def _ended_as(node: Node) -> str:
    phase = node.phase.value or _WAITING
    return f"is {phase}: {node.message}" if node.message else f"is {phase}"


def _children(turn: Turn, node: Node) -> list[Node]:
    return [turn.node(number) for number in turn.children(node.number)]


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _called_by(turn: Turn, node: Node) -> Iterator[str]:
    if node.hook_of >= 0:
        yield f"it is a hook of {turn.node(node.hook_of).name}"
    elif node.boundary >= 0 and node.template:
        yield f"{turn.node(node.boundary).name} called it, with the template {node.template}"
