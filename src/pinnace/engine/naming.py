"""Names and ids of nodes, as Argo makes them."""

from __future__ import annotations

from functools import lru_cache

from pinnace.engine.node import Node, NodeType, Phase

#: A pod name's readable part is cut to this. Source: Argo workflow/util/pod_name.go.
_LONGEST_PREFIX = 242


@lru_cache(maxsize=1)
def fnv32a(text: str) -> int:
    """Return the 32-bit FNV-1a hash of the text's UTF-8 bytes.

    The last one is kept: a node's id and the name of its pod, both of its name, are asked for together.
    """
    value = 0x811C9DC5
    for byte in text.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def node_id(run_name: str, node_name: str) -> str:
    """Return Argo's id of a node: the run's name for the entry node, else with a hash of the node's name."""
    return run_name if node_name == run_name else f"{run_name}-{fnv32a(node_name)}"


def pod_name(run_name: str, node_name: str, template: str) -> str:
    """Return the name that the node's pod would have. Source: Argo pod_name.go, version 2."""
    if node_name == run_name:
        return run_name
    prefix = f"{run_name}-{template}" if template else run_name
    return f"{prefix[:_LONGEST_PREFIX]}-{fnv32a(node_name)}"


def display_name(node: Node, boundary_name: str) -> str:
    """Return what people see: the name without its boundary's. Source: Argo operator.go initializeNode."""
    if node.display_name:
        return node.display_name
    if node.type is NodeType.STEP_GROUP:
        return node.key
    rest = node.name.removeprefix(boundary_name) if boundary_name else node.name
    if rest.startswith("["):
        rest = rest.partition("].")[2]
    return rest.removeprefix(".") or node.name


def host_of(host: str, node: Node) -> str:
    """Return ``host`` for a pod that runs or has run, "" for other nodes: Argo's ``hostNodeName``."""
    runs = node.phase is Phase.RUNNING or node.phase.is_completed
    return host if runs and node.type is NodeType.POD and not node.is_cached else ""


def attempt_id(uid: str, node: Node) -> str:
    """Return the deterministic id of a leaf's one start: the same node always has the same.

    A container's is its pod's with its name, and the number of its restarts if there were any.
    """
    if node.container is None:
        return f"{uid[:8]}.{node.number}.{node.generation}"
    again = f".{node.container.restarts}" if node.container.restarts else ""
    return f"{uid[:8]}.{node.parent}.{node.generation}-{node.key}{again}"


def child_name(name: str, index: int, description: str) -> str:
    """Return the name of a loop's child. Source: Argo operator.go generateNodeName."""
    return f"{name}({index}:{description.replace('(', '').replace(')', '')})"
