"""The kinds of object that a manifest holds."""

from __future__ import annotations

from msgspec import field

from pinnace.spec.parameters import Arguments
from pinnace.spec.policies import (
    ArtifactRepositoryRef,
    Metrics,
    PodGC,
    RetryStrategy,
    Synchronization,
    TTLStrategy,
    VolumeClaimGC,
    WorkflowLevelArtifactGC,
)
from pinnace.spec.struct import Json, Spec
from pinnace.spec.templates import LifecycleHook, Template

API_VERSION = "argoproj.io/v1alpha1"


class ObjectMeta(Spec, frozen=True):
    """The part of Kubernetes' metadata that is read here; the rest is carried."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    creation_timestamp: str | None = None
    finalizers: tuple[str, ...] = ()
    owner_references: Json | None = None
    resource_version: str = ""
    generation: int | None = None
    managed_fields: Json | None = None
    self_link: str = ""
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None


class WorkflowTemplateRef(Spec, frozen=True):
    """The template whose spec a workflow takes over."""

    name: str = ""
    cluster_scope: bool = False


class LabelValueFrom(Spec, frozen=True):
    """A label computed by an expression."""

    expression: str = ""


class WorkflowMetadata(Spec, frozen=True):
    """Labels and annotations that a run gets at its start."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    labels_from: dict[str, LabelValueFrom] = field(default_factory=dict)


class WorkflowSpec(Spec, frozen=True):
    """Everything that a workflow declares."""

    templates: tuple[Template, ...] = ()
    entrypoint: str = ""
    arguments: Arguments = Arguments()
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    executor: Json | None = None
    executor_plugins: Json | None = None
    volumes: tuple[Json, ...] = ()
    volume_claim_templates: tuple[Json, ...] = ()
    parallelism: int | None = None
    artifact_repository_ref: ArtifactRepositoryRef | None = None
    suspend: bool | None = None
    node_selector: dict[str, str] = field(default_factory=dict)
    affinity: Json | None = None
    tolerations: Json | None = None
    image_pull_secrets: Json | None = None
    host_network: bool | None = None
    dns_policy: str = ""
    dns_config: Json | None = None
    on_exit: str = ""
    ttl_strategy: TTLStrategy | None = None
    active_deadline_seconds: int | None = None
    priority: int | None = None
    scheduler_name: str = ""
    pod_gc: PodGC | None = field(name="podGC", default=None)
    pod_priority_class_name: str = ""
    host_aliases: Json | None = None
    security_context: Json | None = None
    pod_spec_patch: str = ""
    pod_disruption_budget: Json | None = None
    pod_resources: Json | None = None
    resource_claims: Json | None = None
    metrics: Metrics | None = None
    shutdown: str = ""
    workflow_template_ref: WorkflowTemplateRef | None = None
    synchronization: Synchronization | None = None
    volume_claim_gc: VolumeClaimGC | None = field(name="volumeClaimGC", default=None)
    retry_strategy: RetryStrategy | None = None
    pod_metadata: Json | None = None
    template_defaults: Template | None = None
    archive_logs: bool | None = None
    hooks: dict[str, LifecycleHook] = field(default_factory=dict)
    workflow_metadata: WorkflowMetadata | None = None
    artifact_gc: WorkflowLevelArtifactGC | None = field(name="artifactGC", default=None)


class Workflow(Spec, frozen=True):
    """One workflow to run."""

    api_version: str = API_VERSION
    kind: str = "Workflow"
    metadata: ObjectMeta = ObjectMeta()
    spec: WorkflowSpec = WorkflowSpec()
    status: Json | None = None


class WorkflowTemplate(Spec, frozen=True):
    """A spec that workflows refer to; ``kind`` tells the namespaced from the cluster-wide one."""

    api_version: str = API_VERSION
    kind: str = "WorkflowTemplate"
    metadata: ObjectMeta = ObjectMeta()
    spec: WorkflowSpec = WorkflowSpec()

    @property
    def cluster_scope(self) -> bool:
        """Whether every namespace sees it."""
        return self.kind == "ClusterWorkflowTemplate"


class ConfigMap(Spec, frozen=True):
    """Kubernetes' ConfigMap, as the run's namespace holds it."""

    api_version: str = "v1"
    kind: str = "ConfigMap"
    metadata: ObjectMeta = ObjectMeta()
    data: dict[str, str] = field(default_factory=dict)
    binary_data: dict[str, str] = field(default_factory=dict)
    immutable: bool | None = None


class Secret(Spec, frozen=True):
    """Kubernetes' Secret; ``data`` holds base64, ``string_data`` plain text that wins."""

    api_version: str = "v1"
    kind: str = "Secret"
    metadata: ObjectMeta = ObjectMeta()
    data: dict[str, str] = field(default_factory=dict)
    string_data: dict[str, str] = field(default_factory=dict)
    type: str = ""
    immutable: bool | None = None


class PersistentVolumeClaim(Spec, frozen=True):
    """Kubernetes' claim of storage that outlives a run; here a folder of that name."""

    api_version: str = "v1"
    kind: str = "PersistentVolumeClaim"
    metadata: ObjectMeta = ObjectMeta()
    spec: Json | None = None
    status: Json | None = None
