"""How long a run and its nodes will take: what the last good run of the same template took.

Source: Argo workflow/controller/estimation.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.engine.node import Node
from pinnace.engine.run import Run, RunInfo
from pinnace.ports.store import RunFilter, Store
from pinnace.service.labels import SAME_KIND


def with_estimate(store: Store, info: RunInfo) -> RunInfo:
    """Return ``info`` with what can be expected of its run; unchanged where nothing can."""
    label = next((label for label in SAME_KIND if label in info.labels), None)
    if label is None:
        return info
    value = info.labels[label]
    wanted = RunFilter(
        namespace=info.namespace,
        phases=frozenset({"Succeeded"}),
        labels=lambda labels: labels.get(label) == value,
        limit=1,
    )
    for run in store.list_runs(wanted):
        if run.started_at is not None and run.finished_at is not None:
            return replace(
                info, baseline=run.uid, estimated_duration=max(0, int(run.finished_at - run.started_at))
            )
    return info


class Estimates:
    """What the nodes of a run are expected to take, after its baseline's of the same name."""

    def __init__(self, run: Run, baseline: Run | None) -> None:
        self._name = run.info.name
        self._seconds: dict[str, int] = {}
        if baseline is not None:
            start = len(baseline.info.name)
            self._seconds = {
                node.name[start:]: seconds for node in baseline.nodes.values() if (seconds := _taken(node))
            }

    def of_node(self, node: Node) -> int:
        """Return whole seconds; 0 when nothing is known."""
        return self._seconds.get(node.name[len(self._name) :], 0)


def _taken(node: Node) -> int:
    if node.started_at is None or node.finished_at is None:
        return 0
    return max(0, int(node.finished_at - node.started_at))
