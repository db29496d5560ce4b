"""What caches of memoized templates hold, and having it forgotten."""

from __future__ import annotations

from pinnace.base.errors import NotFoundError
from pinnace.engine.caches import CacheKey
from pinnace.engine.times import rfc3339
from pinnace.ports.caches import Caches


def cache_rows(caches: Caches, namespace: str | None) -> list[tuple[str, str, str, str]]:
    """Return namespace, cache, key and age of each entry; of every namespace if none is named."""
    return [
        (at.namespace, at.cache, at.key, rfc3339(created_at))
        for at, created_at in caches.places().items()
        if namespace in {None, at.namespace}
    ]


def forget(caches: Caches, namespace: str, cache: str, key: str | None) -> list[CacheKey]:
    """Have one entry forgotten, or all of the cache, and return where they lay.

    Raises:
        NotFoundError: there are none.
    """
    meant = [
        at
        for at in caches.places()
        if (at.namespace, at.cache) == (namespace, cache) and key in {None, at.key}
    ]
    if not meant:
        what = f"cache {cache}" if key is None else f"key {key} in cache {cache}"
        message = f"there is no {what} in namespace {namespace}"
        raise NotFoundError(message, remedy="`pinnace cache list` shows what there is.")
    caches.forget(meant)
    return meant
