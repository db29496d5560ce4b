"""One container of a pod that has several. What is due is decided for the pod as a whole."""

from __future__ import annotations

from pinnace.engine.node import Node
from pinnace.engine.turn import Turn


def assess(turn: Turn, node: Node) -> None:
    """Have its pod assessed, unless that is assessed by itself because everything is."""
    if not turn.is_fresh:
        turn.assess(node.parent)
