"""Where the outputs of memoized nodes are kept, shared by all runs of one store; they outlive their runs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from pinnace.engine.caches import CacheEntry, CacheKey


class Caches(Protocol):
    """Tells what is kept; ``Store.save`` puts it in. Methods block and may raise ``StorageError``."""

    def look_up(self, places: Collection[CacheKey]) -> dict[CacheKey, CacheEntry]:
        """Return the entries of those places that have one."""

    def places(self) -> dict[CacheKey, float]:
        """Return where entries lie, in order, with when each was made (Unix seconds)."""

    def forget(self, places: Collection[CacheKey]) -> None:
        """Have no entries in those places."""
