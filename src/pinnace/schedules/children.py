"""The runs of a CronWorkflow: how one begins, what became of them, which are forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from pinnace.engine.times import rfc3339
from pinnace.schedules.status import ActiveRun, Cron
from pinnace.spec.workflow import API_VERSION, ObjectMeta, Workflow

#: Carried by the runs of a CronWorkflow: its name.
CRON_LABEL = "workflows.argoproj.io/cron-workflow"
SCHEDULED_TIME = "workflows.argoproj.io/scheduled-time"
_PASSED_ON = (
    "workflows.argoproj.io/creator",
    "workflows.argoproj.io/creator-email",
    "workflows.argoproj.io/creator-preferred-username",
    "workflows.argoproj.io/controller-instanceid",
)
#: How many runs are kept that succeeded, and that did not, where nothing else is said.
_KEPT_SUCCEEDED = 3
_KEPT_FAILED = 1


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A run that carries the label of a CronWorkflow."""

    uid: str
    name: str
    namespace: str
    phase: str
    finished_at: float | None
    """Unix seconds; None: it has not ended."""


def child(cron: Cron, tick: int, *, name: str = "") -> Workflow:
    """Return what runs for ``tick``; without a name, one is to be generated.

    Source: Argo common/convert.go, ConvertCronWorkflowToWorkflowWithProperties.
    """
    own, given = cron.manifest.metadata, cron.manifest.spec.workflow_metadata or ObjectMeta()
    labels = {key: own.labels[key] for key in _PASSED_ON if key in own.labels}
    owner = {
        "apiVersion": API_VERSION,
        "kind": "CronWorkflow",
        "name": cron.name,
        "uid": cron.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = ObjectMeta(
        name=name,
        generate_name="" if name else f"{cron.name}-",
        namespace=own.namespace,
        labels={**labels, CRON_LABEL: cron.name, **given.labels},
        annotations={SCHEDULED_TIME: rfc3339(tick), **given.annotations},
        finalizers=given.finalizers,
        owner_references=[owner],
    )
    return Workflow(metadata=metadata, spec=cron.manifest.spec.workflow_spec)


def reconciled(cron: Cron, children: Sequence[Child]) -> Cron:
    """Return ``cron`` after a look at all its runs: those that ended are counted once and active no more.

    A run that was deleted while it was active is not counted.
    Source: Argo cron/operator.go, reconcileActiveWfs.
    """
    status, by_uid = cron.status, {each.uid: each for each in children}
    known = {run.uid for run in status.active}
    new = tuple(
        ActiveRun(namespace=each.namespace, name=each.name, uid=each.uid)
        for each in children
        if each.finished_at is None and each.uid not in known
    )
    succeeded, failed, active = status.succeeded, status.failed, []
    for run in status.active:
        found = by_uid.get(run.uid)
        if found is None:
            continue
        if found.finished_at is None:
            active.append(run)
        elif found.phase == "Succeeded":
            succeeded += 1
        else:
            failed += 1
    active += new
    return replace(cron, status=replace(status, active=tuple(active), succeeded=succeeded, failed=failed))


def beyond_history(cron: Cron, children: Sequence[Child]) -> list[str]:
    """Return the uids of ended runs that are more than the history is to hold; the latest are kept.

    Source: Argo cron/operator.go, enforceHistoryLimit.
    """
    spec = cron.manifest.spec
    ended = [each for each in children if each.finished_at is not None]
    ended.sort(key=lambda each: each.finished_at or 0.0, reverse=True)
    succeeded = [each.uid for each in ended if each.phase == "Succeeded"]
    failed = [each.uid for each in ended if each.phase != "Succeeded"]
    return [
        *succeeded[_limit(spec.successful_jobs_history_limit, _KEPT_SUCCEEDED) :],
        *failed[_limit(spec.failed_jobs_history_limit, _KEPT_FAILED) :],
    ]


def _limit(given: int | None, default: int) -> int:
    return given if given is not None and given >= 0 else default
