"""Custom metrics as they stand now, in the text that Prometheus reads.

Source: Prometheus, text-based exposition format; Argo util/telemetry exporter_prometheus.go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from pinnace.engine.metrics import realtime
from pinnace.language.goformat import format_value
from pinnace.ports.metrics import Series, added
from pinnace.ports.store import RunFilter, Store
from pinnace.runtime.fleet import rebuilt

#: What the names of all series begin with.
PREFIX = "argo_workflows_"


def current(store: Store, now: float) -> list[Series]:
    """Return all series as they stand, with the realtime gauges of runs at ``now`` (Unix seconds)."""
    series = {(each.name, each.labels): each for each in store.metrics.series()}
    for summary in store.list_runs(RunFilter(phases=frozenset({"Running"}))):
        for emission in realtime(rebuilt(store.load_run(summary.uid)), now):
            key = (emission.name, emission.labels)
            series[key] = added(series.get(key), emission)
    return [series[key] for key in sorted(series)]


def exposition(found: Sequence[Series]) -> str:
    """Return series, which stand by name, as Prometheus reads them."""
    lines: list[str] = []
    for name, group in groupby(found, key=lambda each: each.name):
        members = list(group)
        definition = members[0].definition
        lines.append(f"# HELP {PREFIX}{name} {_escaped(definition.help)}")
        lines.append(f"# TYPE {PREFIX}{name} {definition.kind}")
        for each in members:
            lines += _samples(each)
    return "".join(f"{line}\n" for line in lines)


def _samples(series: Series) -> Iterable[str]:
    name = PREFIX + series.name
    if series.definition.kind != "histogram":
        yield f"{name}{_labels(series.labels)} {_number(series.value)}"
        return
    for bound, count in zip(series.buckets, series.counts, strict=True):
        if not math.isinf(bound):
            yield f"{name}_bucket{_labels((*series.labels, ('le', _number(bound))))} {count}"
    yield f"{name}_bucket{_labels((*series.labels, ('le', '+Inf')))} {series.count}"
    yield f"{name}_sum{_labels(series.labels)} {_number(series.value)}"
    yield f"{name}_count{_labels(series.labels)} {series.count}"


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    pairs = ",".join(f'{key}="{_escaped(value, quotes=True)}"' for key, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quotes else escaped


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else format_value(value)
