"""Whether anybody refers to a call's standard output: only then is it kept.

Source: Argo operator.go hasOutputResultRef.
"""

from __future__ import annotations

from pinnace.engine.calling import template_of
from pinnace.engine.node import Node
from pinnace.engine.turn import Turn


def is_result_wanted(turn: Turn, node: Node) -> bool:
    """Return whether the template that called the node mentions the call's ``outputs.result``."""
    if node.boundary < 0:
        return False
    caller = template_of(turn, turn.node(node.boundary))
    owner = turn.node(node.parent) if node.is_attempt else node
    return owner.key in caller.results
