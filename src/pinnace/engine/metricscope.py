"""What the metrics of a node can name beside the names that its template sees.

Source: Argo steps.go prepareMetricScope.
"""

from __future__ import annotations

from pinnace.engine.node import Node, NodeType
from pinnace.engine.resources import duration_of_pod
from pinnace.engine.turn import Turn


def node_variables(turn: Turn, node: Node) -> dict[str, object]:
    """Return status, duration, retries, resources, exit code, inputs and outputs of a node."""
    ended = turn.now if node.finished_at is None else node.finished_at
    started = node.started_at if node.started_at is not None else ended
    found: dict[str, object] = {
        "status": node.phase.value,
        "duration": f"{ended - started:.6f}",
        "retries": str(_retries(turn, node)),
        "resourcesDuration.cpu": "0",
        "resourcesDuration.memory": "0",
    }
    for name, seconds in duration_of_pod(turn, node).items():
        found[f"resourcesDuration.{name}"] = str(seconds)
    if node.inputs is not None:
        found |= {f"inputs.parameters.{name}": value for name, value in node.inputs.parameters.items()}
    outputs = node.outputs
    if outputs is not None:
        found |= {f"outputs.parameters.{name}": value for name, value in outputs.parameters.items()}
        if outputs.result is not None:
            found["outputs.result"] = outputs.result
        if outputs.exit_code is not None:
            found["exitCode"] = str(outputs.exit_code)
    return found


def _retries(turn: Turn, node: Node) -> int:
    """Return how many attempts there were before the one that is measured."""
    if node.is_attempt:
        return int(node.key[1:-1])
    if node.type is not NodeType.RETRY:
        return 0
    return max(0, sum(turn.node(number).is_attempt for number in turn.children(node.number)) - 1)
