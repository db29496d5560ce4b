"""Memoization: a node that was let in takes its outputs from a cache if they are there.

The gate, the last one, says where the node's entry lies. A node that is let in asks there before it begins,
under its locks and in its place; what succeeds by itself is kept with the outcome that says so. A node with a
retry strategy is memoized as a whole.
Source: Argo operator.go executeTemplate, controller/cache/configmap_cache.go.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.quantities import parse_go_duration
from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.calling import body_scope, template_of
from pinnace.engine.commands import LookUpCache
from pinnace.engine.events import CacheAnswered
from pinnace.engine.naming import attempt_id, node_id
from pinnace.engine.node import MemoState, Node, NodeType, Phase
from pinnace.engine.outputs import succeeded
from pinnace.engine.seeds import seeded
from pinnace.engine.substitute import fill
from pinnace.engine.turn import Turn
from pinnace.engine.verdicts import Refuse, Verdict
from pinnace.spec.policies import Memoize

_KEY = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")


def memo_gate(turn: Turn, node: Node) -> Verdict:
    """Let nothing start that is memoized under no possible key."""
    template = template_of(turn, node).template
    if template.memoize is None or node.is_attempt or node.memo is not None:
        return None
    try:
        filled = fill(turn.run.memo, template.memoize, body_scope(turn, node, template))
        memo = _state(filled)
        seeded(turn.run.lookup.catalogue, _place(turn, memo))
    except PinnaceError as error:
        return Refuse(Phase.ERROR, error.message, is_call_error=True)
    turn.put(replace(node, memo=memo))
    return None


def _state(memoize: Memoize) -> MemoState:
    """Return where the entry of a template lies whose tags are replaced.

    Raises:
        ManifestError: nowhere.
    """
    cache = memoize.cache.config_map if memoize.cache is not None else None
    if cache is None or not cache.name:
        message = "cache could not be found or created"
        raise ManifestError(message, remedy="Give memoize.cache.configMap.name.")
    if not _KEY.fullmatch(memoize.key):
        message = f"invalid cache key: {memoize.key}"
        remedy = "Letters, digits and '-' are possible; of anything else take {{=sprig.sha256sum(...)}}."
        raise ManifestError(message, remedy=remedy)
    return MemoState(cache=cache.name, key=memoize.key, max_age=_max_age(memoize.max_age))


def _max_age(text: str) -> float | None:
    if not text:
        return None
    try:
        return parse_go_duration(text)
    except ManifestError:
        message = f'invalid maxAge: time: invalid duration "{text}"'
        raise ManifestError(message, remedy="Write a number with a unit, as in 30m or 24h.") from None


def is_asking(node: Node) -> bool:
    """Return whether the node, if it was let in, waits for what its cache knows."""
    return node.memo is not None and not node.memo.is_known


def ask(turn: Turn, node: Node) -> None:
    """Have the cache asked."""
    assert node.memo is not None, node.name
    own = attempt_id(turn.run.info.uid, node)
    turn.ask(LookUpCache(node=node.number, attempt_id=own, at=_place(turn, node.memo)))


def _place(turn: Turn, memo: MemoState) -> CacheKey:
    return CacheKey(turn.run.info.namespace, memo.cache, memo.key)


def answered(turn: Turn, node: Node, event: CacheAnswered) -> None:
    """End the node with what the cache knows, or let it begin."""
    memo = node.memo
    if memo is None or memo.is_known or not node.phase.is_active:
        return
    entries = (event.entry, seeded(turn.run.lookup.catalogue, _place(turn, memo)))
    known = [entry for entry in entries if entry is not None and entry.node_id]
    entry = max(known, key=lambda each: each.created_at, default=None)
    if entry is not None and memo.max_age is not None and turn.now - entry.created_at > memo.max_age:
        entry = None
    node = turn.put(replace(node, memo=replace(memo, is_known=True, is_hit=entry is not None)))
    if entry is None:
        turn.assess(node.number)
    else:
        succeeded(turn, node, template_of(turn, node), entry.outputs)


def entries(turn: Turn) -> list[CacheEntry]:
    """Return what this turn gives to caches: the outputs of memoized nodes that ended well by themselves.

    A wait is not kept, nor is a daemon. Source: Argo saves in operator.go podReconciliation, steps.go, dag.go
    and taskset.go, an attempt's outputs under the attempt's id.
    """
    return [
        CacheEntry(
            at=_place(turn, node.memo),
            node_id=node_id(turn.run.info.name, _worker(turn, node).name),
            outputs=node.outputs,
            created_at=turn.now,
        )
        for node in turn.nodes.values()
        if node.memo is not None and _is_kept(turn, node, node.memo)
    ]


def _is_kept(turn: Turn, node: Node, memo: MemoState) -> bool:
    if not memo.is_known or memo.is_hit or node.phase is not Phase.SUCCEEDED:
        return False
    before = turn.run.nodes.get(node.number)
    if before is not None and before.phase.is_fulfilled:
        return False
    worker = _worker(turn, node)
    return worker.type is not NodeType.SUSPEND and not worker.pod_ip


def _worker(turn: Turn, node: Node) -> Node:
    """Return the node whose outputs these are: of a Retry node the last attempt."""
    if node.type is not NodeType.RETRY:
        return node
    attempts = [turn.node(number) for number in turn.children(node.number)]
    return next((each for each in reversed(attempts) if each.is_attempt), node)
