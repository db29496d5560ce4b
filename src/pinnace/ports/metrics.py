"""The time series of custom metrics, as they stand now, of all runs together.

``Store.metrics`` gives them. They are added to by ``Store.save``, in one transaction with the nodes whose
ends emitted them, and outlive their runs. ``pinnace.testing.contracts.metrics`` tests what is promised here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pinnace.engine.emissions import Definition, Emission


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One time series: the values of one name and one set of labels."""

    name: str
    definition: Definition
    labels: tuple[tuple[str, str], ...] = ()
    value: float = 0.0
    """Of a histogram: the sum of what was observed."""
    count: int = 0
    """Of a histogram: how often something was observed."""
    buckets: tuple[float, ...] = ()
    """Of a histogram: the upper bounds, which the first emission of the name gave."""
    counts: tuple[int, ...] = ()
    """Of a histogram: for each bucket, how many values were not above its bound."""


class MetricStore(Protocol):
    """Tells the series. Every method may raise ``StorageError``; the same call may succeed later."""

    def series(self) -> Sequence[Series]:
        """Return all series, by name and labels.

        What contradicts the kind or the help that a name has already was left out.
        """


def added(series: Series | None, emission: Emission) -> Series:
    """Return the series with what was emitted; None is one that does not exist yet.

    An emission of another kind or help changes nothing.
    """
    if series is None:
        series = Series(
            name=emission.name,
            definition=emission.definition,
            labels=emission.labels,
            buckets=emission.buckets,
            counts=(0,) * len(emission.buckets),
        )
    if series.definition != emission.definition:
        return series
    value = emission.value
    if series.definition.kind == "histogram":
        counts = tuple(
            count + (value <= bound) for bound, count in zip(series.buckets, series.counts, strict=True)
        )
        return msgspec.structs.replace(
            series, value=series.value + value, count=series.count + 1, counts=counts
        )
    if emission.operation == "Sub":
        value = series.value - value
    elif emission.operation != "Set":
        value = series.value + value
    return msgspec.structs.replace(series, value=value)
