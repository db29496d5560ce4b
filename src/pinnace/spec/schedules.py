"""What starts workflows: CronWorkflows by the clock, WorkflowEventBindings by events.

Source: Argo api/cron_workflow_types.go, api/event_types.go.
"""

from __future__ import annotations

from pinnace.spec.parameters import Arguments
from pinnace.spec.struct import Json, Spec
from pinnace.spec.workflow import API_VERSION, ObjectMeta, Workflow, WorkflowSpec, WorkflowTemplateRef


class StopStrategy(Spec, frozen=True):
    """When a CronWorkflow stops for good."""

    expression: str = ""


class CronWorkflowSpec(Spec, frozen=True):
    """A workflow and when it is to run."""

    workflow_spec: WorkflowSpec = WorkflowSpec()
    schedules: tuple[str, ...] = ()
    timezone: str = ""
    when: str = ""
    suspend: bool = False
    concurrency_policy: str = ""
    starting_deadline_seconds: int | None = None
    stop_strategy: StopStrategy | None = None
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None
    workflow_metadata: ObjectMeta | None = None


class CronWorkflow(Spec, frozen=True):
    """A workflow that runs at the times that its schedules name."""

    api_version: str = API_VERSION
    kind: str = "CronWorkflow"
    metadata: ObjectMeta = ObjectMeta()
    spec: CronWorkflowSpec = CronWorkflowSpec()
    status: Json | None = None

    def as_workflow(self) -> Workflow:
        """Return what runs at each tick, its name still to be generated.

        Source: Argo common/convert.go, ConvertCronWorkflowToWorkflow.
        """
        given = self.spec.workflow_metadata or ObjectMeta()
        metadata = ObjectMeta(
            generate_name=f"{self.metadata.name}-",
            namespace=self.metadata.namespace,
            labels=given.labels,
            annotations=given.annotations,
        )
        return Workflow(metadata=metadata, spec=self.spec.workflow_spec)


class Event(Spec, frozen=True):
    """Which events are meant."""

    selector: str = ""


class Submit(Spec, frozen=True):
    """What an event starts."""

    workflow_template_ref: WorkflowTemplateRef = WorkflowTemplateRef()
    metadata: ObjectMeta | None = None
    arguments: Arguments | None = None


class WorkflowEventBindingSpec(Spec, frozen=True):
    """An event and what it starts."""

    event: Event = Event()
    submit: Submit | None = None


class WorkflowEventBinding(Spec, frozen=True):
    """A workflow template that runs when an event comes."""

    api_version: str = API_VERSION
    kind: str = "WorkflowEventBinding"
    metadata: ObjectMeta = ObjectMeta()
    spec: WorkflowEventBindingSpec = WorkflowEventBindingSpec()
