"""What all stores do to a claim of locks before they decide about it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pinnace.engine.locks import LockRequest
from pinnace.stores.answers import printable


def settled(request: LockRequest, limits: Mapping[str, int]) -> LockRequest:
    """Return the request with names that every store can hold, and the limits that the store knows."""
    locks = tuple(replace(lock, name=printable(lock.name)) for lock in request.locks)
    locks = tuple(
        replace(lock, limit=limits.get(lock.name, 0)) if lock.limit is None else lock for lock in locks
    )
    return replace(request, locks=locks, holder=printable(request.holder))
