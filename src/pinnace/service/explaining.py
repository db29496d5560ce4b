"""Which steps of a run a user asks about, and what there is to say of them."""

from __future__ import annotations

import difflib

from pinnace.base.errors import NotFoundError
from pinnace.engine.explain import Explanation, explain, not_called
from pinnace.engine.naming import display_name, node_id, pod_name
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn


def explanations(run: Run, text: str, now: float) -> list[Explanation]:
    """Return what there is to say at ``now`` of each step that ``text`` means: a name or an id.

    Raises:
        NotFoundError: the run has no such step, nor will it have one as far as can be told.
    """
    turn = Turn(run, now)
    known = {node.number: _names(run, node) for node in run.nodes.values() if not node.is_hidden}
    exact = [number for number, names in known.items() if text == run.nodes[number].name]
    found = exact or [number for number, names in known.items() if text in names]
    if found:
        return [explain(turn, run.nodes[number]) for number in found]
    coming = not_called(turn, text)
    if coming:
        return [
            Explanation(id="", name=name, type="", phase="Waiting", why=(reason,)) for name, reason in coming
        ]
    every = dict.fromkeys(name for names in known.values() for name in names)
    close = difflib.get_close_matches(text, every, n=3)
    message = f"{run.info.name} has no step {text!r}"
    remedy = f"Did you mean {', '.join(close)}?" if close else f"`pinnace get {run.info.name}` shows them."
    raise NotFoundError(message, remedy=remedy)


def _names(run: Run, node: Node) -> tuple[str, ...]:
    boundary = run.nodes[node.boundary].name if node.boundary >= 0 else ""
    return (
        node.name,
        display_name(node, boundary),
        node_id(run.info.name, node.name),
        pod_name(run.info.name, node.name, node.template),
    )
