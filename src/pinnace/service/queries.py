"""Which runs a user means: by name, by ``@latest``, by what they are.

Source: Argo cmd/argo/commands/list.go.
"""

from __future__ import annotations

import re

import msgspec

from pinnace.base.errors import UsageError
from pinnace.engine.node import Phase
from pinnace.ports.store import RunFilter, RunSummary, Store
from pinnace.service.labels import FINISHED, RESUBMITTED_FROM, with_phase
from pinnace.service.selectors import is_waiting_for_somebody, label_selector, run_fields

#: Stands for the run that was made last.
LATEST = "@latest"

PHASES = ("Pending", "Running", "Succeeded", "Failed", "Error")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options that choose runs; empty ones choose all."""

    namespace: str | None = None
    statuses: tuple[str, ...] = ()
    """Phases; each may be several with commas."""
    prefix: str = ""
    since: str = ""
    """A time span: created within it."""
    older: str = ""
    """A time span: finished before it began."""
    completed: bool = False
    running: bool = False
    resubmitted: bool = False
    labels: str = ""
    fields: str = ""

    @property
    def is_any(self) -> bool:
        """Whether nothing but the namespace is asked for."""
        return msgspec.structs.replace(self, namespace=None) == Wanted()


def resolve(store: Store, name: str, namespace: str | None) -> RunSummary:
    """Return the run that ``name`` means: ``@latest``, a name, a uid, or the beginning of one run's.

    Raises:
        NotFoundError: it means none.
        UsageError: it could mean several.
    """
    return store.latest(namespace) if name == LATEST else store.find_run(name, namespace)


def find(store: Store, wanted: Wanted, now: float) -> list[RunSummary]:
    """Return the runs that are wanted: unfinished ones first, then by time, newest first.

    Raises:
        UsageError: an option cannot be read, or two exclude one another.
    """
    if wanted.completed and wanted.running:
        message = "--completed and --running cannot be used together"
        raise UsageError(message)
    has_labels = label_selector(wanted.labels)
    fields = run_fields(wanted.fields)
    finished_before = now - parse_span(wanted.older) if wanted.older else None
    found = store.list_runs(
        RunFilter(
            namespace=wanted.namespace,
            phases=_phases(wanted),
            prefix=wanted.prefix,
            since=now - parse_span(wanted.since) if wanted.since else None,
        )
    )
    meant = [
        run
        for run in found
        if has_labels(with_phase(run.labels, run.phase))
        and fields.matches(_fields_of(run))
        and (not wanted.resubmitted or RESUBMITTED_FROM in run.labels)
        and (finished_before is None or (run.finished_at is not None and run.finished_at < finished_before))
    ]
    return sorted(meant, key=_order)


def waits_for_somebody(store: Store, run: RunSummary) -> bool:
    """Return whether a step of the run waits until it is resumed. Source: Argo util IsWorkflowSuspended."""
    return run.phase == "Running" and any(
        is_waiting_for_somebody(node) for node in store.nodes_in(run.uid, Phase.RUNNING)
    )


def parse_span(text: str) -> float:
    """Return the seconds of a time span: ``30s``, ``10m``, ``3h``, ``1d``, ``1h30m``.

    Raises:
        UsageError: it is none.
    """
    if not re.fullmatch(r"(?:\d+[smhd])+", text):
        message = f"unable to parse the time span {text!r}"
        raise UsageError(message, remedy="Write a whole number with a unit: 30s, 10m, 3h, 1d.")
    return float(sum(int(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)([smhd])", text)))


def _phases(wanted: Wanted) -> frozenset[str]:
    asked = {part for text in wanted.statuses for part in text.split(",") if part}
    unknown = asked - set(PHASES)
    if unknown:
        message = f"{', '.join(sorted(unknown))} is not a status"
        raise UsageError(message, remedy=f"They are {', '.join(PHASES)}.")
    if "Pending" in asked:
        asked.add("")
    if wanted.completed:
        asked = asked & FINISHED if asked else set(FINISHED)
    elif wanted.running:
        asked = asked - FINISHED if asked else {"", "Pending", "Running"}
    else:
        return frozenset(asked)
    return frozenset(asked or {"none of them"})


def _fields_of(run: RunSummary) -> dict[str, str]:
    return {
        "metadata.name": run.name,
        "metadata.namespace": run.namespace,
        "metadata.uid": run.uid,
        "status.phase": run.phase,
    }


def _order(run: RunSummary) -> tuple[bool, float]:
    """Return what runs are sorted by. Source: Argo api/workflow_types.go Workflows.Less."""
    is_finished = run.finished_at is not None
    at = run.finished_at if run.finished_at is not None else run.started_at or run.created_at
    return is_finished, -at
