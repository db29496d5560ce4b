"""The scheduler: looks at the CronWorkflows of a store, and starts, counts and forgets their runs.

Any number of schedulers may look at one store. A tick is recorded in its CronWorkflow in the transaction that
makes its run; whoever comes second finds the object changed, reads it again and sees that it ran.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from pinnace.base.errors import (
    EnvironmentFailure,
    ManifestError,
    NameTaken,
    NotFoundError,
    ObjectChanged,
    PinnaceError,
    RefusedError,
    StorageError,
)
from pinnace.checks.check import check
from pinnace.engine.run import RunInfo
from pinnace.engine.times import rfc3339
from pinnace.language.errors import ExpressionError
from pinnace.ports.objects import KeptObject
from pinnace.ports.store import RunFilter, RunSummary, Store
from pinnace.runtime.fleet import Fleet
from pinnace.schedules.children import CRON_LABEL, Child, beyond_history, reconciled
from pinnace.schedules.decisions import (
    COMPLETED,
    Decision,
    decide,
    stopped_if_due,
    with_run,
    with_spec_error,
    with_submission_error,
)
from pinnace.schedules.status import Cron
from pinnace.schedules.ticks import Ticks, missed_tick
from pinnace.service.crons import KIND, cron_of, kept_as
from pinnace.service.labels import WORLD
from pinnace.service.objects import as_document, catalogue_of
from pinnace.service.submission import Replacing
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.workflow import Workflow

#: All runs of a CronWorkflow are looked at this often, in seconds. Source: Argo CRON_SYNC_PERIOD.
SYNC_SECONDS = 10.0
#: A scheduler looks at what changes no more often than this, in seconds; ticks are on time.
SHORTEST_PAUSE = 0.5


class Submit(Protocol):
    """Keeps a new run, and returns its uid."""

    def __call__(self, workflow: Workflow, catalogue: Catalogue, *, replacing: Replacing | None) -> str:
        """As ``submission.submit`` does."""


class Look(NamedTuple):
    """What came of one look."""

    begun: tuple[str, ...]
    """Uids of runs that are this process's to drive."""
    wake_at: float
    """Unix seconds: when to look again at the latest."""


