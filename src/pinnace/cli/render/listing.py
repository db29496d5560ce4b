"""The table of runs. Source of the form: Argo util/printer/workflow-printer.go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pinnace.cli.render.header import shown_status
from pinnace.cli.render.table import Cell, columns
from pinnace.cli.render.text import clean
from pinnace.cli.render.times import short_duration
from pinnace.engine.node import NodeType, Phase
from pinnace.engine.run import Run
from pinnace.ports.store import RunSummary

_LONGEST_VALUE = 50


def render_list(
    runs: Sequence[RunSummary],
    details: Mapping[str, Run],
    *,
    now: float,
    waiting: Collection[str] = (),
    has_header: bool,
    has_namespace: bool,
) -> str:
    """Return the table of ``runs``.

    Args:
        runs: what is listed.
        details: the runs by uid, for the wide form; empty for the short one.
        now: Unix seconds.
        waiting: the uids of runs with a step that waits for somebody.
        has_header: whether the first line names the columns.
        has_namespace: whether the first column is the namespace.
    """
    titles = [*(["NAMESPACE"] if has_namespace else []), "NAME", "STATUS", "AGE", "DURATION"]
    titles += ["PRIORITY", "MESSAGE", *(["P/R/C", "PARAMETERS"] if details else [])]
    rows = [[Cell(title) for title in titles]] if has_header else []
    for run in runs:
        began = run.started_at
        until = run.finished_at if run.finished_at is not None else now
        cells = [
            *([run.namespace] if has_namespace else []),
            run.name,
            shown_status(
                run.phase, is_suspended=run.is_suspended or run.uid in waiting, shutdown=run.shutdown.value
            ),
            short_duration(now - run.created_at),
            short_duration(until - began if began is not None else 0.0),
            str(run.priority),
            run.message,
            *(_wide(details[run.uid]) if details else ()),
        ]
        rows.append([Cell(clean(cell)) for cell in cells])
    return columns(rows, gap=3, is_colour=False)


def _wide(run: Run) -> tuple[str, str]:
    """Return counts of pods pending, running and completed, and parameters."""
    pods = [node.phase for node in run.nodes.values() if node.type is NodeType.POD]
    completed = sum(phase.is_fulfilled for phase in pods)
    running = sum(phase is Phase.RUNNING for phase in pods)
    counts = f"{len(pods) - running - completed}/{running}/{completed}"
    parameters = ",".join(f"{name}={_shortened(value)}" for name, value in run.info.parameters.items())
    return counts, parameters


def _shortened(value: str) -> str:
    """Return a long value with its middle left out."""
    if len(value) <= _LONGEST_VALUE:
        return value
    return f"{value[: _LONGEST_VALUE - 18]}...{value[-15:]}"
