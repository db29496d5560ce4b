"""What every store keeps of custom metrics; a part of ``StoreContract``."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pinnace.base.errors import LeaseLost
from pinnace.engine.emissions import Definition, Emission
from pinnace.ports.store import RunChange, Store
from pinnace.testing.contracts.store_samples import create, make_run

_COUNTER = Emission(
    name="runs", definition=Definition("counter", "Runs."), labels=(("end", "ok"),), value=1.0
)
_GAUGE = Emission(name="level", definition=Definition("gauge", "A level."), value=5.0, operation="Set")
_HISTOGRAM = Emission(
    name="size", definition=Definition("histogram", "Sizes."), value=2.0, buckets=(1.0, 2.0, float("inf"))
)


def emit(store: Store, *emissions: Emission) -> None:
    """Save a change of a new run that emits these."""
    run = make_run()
    lease = create(store, run)
    store.save([RunChange(uid=run.info.uid, lease=lease, metrics=emissions)])
    store.delete_run(run.info.uid)


class MetricContract:
    """Counters, gauges and histograms of all runs."""

    def test_series_outlive_the_runs_that_added_to_them(self, store: Store) -> None:
        emit(store, _COUNTER, replace(_COUNTER, labels=(("end", "bad"),)))
        emit(store, replace(_COUNTER, value=2.5))
        assert [(each.labels, each.value) for each in store.metrics.series()] == [
            ((("end", "bad"),), 1.0),
            ((("end", "ok"),), 3.5),
        ]

    def test_a_gauge_is_set_and_added_to_and_taken_from(self, store: Store) -> None:
        emit(store, _GAUGE, replace(_GAUGE, operation="Add", value=2.0))
        emit(store, replace(_GAUGE, operation="Sub", value=10.0))
        assert [each.value for each in store.metrics.series()] == [-3.0]

    def test_a_histogram_counts_what_is_not_above_each_bound(self, store: Store) -> None:
        emit(store, *(replace(_HISTOGRAM, value=value) for value in (0.5, 2.0, 7.0)))
        emit(store, replace(_HISTOGRAM, labels=(("a", "b"),), buckets=(9.0,)))
        plain, other = store.metrics.series()
        if plain.labels:
            plain, other = other, plain
        assert (plain.value, plain.count, plain.counts) == (9.5, 3, (1, 2, 3))
        assert other.buckets == (1.0, 2.0, float("inf"))

    def test_what_contradicts_a_name_is_left_out(self, store: Store) -> None:
        emit(store, _COUNTER)
        emit(store, replace(_COUNTER, definition=Definition("counter", "Other.")))
        emit(store, replace(_COUNTER, definition=Definition("gauge", "Runs."), labels=()))
        assert [each.value for each in store.metrics.series()] == [1.0]

    def test_texts_that_no_column_holds_are_kept_readable(self, store: Store) -> None:
        emit(store, replace(_COUNTER, labels=(("end", "a\ud800\0"),)))
        assert [each.labels for each in store.metrics.series()] == [(("end", "a?\0"),)]

    def test_a_change_under_an_old_lease_adds_nothing(self, store: Store) -> None:
        run = make_run()
        lease = create(store, run)
        with pytest.raises(LeaseLost):
            store.save([RunChange(uid=run.info.uid, lease=lease + 1, metrics=(_COUNTER,))])
        assert store.metrics.series() == []
