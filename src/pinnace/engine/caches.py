"""What a cache keeps of a memoized node's success."""

from __future__ import annotations

import msgspec

from pinnace.engine.node import NodeOutputs


class CacheKey(msgspec.Struct, frozen=True):
    """Where an entry lies."""

    namespace: str
    cache: str
    """The ``memoize.cache.configMap.name``."""
    key: str


class CacheEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One success, to be used instead of another one."""

    at: CacheKey
    node_id: str
    """The node that it was, as Argo names nodes; an entry without one is no hit."""
    outputs: NodeOutputs | None
    created_at: float
    """Unix seconds."""
