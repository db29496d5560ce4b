"""What ends a run before its work is done: a shutdown, or its time."""

from __future__ import annotations

from pinnace.engine.node import Node
from pinnace.engine.run import Shutdown
from pinnace.engine.turn import Turn

STEP_DEADLINE = "Step exceeded its deadline"


def may_run(shutdown: Shutdown, node: Node) -> bool:
    """Return whether the node may run in spite of the shutdown. Source: Argo ShouldExecute."""
    if shutdown is Shutdown.NONE:
        return True
    return shutdown is Shutdown.STOP and node.is_exit


def shutdown_message(shutdown: Shutdown) -> str:
    """Return what a pod that the shutdown ended says; the two blanks are Argo's."""
    return f"workflow shutdown with strategy:  {shutdown.value}"


def stopped_message(shutdown: Shutdown) -> str:
    """Return what is said of the run, and of a node without a pod, that the shutdown ended."""
    return f"Stopped with strategy '{shutdown.value}'"


def workflow_deadline(turn: Turn) -> float | None:
    """Return the Unix seconds at which the workflow's time is over, or None."""
    seconds = turn.run.workflow.spec.active_deadline_seconds
    started = turn.state.started_at
    return None if seconds is None or started is None else float(int(started) + seconds)
