"""What is kept of a CronWorkflow beside what its user wrote: its status.

Source: Argo api/cron_workflow_types.go.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from pinnace.engine.times import rfc3339
from pinnace.language.dates import SECOND, parse_time
from pinnace.language.values import Failure
from pinnace.spec.schedules import CronWorkflow
from pinnace.spec.struct import Spec
from pinnace.spec.workflow import API_VERSION

SUBMISSION_ERROR = "SubmissionError"
SPEC_ERROR = "SpecError"
ACTIVE = "Active"
STOPPED = "Stopped"
#: The layout of times in manifests.
RFC3339 = "2006-01-02T15:04:05Z07:00"


class ActiveRun(Spec, frozen=True):
    """A run that goes on."""

    kind: str = "Workflow"
    api_version: str = API_VERSION
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Condition(Spec, frozen=True):
    """Something that is wrong."""

    type: str = ""
    status: str = "True"
    message: str = ""


class CronStatus(Spec, frozen=True):
    """How a CronWorkflow gets on."""

    active: tuple[ActiveRun, ...] = ()
    last_scheduled_time: str = ""
    """RFC 3339; empty until the first run."""
    conditions: tuple[Condition, ...] = ()
    succeeded: int = 0
    failed: int = 0
    phase: str = ""

    @property
    def last_tick(self) -> int | None:
        """Return the tick of the last run in Unix seconds; None until there is one."""
        try:
            return parse_time(RFC3339, self.last_scheduled_time).instant // SECOND
        except Failure:
            return None

    def with_last_tick(self, tick: int) -> CronStatus:
        """Return it with a run at ``tick`` as the last one."""
        return replace(self, last_scheduled_time=rfc3339(tick))

    def with_condition(self, kind: str, message: str) -> CronStatus:
        """Return it with the condition, instead of an earlier one of this kind."""
        others = tuple(each for each in self.conditions if each.type != kind)
        return replace(self, conditions=(*others, Condition(type=kind, message=message)))

    def without_condition(self, kind: str) -> CronStatus:
        """Return it without a condition of this kind."""
        return replace(self, conditions=tuple(each for each in self.conditions if each.type != kind))

    def as_json(self) -> dict[str, Any]:
        """Return it as Kubernetes has it, every field named."""
        return {
            "active": [
                {
                    "apiVersion": run.api_version,
                    "kind": run.kind,
                    "namespace": run.namespace,
                    "name": run.name,
                    "uid": run.uid,
                }
                for run in self.active
            ],
            "lastScheduledTime": self.last_scheduled_time or None,
            "conditions": [
                {"type": each.type, "status": each.status, "message": each.message}
                for each in self.conditions
            ],
            "succeeded": self.succeeded,
            "failed": self.failed,
            "phase": self.phase,
        }


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """A CronWorkflow of a store."""

    manifest: CronWorkflow
    """With labels and annotations as they are to be kept; its ``status`` is not asked."""
    uid: str
    created_at: float
    """Unix seconds."""
    status: CronStatus = CronStatus()

    @property
    def name(self) -> str:
        """Return its name."""
        return self.manifest.metadata.name

    def with_metadata(self, **changes: Any) -> Cron:
        """Return it with other metadata."""
        metadata = replace(self.manifest.metadata, **changes)
        return replace(self, manifest=replace(self.manifest, metadata=metadata))


def read_status(value: Any) -> CronStatus:
    """Return the status that ``as_json`` wrote; what cannot be read counts as not there."""
    if not isinstance(value, dict):
        return CronStatus()
    try:
        return msgspec.convert({key: item for key, item in value.items() if item is not None}, CronStatus)
    except msgspec.ValidationError:
        return CronStatus()
