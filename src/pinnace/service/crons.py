"""What a user can do with CronWorkflows: make, change, look at, suspend, resume, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, ObjectChanged, UsageError
from pinnace.language.dates import SECOND, UTC_ZONE, Time, Zone, parse_time
from pinnace.language.errors import ExpressionError
from pinnace.language.values import Failure
from pinnace.ports.objects import KeptObject, ObjectStore
from pinnace.schedules.children import child
from pinnace.schedules.status import Cron, read_status
from pinnace.schedules.ticks import Ticks
from pinnace.service.objects import as_manifest, require, with_body
from pinnace.spec.parameters import Parameter
from pinnace.spec.schedules import CronWorkflow
from pinnace.spec.workflow import Workflow

KIND = "CronWorkflow"
#: More runs than anybody backfills on purpose.
_MOST_TICKS = 100_000


def cron_of(kept: KeptObject) -> Cron:
    """Return an object of the store as what is decided about.

    Raises:
        ManifestError: it cannot be read.
    """
    manifest = as_manifest(kept)
    if not isinstance(manifest, CronWorkflow):
        raise ManifestError(f"{kept.kind} {kept.name} is no CronWorkflow")
    return Cron(
        manifest=manifest, uid=kept.uid, created_at=kept.created_at, status=read_status(manifest.status)
    )


def kept_as(kept: KeptObject, cron: Cron) -> KeptObject:
    """Return the object with the status, labels and annotations of ``cron``, to be replaced in the store."""
    written, metadata = kept.body.get("metadata") or {}, cron.manifest.metadata
    changes: dict[str, Any] = {"labels": metadata.labels, "annotations": metadata.annotations}
    changes = {key: value for key, value in changes.items() if value or key in written}
    body = {**kept.body, "metadata": {**written, **changes}, "status": cron.status.as_json()}
    return replace(kept, body=body)


def changed(objects: ObjectStore, namespace: str, name: str, change: Callable[[Any], Any]) -> KeptObject:
    """Replace a CronWorkflow by what ``change`` makes of its manifest, however often another does so first.

    Raises:
        NotFoundError: there is none of that name.
    """
    while True:
        kept = require(objects, KIND, namespace, name)
        try:
            return objects.replace(with_body(kept, change(kept.body)))
        except ObjectChanged:
            continue


def suspended(objects: ObjectStore, namespace: str, name: str, *, is_suspended: bool) -> KeptObject:
    """Suspend or resume a CronWorkflow, and return it.

    Raises:
        NotFoundError: there is none of that name.
    """

    def change(body: Any) -> Any:
        return {**body, "spec": {**body.get("spec", {}), "suspend": is_suspended}}

    return changed(objects, namespace, name, change)


def updated(objects: ObjectStore, namespace: str, body: dict[str, Any]) -> KeptObject:
    """Put another manifest in the place of a CronWorkflow's, and return it.

    Its counts begin anew, as Argo's do; when it last ran is kept, so that no tick is run twice.

    Raises:
        NotFoundError: there is none of that name.
    """

    def change(old: Any) -> Any:
        last = (old.get("status") or {}).get("lastScheduledTime")
        given = {key: value for key, value in body.items() if key != "status"}
        return {**given, "status": {"lastScheduledTime": last}} if last else given

    return changed(objects, namespace, body["metadata"]["name"], change)


def next_ticks(cron: Cron, after: float, count: int) -> list[int]:
    """Return the next ticks as Unix seconds, at most ``count``.

    Raises:
        ManifestError: a schedule cannot be read.
    """
    ticks, found = _ticks(cron), list[int]()
    while len(found) < count and (tick := ticks.next(found[-1] if found else after)) is not None:
        found.append(tick)
    return found


def submitted_by_hand(cron: Cron, now: float) -> Workflow:
    """Return what runs when a user asks for it now. Source: Argo common/convert.go."""
    return child(cron, int(now))


# Backfill --------------------------------------------------------------------------------------------------


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """What ``cron backfill`` is asked for."""

    name: str
    start: str
    end: str
    """Empty: until now."""
    layout: str
    """The form of both, as Go writes it."""
    argument: str
    """The parameter that gets a run's scheduled time."""


def backfilled(cron: Cron, wanted: Backfill, now: float) -> list[Workflow]:
    """Return a workflow for each tick after the start, until the end.

    Each has a name that the same backfill gives it again, so that one that broke off can be repeated.
    Source: Argo cmd/argo/commands/cron/backfill.go.

    Raises:
        UsageError: a time cannot be read, or there are too many ticks.
        ManifestError: a schedule cannot be read.
    """
    start = _time(wanted.start, wanted.layout)
    end = _time(wanted.end, wanted.layout).instant / SECOND if wanted.end else now
    ticks = _ticks(cron, start.zone)
    workflows: list[Workflow] = []
    tick = ticks.next(start.instant // SECOND)
    while tick is not None and tick <= end:
        if len(workflows) == _MOST_TICKS:
            raise UsageError(f"between start and end there are more than {_MOST_TICKS} runs")
        workflows.append(_backfill(cron, wanted, tick, start.zone))
        tick = ticks.next(tick)
    return workflows


def _backfill(cron: Cron, wanted: Backfill, tick: int, zone: Zone) -> Workflow:
    workflow = child(cron, tick, name=f"{cron.name}-{wanted.name}-{tick}"[-63:].lstrip("-."))
    given = Parameter(name=wanted.argument, value=str(Time(tick * SECOND, zone)))
    others = [each for each in workflow.spec.arguments.parameters if each.name != wanted.argument]
    arguments = replace(workflow.spec.arguments, parameters=(*others, given))
    return replace(workflow, spec=replace(workflow.spec, arguments=arguments))


def _time(text: str, layout: str) -> Time:
    try:
        return parse_time(layout, text, UTC_ZONE)
    except Failure as failure:
        message = f"{text!r} is not a time of the form {layout!r}: {failure.message}"
        raise UsageError(message, remedy="--format tells the form, as Go writes it: 2006-01-02.") from None


def _ticks(cron: Cron, zone: Zone = UTC_ZONE) -> Ticks:
    try:
        return Ticks(cron.manifest.spec, cron.created_at, zone)
    except ExpressionError as error:
        raise ManifestError(f"CronWorkflow {cron.name}: {error}") from error
