"""The commands that start what a pod runs. The same node always has the same command."""

from __future__ import annotations

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.calling import template_of
from pinnace.engine.commands import StartTask
from pinnace.engine.containers import MAIN
from pinnace.engine.leaf import attempt, limits, prepared
from pinnace.engine.node import Node
from pinnace.engine.results import is_result_wanted
from pinnace.engine.turn import Turn
from pinnace.spec.templates import Template


def pod_command(turn: Turn, node: Node, template: Template) -> StartTask:
    """Return what starts a pod of one container.

    Args:
        turn: the turn.
        node: the pod's.
        template: its own, prepared.

    Raises:
        ManifestError: a limit is not a number.
    """
    _, whole = limits(template, node)
    deadlines = [each for each in (whole, node.deadline) if each is not None]
    active = template.active_deadline_seconds
    return StartTask(
        node=node.number,
        attempt_id=attempt(turn, node),
        node_name=node.name,
        template=template,
        want_result=is_result_wanted(turn, node),
        deadline=min(deadlines) if deadlines else None,
        timeout=_seconds(active) if active and whole is None else None,
        is_exit=node.is_exit,
    )


def container_command(turn: Turn, pod: Node, node: Node, template: Template) -> StartTask:
    """Return what starts one container of a pod that has several; a limit of the pod's is one of each.

    Args:
        turn: the turn.
        pod: the pod's node.
        node: the container's.
        template: the pod's, prepared.

    Raises:
        ManifestError: a limit is not a number.
    """
    return StartTask(
        node=node.number,
        attempt_id=attempt(turn, node),
        node_name=pod.name,
        template=template,
        container=node.key,
        pod_attempt_id=attempt(turn, pod),
        want_result=node.key == MAIN and is_result_wanted(turn, pod),
        deadline=pod_deadline(template, pod),
        is_exit=pod.is_exit,
    )


def pod_deadline(template: Template, pod: Node) -> float | None:
    """Return when a pod that runs since its node began is over (Unix seconds), None if time does not end it.

    Raises:
        ManifestError: a limit is not a number.
    """
    _, whole = limits(template, pod)
    active = template.active_deadline_seconds
    if active and whole is None:
        whole = (pod.started_at or 0.0) + _seconds(active)
    return min((each for each in (whole, pod.deadline) if each is not None), default=None)


def start_command(turn: Turn, node: Node) -> StartTask | None:
    """Return the command that started a pod or a container of one; None when there was none.

    There is none for a pod of several containers itself, for a container that was not asked to start, and for
    a template that cannot be prepared any more.
    """
    try:
        pod = node if node.container is None else turn.node(node.parent)
        plan = template_of(turn, pod)
        if node.container is None:
            return pod_command(turn, pod, prepared(turn, pod, plan)) if not plan.parts else None
        if not node.container.is_asked:
            return None
        return container_command(turn, pod, node, prepared(turn, pod, plan))
    except PinnaceError:
        return None


def _seconds(text: str) -> float:
    try:
        return float(int(text))
    except (ValueError, OverflowError):
        message = f"activeDeadlineSeconds is {text!r}, not a whole number"
        raise ManifestError(message) from None