class Scheduler:
    """Does what CronWorkflows are due for.

    Args:
        store: where they and their runs are.
        submit: keeps a new run.
        take: makes this process the owner of a run that nobody drives; raises ``RefusedError`` if one does.
        delete: forgets a run; raises ``RefusedError`` if somebody drives it.
        said: is told what happens, in words.
        clock: returns Unix seconds.
        namespace: the namespace whose CronWorkflows are looked at; None is all.
        workflow_defaults: what every workflow is laid over.
    """

    def __init__(
        self,
        store: Store,
        *,
        submit: Submit,
        take: Callable[[str], object],
        delete: Callable[[str], None],
        said: Callable[[str], None],
        clock: Callable[[], float],
        namespace: str | None = None,
        workflow_defaults: Workflow | None = None,
    ) -> None:
        self._store = store
        self._submit = submit
        self._take = take
        self._delete = delete
        self._said = said
        self._clock = clock
        self._namespace = namespace
        self._defaults = workflow_defaults
        self._seen: dict[str, float] = {}
        self._versions: dict[str, int] = {}
        self._told: dict[str, str] = {}
        self._synced_at: float | None = None
        self._begun: list[str] = []

    def look(self) -> Look:
        """Do what is due now: start runs, count and forget ended and expired ones, take over what is left.

        Raises:
            StorageError: the store cannot be read or written; the next look does what this one did not.
        """
        now, self._begun = self._clock(), []
        is_sync = self._synced_at is None or now - self._synced_at >= SYNC_SECONDS
        if is_sync:
            self._take_over()
            self._synced_at = now
        wake = now + SYNC_SECONDS
        for kept in self._store.objects.of_kind(KIND, self._namespace):
            try:
                tick = self._look_at(kept, now, is_sync=is_sync)
            except (ManifestError, ExpressionError) as error:
                self._tell_once(kept, str(error))
                continue
            wake = wake if tick is None else min(wake, tick)
        for run in self._store.expired(now):  # which are counted by now
            self._forget(run.uid)
        return Look(tuple(self._begun), wake)

    def _look_at(self, read: KeptObject, now: float, *, is_sync: bool) -> int | None:
        """Do what one CronWorkflow is due for, and return its next tick."""
        kept: KeptObject | None = self._reconcile(read, is_sync=is_sync)
        if kept is None:
            return None
        cron = cron_of(kept)
        if cron.manifest.metadata.labels.get(COMPLETED) == "true":
            return None
        ticks = Ticks(cron.manifest.spec, cron.created_at)
        for tick in ticks.between(self._seen.get(kept.uid, now), now):
            kept = self._at_tick(kept, tick) if kept is not None else None
        self._seen[read.uid] = now
        if kept is not None and self._versions.get(kept.uid) != kept.version:
            # What kept a missed tick from running may have changed with the object.
            self._versions[kept.uid] = kept.version
            missed = missed_tick(cron_of(kept), ticks, now)
            if missed is not None:
                self._at_tick(kept, missed)
        return ticks.next(now)

    def failed(self, error: StorageError) -> None:
        """Say that a look could not be had."""
        self._said(f"{error}")

    # Ticks -------------------------------------------------------------------------------------------------

    def _at_tick(self, read: KeptObject, tick: int) -> KeptObject | None:
        """Do what is to be done at a tick, and return the object as it is then; None: it was deleted."""
        kept: KeptObject | None = read
        while kept is not None:
            try:
                return self._try_tick(kept, tick)
            except ObjectChanged:
                kept = self._store.objects.find(KIND, read.namespace, read.name)
        return None

    def _try_tick(self, kept: KeptObject, tick: int) -> KeptObject:
        """Do what is to be done at a tick.

        Raises:
            ObjectChanged: the object is not what was read; nothing was done.
        """
        cron = cron_of(kept)
        catalogue = catalogue_of(self._store.objects, kept.namespace, None, self._defaults)
        errors = [each for each in check(cron.manifest, as_document(kept), catalogue) if each.is_error]
        if errors:
            decision = Decision(cron=with_spec_error(cron, errors[0].message), reason=errors[0].message)
        else:
            decision = decide(cron, tick)
        if decision.start is None:
            self._said(f"{kept.name}: no run for {rfc3339(tick)}: {decision.reason}")
            return self._keep(kept, cron, decision.cron)
        for uid in decision.terminate:
            self._terminate(uid)
        return self._start(kept, decision, decision.start, tick, catalogue)

    def _start(
        self, kept: KeptObject, decision: Decision, workflow: Workflow, tick: int, catalogue: Catalogue
    ) -> KeptObject:
        cron, name = decision.cron, workflow.metadata.name

        def recorded(info: RunInfo) -> list[KeptObject]:
            return [kept_as(kept, with_run(cron, tick, info.uid, info.name))]

        try:
            uid = self._submit(workflow, catalogue, replacing=recorded)
        except NameTaken:
            new = replace(cron, status=cron.status.with_last_tick(tick))
            return self._keep(kept, cron, new)
        except (ObjectChanged, EnvironmentFailure):
            raise
        except PinnaceError as error:
            message = f"Failed to submit Workflow: {error}"
            self._said(f"{kept.name}: {message}")
            return self._keep(kept, cron, with_submission_error(cron, tick, message))
        self._begun.append(uid)
        self._said(f"{kept.name}: {name} starts, for {rfc3339(tick)}")
        return replace(kept_as(kept, with_run(cron, tick, uid, name)), version=kept.version + 1)

    def _terminate(self, uid: str) -> None:
        try:
            self._store.add_request(uid, "terminate", {})
        except NotFoundError:
            return  # deleted meanwhile

    # Runs --------------------------------------------------------------------------------------------------

    def _reconcile(self, read: KeptObject, *, is_sync: bool) -> KeptObject | None:
        """Count the runs that ended and forget those beyond the history; return the object as it is then."""
        kept: KeptObject | None = read
        while kept is not None:
            cron = cron_of(kept)
            if not is_sync and all(self._goes_on(run.uid) for run in cron.status.active):
                return kept
            children = self._children(kept)
            new = reconciled(cron, children)
            if (new.status.succeeded, new.status.failed) != (cron.status.succeeded, cron.status.failed):
                new = stopped_if_due(new)
            try:
                # Counted before they are forgotten: what is gone cannot be counted.
                kept = self._keep(kept, cron, new)
            except ObjectChanged:
                kept = self._store.objects.find(KIND, read.namespace, read.name)
                continue
            for uid in beyond_history(new, children):
                self._forget(uid)
            return kept
        return None

    def _goes_on(self, uid: str) -> bool:
        try:
            return self._store.find_run(uid).finished_at is None
        except NotFoundError:
            return False

    def _children(self, kept: KeptObject) -> list[Child]:
        """Return the runs that carry the name of a CronWorkflow, but none of an earlier one of that name."""
        wanted = RunFilter(
            namespace=kept.namespace,
            since=kept.created_at,
            labels=lambda labels: labels.get(CRON_LABEL) == kept.name,
        )
        return [_child(run) for run in self._store.list_runs(wanted)]

    def _take_over(self) -> None:
        """Become the owner of runs of CronWorkflows that a crash left behind.

        What the embedded world of one of them held is gone: that is for `pinnace recover`, which asks.
        """
        for run in self._store.unowned():
            if CRON_LABEL not in run.labels or self._namespace not in {None, run.namespace}:
                continue
            if WORLD in run.labels:
                continue
            try:
                self._take(run.uid)
            except RefusedError:
                continue
            self._begun.append(run.uid)
            self._said(f"{run.name} goes on")

    def _forget(self, uid: str) -> None:
        try:
            self._delete(uid)
        except RefusedError:
            return  # somebody runs it again

    # Objects -----------------------------------------------------------------------------------------------

    def _keep(self, kept: KeptObject, before: Cron, after: Cron) -> KeptObject:
        """Keep what changed, if anything did.

        Raises:
            ObjectChanged: the object is not what was read.
        """
        if after == before:
            return kept
        return self._store.objects.replace(kept_as(kept, after))

    def _tell_once(self, kept: KeptObject, message: str) -> None:
        if self._told.get(kept.uid) != message:
            self._told[kept.uid] = message
            self._said(f"{kept.name}: {message}")


def _child(run: RunSummary) -> Child:
    return Child(
        uid=run.uid, name=run.name, namespace=run.namespace, phase=run.phase, finished_at=run.finished_at
    )


async def keep_on(
    scheduler: Scheduler,
    fleet: Fleet,
    store: Store,
    leases: Mapping[str, int],
    is_over: Callable[[], bool],
) -> None:
    """Have the scheduler look whenever something is due or changed, until ``is_over``; drive what it begins.

    Returns when everything that was begun has ended. ``leases`` has a number for each run of this process.
    """
    while not is_over():
        seen = store.changed()
        try:
            look = await asyncio.to_thread(scheduler.look)
        except StorageError as error:
            scheduler.failed(error)
            await asyncio.sleep(SHORTEST_PAUSE)
            continue
        for uid in look.begun:
            fleet.begin(uid, leases[uid])
        while (left := look.wake_at - time.time()) > 0 and not is_over():
            await asyncio.sleep(min(SHORTEST_PAUSE, left))
            if store.changed() != seen:
                break
    await fleet.drained()
