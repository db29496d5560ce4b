"""What a CronWorkflow does at a tick. Source: Argo cron/operator.go, run and enforceRuntimePolicy."""

from __future__ import annotations

import json

import msgspec
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.language.conditions import evaluate_cron_when
from pinnace.language.dates import SECOND, UTC_ZONE, Time
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import evaluate_bool
from pinnace.language.tags import STRICT, FlatScope, substitute
from pinnace.schedules.children import child
from pinnace.schedules.status import ACTIVE, SPEC_ERROR, STOPPED, SUBMISSION_ERROR, ActiveRun, Cron
from pinnace.schedules.ticks import LAST_SCHEDULE, schedule_text
from pinnace.spec.workflow import Workflow

#: Carried by a CronWorkflow whose stop strategy has come true.
COMPLETED = "cronworkflows.argoproj.io/completed"
#: The last tick for which no run could be made: however many schedulers look at it, it counts once.
_FAILED_TICK = "pinnace/failed-tick"
_PREFIX = "cronworkflow."


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done at a tick."""

    cron: Cron
    """As it is to be kept, whether or not something starts."""
    start: Workflow | None = None
    terminate: tuple[str, ...] = ()
    """Uids of runs that are to be ended before."""
    reason: str = ""
    """Why nothing starts."""


def decide(cron: Cron, tick: int) -> Decision:
    """Return what ``cron``, whose manifest was checked, does at ``tick``; nothing if that was done before."""
    last, annotations = cron.status.last_tick, cron.manifest.metadata.annotations
    if (last is not None and tick <= last) or annotations.get(_FAILED_TICK) == str(tick):
        return Decision(cron=cron, reason="it ran already")
    cron = cron.with_metadata(annotations={**annotations, LAST_SCHEDULE: schedule_text(cron.manifest.spec)})
    cron = replace(cron, status=cron.status.without_condition(SPEC_ERROR))
    try:
        cron = stopped_if_due(cron)
    except ExpressionError as error:
        what = f"failed to check CronWorkflow '{cron.name}' stopping condition"
        message = f"{what}: failed to evaluate stop expression: {error.message}"
        return Decision(cron=with_spec_error(cron, message), reason=message)
    if cron.manifest.spec.suspend:
        return Decision(cron=cron, reason="it is suspended")
    if cron.status.phase == STOPPED:
        return Decision(cron=cron, reason="it has stopped for good")
    try:
        is_wanted = _is_wanted(cron)
    except PinnaceError as error:
        message = f"run policy error: {error.message}"
        return Decision(cron=with_submission_error(cron, tick, message), reason=message)
    if not is_wanted:
        return Decision(cron=cron, reason="its condition does not hold")
    active = tuple(run.uid for run in cron.status.active)
    if active and cron.manifest.spec.concurrency_policy == "Forbid":
        return Decision(cron=cron, reason="a run of it goes on")
    is_replaced = cron.manifest.spec.concurrency_policy == "Replace"
    workflow = child(cron, tick, name=f"{cron.name}-{tick}")
    return Decision(cron=cron, start=workflow, terminate=active if is_replaced else ())


def with_run(cron: Cron, tick: int, uid: str, name: str) -> Cron:
    """Return ``cron`` after a run of it started for ``tick``."""
    namespace = cron.manifest.metadata.namespace
    active = (*cron.status.active, ActiveRun(namespace=namespace, name=name, uid=uid))
    status = replace(cron.status, active=active, phase=ACTIVE).with_last_tick(tick)
    return replace(cron, status=status.without_condition(SUBMISSION_ERROR))


def with_spec_error(cron: Cron, message: str) -> Cron:
    """Return ``cron`` after its manifest was found to be wrong."""
    return replace(cron, status=cron.status.with_condition(SPEC_ERROR, message))


def with_submission_error(cron: Cron, tick: int, message: str) -> Cron:
    """Return ``cron`` after no run could be made of it for ``tick``, which counts as a failure."""
    cron = cron.with_metadata(annotations={**cron.manifest.metadata.annotations, _FAILED_TICK: str(tick)})
    status = replace(cron.status, failed=cron.status.failed + 1)
    return replace(cron, status=status.with_condition(SUBMISSION_ERROR, message))


def stopped_if_due(cron: Cron) -> Cron:
    """Return ``cron``, stopped for good if its stop strategy says so now.

    Raises:
        ExpressionError: the strategy cannot be evaluated.
    """
    strategy = cron.manifest.spec.stop_strategy
    if strategy is None:
        return cron
    variables = {key.removeprefix(_PREFIX): value for key, value in _variables(cron).items()}
    if not evaluate_bool(strategy.expression, {"cronworkflow": variables}, functions=False):
        return cron
    cron = cron.with_metadata(labels={**cron.manifest.metadata.labels, COMPLETED: "true"})
    return replace(cron, status=replace(cron.status, phase=STOPPED))


def _is_wanted(cron: Cron) -> bool:
    text = cron.manifest.spec.when
    if not text:
        return True
    # Argo has a map and a text under the name of the labels; in tags the text, being more specific, wins.
    scope = FlatScope(_variables(cron))
    return evaluate_cron_when(substitute(text, scope, strict=STRICT))


def _variables(cron: Cron) -> dict[str, object]:
    """Return what ``when`` and the stop strategy may mention.

    Argo fills ``annotations`` from the labels; here they are the annotations.
    """
    metadata, status, last = cron.manifest.metadata, cron.status, cron.status.last_tick
    return {
        "cronworkflow.name": metadata.name,
        "cronworkflow.namespace": metadata.namespace,
        "cronworkflow.labels": metadata.labels,
        "cronworkflow.labels.json": json.dumps(metadata.labels, separators=(",", ":"), sort_keys=True),
        "cronworkflow.annotations": metadata.annotations,
        "cronworkflow.annotations.json": json.dumps(
            metadata.annotations, separators=(",", ":"), sort_keys=True
        ),
        "cronworkflow.failed": status.failed,
        "cronworkflow.succeeded": status.succeeded,
        "cronworkflow.lastScheduledTime": None if last is None else Time(last * SECOND, UTC_ZONE),
    }
