"""A template with a retry strategy: its attempts are children, one at a time.

Source: Argo operator.go executeTemplate and processNodeRetries; the decision itself is ``engine.retry``.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.engine.calling import body_scope, fail_call, template_of
from pinnace.engine.leaf import let_in
from pinnace.engine.limits import workflow_deadline
from pinnace.engine.node import Node, NodeOutputs, NodeType, Phase
from pinnace.engine.retry import Attempt, GiveUp, TryAgain, decide, policy_of
from pinnace.engine.reuse import unless_reused
from pinnace.engine.substitute import fill
from pinnace.engine.turn import Turn
from pinnace.spec.policies import RetryStrategy


def assess(turn: Turn, node: Node) -> None:
    """Start the first attempt; when one has ended, end with it or decide about the next."""
    if turn.news.pop(node.number, None):
        turn.tell(node.parent, node.number)  # hooks see the last attempt
    if node.phase is Phase.WAITING:
        admitted = let_in(turn, node, Phase.RUNNING)
        if admitted is None:
            return
        node = admitted
    attempts = turn.children(node.number)
    if not attempts:
        _start(turn, node, 0, None)
        return
    last = turn.node(attempts[-1])
    if not last.phase.is_fulfilled:
        if last.daemoned and not node.daemoned:
            turn.put(replace(node, daemoned=True, pod_ip=last.pod_ip))
        return
    if not last.phase.is_bad:
        turn.settle(node, Phase.SUCCEEDED, "", last.outputs)
        return
    try:
        decision = _decide(turn, node, last, len(attempts))
    except PinnaceError as error:
        fail_call(turn, node, error.message)
        return
    if isinstance(decision, GiveUp):
        _give_up(turn, node, last, decision)
    elif decision.at > turn.now:
        if node.wake_at != decision.at:
            turn.put(replace(node, wake_at=decision.at, message=decision.message))
    else:
        _start(turn, turn.put(replace(node, wake_at=None, message="")), len(attempts), decision)


def _give_up(turn: Turn, node: Node, last: Node, decision: GiveUp) -> None:
    """End as the last attempt did; one that could not be begun and is not retried is an error of the call."""
    policy = policy_of(template_of(turn, node).retry_strategy or RetryStrategy())
    if last.is_call_error and policy == "OnFailure":
        fail_call(turn, node, last.message)
    else:
        turn.settle(node, last.phase, decision.message, last.outputs)


def _decide(turn: Turn, node: Node, last: Node, attempts: int) -> TryAgain | GiveUp:
    plan = template_of(turn, node)
    declared = plan.retry_strategy or RetryStrategy()
    first = turn.node(turn.children(node.number)[0])
    outputs = last.outputs or NodeOutputs()
    return decide(
        fill(turn.run.memo, declared, body_scope(turn, node, plan.template)),
        attempts,
        Attempt(last.phase, last.message, last.started_at or 0.0, last.finished_at or 0.0, outputs.exit_code),
        first.started_at or 0.0,
        turn.now,
        shutdown=turn.state.shutdown,
        workflow_deadline=None if node.is_exit else workflow_deadline(turn),
        transient_pattern=turn.run.info.transient_pattern,
    )


def _start(turn: Turn, node: Node, number: int, decision: TryAgain | None) -> None:
    made = Node(
        turn.number(),
        f"{node.name}({number})",
        template_of(turn, node).body_type or NodeType.SKIPPED,
        Phase.WAITING,
        key=f"({number})",
        parent=node.number,
        boundary=node.boundary,
        depth=node.depth,
        template=node.template,
        template_ref=node.template_ref,
        inline=node.inline,
        scope=node.scope,
        inputs=node.inputs,
        deadline=decision.deadline if decision is not None else None,
        is_watched=node.is_watched,
        is_attempt=True,
        is_hook=node.is_hook,
        is_exit=node.is_exit,
        generation=turn.state.generation,
    )
    made = turn.put(unless_reused(turn, made, template_of(turn, node)))
    if made.phase.is_fulfilled:
        return
    turn.assess_next(made.number)  # so that it takes the place that the Retry node was let in for
