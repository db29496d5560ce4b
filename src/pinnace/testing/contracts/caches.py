"""What every store keeps of memoized nodes. Inherit ``CacheContract`` and give it a fixture ``store``."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pinnace.base.errors import LeaseLost
from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.node import NodeOutputs
from pinnace.ports.store import RunChange, Store
from pinnace.testing.contracts.store_samples import ODD_TEXTS, World, create, make_run

AT = CacheKey("default", "kept", "key")


class CacheContract:
    """Entries, as they are given with a change of a run."""

    @pytest.fixture
    def world(self) -> World:
        return World()

    def entry(self, *, at: CacheKey = AT, result: str = "x", created_at: float = 1.0) -> CacheEntry:
        outputs = NodeOutputs(parameters={"a": result}, result=result)
        return CacheEntry(at=at, node_id="n", outputs=outputs, created_at=created_at)

    def save(self, store: Store, *entries: CacheEntry) -> str:
        """Save a run that gives ``entries`` to caches, and return its uid."""
        run = make_run()
        store.save([RunChange(uid=run.info.uid, lease=create(store, run), cached=entries)])
        return run.info.uid

    def found(self, store: Store, at: CacheKey = AT) -> CacheEntry | None:
        return store.caches.look_up([at]).get(at)

    def test_what_was_saved_is_found_in_its_place_alone(self, store: Store) -> None:
        assert self.found(store) is None
        self.save(store, self.entry())
        others = (replace(AT, key="k"), replace(AT, cache="c"), replace(AT, namespace="n"))
        assert store.caches.look_up([AT, *others]) == {AT: self.entry()}

    @pytest.mark.parametrize("text", ODD_TEXTS)
    def test_outputs_of_any_size_come_back_and_outlive_their_run(self, store: Store, text: str) -> None:
        store.delete_run(self.save(store, self.entry(result=text)))
        assert self.found(store) == self.entry(result=text)

    def test_a_node_without_outputs_is_kept_too(self, store: Store) -> None:
        bare = replace(self.entry(), outputs=None)
        self.save(store, bare)
        assert self.found(store) == bare

    def test_a_later_entry_takes_the_place_of_one_before(self, store: Store) -> None:
        self.save(store, self.entry(result="old"), self.entry(result="new", created_at=2.0))
        assert self.found(store) == self.entry(result="new", created_at=2.0)
        assert store.caches.places() == {AT: 2.0}

    def test_what_is_to_be_forgotten_is_and_nothing_else(self, store: Store) -> None:
        other = replace(AT, key="an-other")
        self.save(store, self.entry(), self.entry(at=other))
        assert list(store.caches.places()) == [other, AT]
        store.caches.forget([AT, replace(AT, key="unknown")])
        assert list(store.caches.places()) == [other]

    def test_nothing_is_kept_under_an_old_lease(self, store: Store) -> None:
        run = make_run()
        lease = create(store, run)
        with pytest.raises(LeaseLost):
            store.save([RunChange(uid=run.info.uid, lease=lease + 1, cached=[self.entry()])])
        assert self.found(store) is None
