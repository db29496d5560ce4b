"""Both stores keep the contracts of locks and of caches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pinnace.ports.store import Store
from pinnace.stores.memory import MemoryStore
from pinnace.stores.sqlite import SqliteStore
from pinnace.testing.contracts.caches import CacheContract
from pinnace.testing.contracts.locks import LockContract
from pinnace.testing.contracts.store_samples import World


class TestSqliteLocks(LockContract, CacheContract):
    @pytest.fixture
    def store(self, world: World, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "pinnace.db", clock=world.clock, is_dead=world.is_dead)
        yield store
        store.close()


class TestMemoryLocks(LockContract, CacheContract):
    @pytest.fixture
    def store(self, world: World) -> Iterator[Store]:
        store = MemoryStore(clock=world.clock, is_dead=world.is_dead)
        yield store
        store.close()
