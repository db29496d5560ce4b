"""CronWorkflows as texts. Source of the forms: Argo cmd/argo/commands/cron get.go, list.go, util.go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pinnace.cli.render.table import Cell, columns
from pinnace.cli.render.text import clean
from pinnace.cli.render.times import short_duration, timestamp
from pinnace.ports.objects import KeptObject
from pinnace.service.crons import cron_of, next_ticks

_NOT_KNOWN = "N/A"


def render_cron(kept: KeptObject, now: float) -> str:
    """Return what ``cron get`` shows."""
    return "".join(f"{name:<30} {clean(value)}".rstrip() + "\n" for name, value in _rows(kept, now))


def _rows(kept: KeptObject, now: float) -> Iterator[tuple[str, str]]:
    cron = cron_of(kept)
    spec, status = cron.manifest.spec, cron.status
    yield "Name:", kept.name
    yield "Namespace:", kept.namespace
    yield "Created:", timestamp(kept.created_at, now)
    yield "Schedules:", ",".join(spec.schedules)
    yield "Suspended:", str(spec.suspend).lower()
    if spec.timezone:
        yield "Timezone:", spec.timezone
    if spec.starting_deadline_seconds is not None:
        yield "StartingDeadlineSeconds:", str(spec.starting_deadline_seconds)
    if spec.concurrency_policy:
        yield "ConcurrencyPolicy:", spec.concurrency_policy
    if status.last_tick is not None:
        yield "LastScheduledTime:", timestamp(status.last_tick, now)
    for tick in next_ticks(cron, now, 1):
        yield "NextScheduledTime:", timestamp(tick, now)
    if status.active:
        yield "Active Workflows:", ", ".join(run.name for run in status.active)
    if status.conditions:
        yield "Conditions:", ""
        for each in status.conditions:
            yield f"✖ {each.type}", each.message or each.status
    given = [each for each in spec.workflow_spec.arguments.parameters if each.value is not None]
    if given:
        yield "Workflow Parameters:", ""
        for parameter in given:
            yield f"  {clean(parameter.name)}:", parameter.value or ""


def render_crons(kept: Sequence[KeptObject], now: float, *, has_namespace: bool) -> str:
    """Return the table of ``cron list``."""
    titles = ("NAME", "AGE", "LAST RUN", "NEXT RUN", "SCHEDULES", "TIMEZONE", "SUSPENDED")
    rows = [[Cell(title) for title in (*(["NAMESPACE"] if has_namespace else []), *titles)]]
    for each in kept:
        cron = cron_of(each)
        last, spec = cron.status.last_tick, cron.manifest.spec
        coming = next_ticks(cron, now, 1)
        cells = [
            *([each.namespace] if has_namespace else []),
            each.name,
            short_duration(now - each.created_at),
            _NOT_KNOWN if last is None else short_duration(now - last),
            short_duration(coming[0] - now) if coming else _NOT_KNOWN,
            ",".join(spec.schedules),
            spec.timezone,
            str(spec.suspend).lower(),
        ]
        rows.append([Cell(clean(cell)) for cell in cells])
    return columns(rows, gap=3, is_colour=False)
