"""What became of the tasks of a run whose driver went away: the decisions, without the asking.

Called by the driver when it takes over a run, and by the simulation. The order is: ``open_tasks`` tells which
attempts still matter; the executor tells what it knows of them; ``lost_tasks`` ends those that ran and that
nobody knows any more; ``advance.reassess`` asks again for what was never started.
"""

from __future__ import annotations

from collections.abc import Collection

from pinnace.engine.calling import template_of
from pinnace.engine.commands import StartTask
from pinnace.engine.events import TaskEnded, TaskProblem
from pinnace.engine.leaf import attempt
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.engine.tasks import start_command
from pinnace.engine.turn import Turn


def open_tasks(run: Run, now: float) -> list[StartTask]:
    """Return the commands that started, or were to start, what is still open.

    A node whose template cannot be prepared any more has none: ``reassess`` or ``lost_tasks`` ends it.
    """
    turn = Turn(run, now)
    nodes = (run.nodes[number] for number in sorted(run.nodes))
    active = (node for node in nodes if node.phase.is_active and _is_task(turn, node))
    return [command for node in active if (command := start_command(turn, node)) is not None]


def lost_tasks(run: Run, known: Collection[str], now: float) -> list[TaskEnded]:
    """Return the ends of attempts that ran, and that are not among the ``known`` attempt ids."""
    turn = Turn(run, now)
    nodes = (run.nodes[number] for number in sorted(run.nodes))
    return [
        TaskEnded(node=node.number, attempt_id=attempt_id, at=now, problem=problem)
        for node in nodes
        if (problem := _problem(turn, node)) and (attempt_id := attempt(turn, node)) not in known
    ]


def _is_task(turn: Turn, node: Node) -> bool:
    """Return whether the executor may run the node: of what is a pod, this process does some itself."""
    if node.type is NodeType.POD:
        return template_of(turn, node).work is None
    return node.type is NodeType.CONTAINER


def _problem(turn: Turn, node: Node) -> TaskProblem:
    """Return what has become of the node's task if nobody knows it, NONE if that may be asked for again."""
    if node.phase.is_fulfilled or not _is_task(turn, node) or turn.children(node.number):
        return TaskProblem.NONE
    if node.phase is Phase.RUNNING:
        return TaskProblem.LOST
    if node.phase is Phase.PENDING and node.container is not None and node.container.is_cancelled:
        return TaskProblem.CANCELLED  # its start was never handed over, and is not wanted any more
    return TaskProblem.NONE
