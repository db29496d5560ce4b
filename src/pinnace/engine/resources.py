"""``resourcesDuration``: what a pod asked for, times how long it had it.

Source: Argo util/resource DurationForPod, Summaries.Duration. A cluster's pods have containers of Argo's own
beside the user's, which count there; here there are none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.base.quantities import parse_amount
from pinnace.engine.calling import body_scope, template_of
from pinnace.engine.containers import MAIN
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.substitute import fill, has_tags
from pinnace.engine.turn import Turn
from pinnace.spec.templates import Container, Template

#: What a container that asks for nothing is taken to have.
_DEFAULTS = {"cpu": Fraction(1, 10), "memory": Fraction(100 * 1024**2)}
#: The amount that a second of counts as one; 1 for the others.
_UNITS = {
    "memory": Fraction(100 * 1024**2),
    "storage": Fraction(10 * 1024**3),
    "ephemeral-storage": Fraction(10 * 1024**3),
}

#: Of each resource, thousandths of what a container asks for and of what counts as one.
_Amounts = dict[str, tuple[int, int]]
#: What each container of a pod asks for, by its name.
_Asked = tuple[tuple[str, dict[str, Any]], ...]


def duration_of_pod(turn: Turn, node: Node) -> dict[str, int]:
    """Return a pod's resource seconds by resource; nothing while it runs, nor for other nodes.

    A pod that never ran has had everything for no time.
    """
    if node.type is not NodeType.POD or not node.phase.is_fulfilled or node.is_cached:
        return {}
    try:
        amounts = _of_pod(turn, node)
    except PinnaceError:
        return {}  # what it asks for cannot be told; its node says why if it matters
    apart, whole = _seconds_of_containers(turn, node), seconds_of(node)
    return _summed((each, apart.get(name, whole)) for name, each in amounts)


def _seconds_of_containers(turn: Turn, pod: Node) -> dict[str, int]:
    """Return the whole seconds of each container of a pod of several.

    Those that come before run one after another; the others begin together, and wait in their containers.
    """
    found: dict[str, int] = {}
    since, before = pod.started_at, {each.name for each in template_of(turn, pod).template.init_containers}
    for number in turn.children(pod.number):
        node = turn.node(number)
        found[node.key] = seconds_of(replace(node, started_at=since))
        if node.key in before:
            since = node.finished_at
    return found


def _of_pod(turn: Turn, node: Node) -> tuple[tuple[str, _Amounts], ...]:
    """Return what each container of the pod asks for; found once a template where no tag stands in it."""
    template = template_of(turn, node).template
    key = ("asked", id(template))
    known = turn.run.memo.get(key)
    if known is None or known[0] is not template:
        asked = tuple(_of_containers(template))
        amounts = None if has_tags(asked) else _all_amounts(asked)
        known = turn.run.memo[key] = (template, asked, amounts)
    _, asked, amounts = known
    if amounts is None:
        filled = fill(turn.run.memo, asked, body_scope(turn, node, template))
        amounts = _all_amounts(filled)
    return amounts


def resources_by_node(turn: Turn) -> dict[NodeNumber, dict[str, int]]:
    """Return the resource seconds of every node: a pod's own, or the sum of all that was called below.

    # Differs from Argo: a group counts what it called. Argo counts whatever follows it as well.
    Source: Argo util/resource UpdateResourceDurations.
    """
    found: dict[NodeNumber, dict[str, int]] = {}
    below: dict[NodeNumber, list[dict[str, int]]] = {}
    for number in sorted(turn.run.nodes, reverse=True):
        # A child's number is greater than its parent's: all below this node is known by now.
        node = turn.run.nodes[number]
        own = found[number] = duration_of_pod(turn, node) or total(below.pop(number, ()))
        if own:
            below.setdefault(node.parent, []).append(own)
    return found


def seconds_of(node: Node) -> int:
    """Return the whole seconds that a node took; 0 for one that never ran."""
    ran = node.phase is Phase.SUCCEEDED or (node.outputs is not None and node.outputs.exit_code is not None)
    if not ran or node.started_at is None or node.finished_at is None:
        return 0
    return max(0, int(node.finished_at - node.started_at))


def total(durations: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum, resource by resource."""
    found: dict[str, int] = {}
    for each in durations:
        for name, seconds in each.items():
            found[name] = found.get(name, 0) + seconds
    return found


def _of_containers(template: Template) -> Iterable[tuple[str, dict[str, Any]]]:
    """Return requests over limits of each container.

    What the pod asks for as a whole goes to the first that asks for nothing itself.
    """
    whole = _requests(template.pod_resources)
    for container in (*template.init_containers, *_main(template), *template.sidecars):
        own = _requests(container.resources)
        if whole and not own:
            own, whole = whole, {}
        yield container.name, own


def _main(template: Template) -> tuple[Container, ...]:
    if template.container_set is not None:
        return template.container_set.containers
    return (replace(template.container or template.script or Container(), name=MAIN),)


def _requests(resources: Any) -> dict[str, Any]:
    given = resources if isinstance(resources, dict) else {}
    return {**(given.get("limits") or {}), **(given.get("requests") or {})}


def _all_amounts(asked: _Asked) -> tuple[tuple[str, _Amounts], ...]:
    return tuple((name, _amounts(each)) for name, each in asked)


def _amounts(asked: Mapping[str, Any]) -> _Amounts:
    amounts = _DEFAULTS | {name: parse_amount(str(amount)) for name, amount in asked.items()}
    return {
        name: (math.ceil(amount * 1000), math.ceil(_UNITS.get(name, Fraction(1)) * 1000))
        for name, amount in amounts.items()
    }


def _summed(containers: Iterable[tuple[_Amounts, int]]) -> dict[str, int]:
    """Return amount times seconds, whole for each container as Go counts it."""
    return total(
        {name: amount * seconds // unit for name, (amount, unit) in container.items()}
        for container, seconds in containers
    )
