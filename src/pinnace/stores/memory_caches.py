"""The outputs of memoized nodes, in memory."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from pinnace.engine.caches import CacheEntry, CacheKey


class MemoryCaches:
    """Keeps what caches hold."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._entries: dict[CacheKey, CacheEntry] = {}

    def look_up(self, places: Collection[CacheKey]) -> dict[CacheKey, CacheEntry]:
        """Return the entries of those places that have one."""
        with self._lock:
            return {at: self._entries[at] for at in places if at in self._entries}

    def places(self) -> dict[CacheKey, float]:
        """Return where entries lie, in order, with when each was made (Unix seconds)."""
        with self._lock:
            found = sorted(
                self._entries.items(), key=lambda item: (item[0].namespace, item[0].cache, item[0].key)
            )
            return {at: entry.created_at for at, entry in found}

    def forget(self, places: Collection[CacheKey]) -> None:
        """Have no entries in those places."""
        with self._lock:
            for at in places:
                self._entries.pop(at, None)

    def add(self, entries: Iterable[CacheEntry]) -> None:
        """Put entries in the place of those before."""
        with self._lock:
            self._entries.update((entry.at, entry) for entry in entries)
