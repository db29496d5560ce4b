"""Templates: what a node does. One body type a template type; calls of other templates."""

from __future__ import annotations

from msgspec import field

from pinnace.spec.bodies import ContainerSetRetryStrategy, Data, Resource
from pinnace.spec.locations import KeySelector
from pinnace.spec.parameters import Arguments, ArtifactLocation, Inputs, Outputs, Sequence
from pinnace.spec.policies import Memoize, Metrics, RetryStrategy, Synchronization
from pinnace.spec.struct import IntOrString, Json, Spec


class TemplateRef(Spec, frozen=True):
    """A template of a WorkflowTemplate or a ClusterWorkflowTemplate."""

    name: str = ""
    template: str = ""
    cluster_scope: bool = False


class ContinueOn(Spec, frozen=True):
    """Which unhappy ends do not stop the rest."""

    error: bool = False
    failed: bool = False


class LifecycleHook(Spec, frozen=True):
    """A template that runs when its expression comes true."""

    template: str = ""
    template_ref: TemplateRef | None = None
    arguments: Arguments = Arguments()
    expression: str = ""


#: The most items of one loop; each is a node, and more would not fit any machine.
MAX_ITEMS = 1_000_000


class Call(Spec, frozen=True):
    """A step or a DAG task: which template, with what, how often and when."""

    name: str = ""
    template: str = ""
    template_ref: TemplateRef | None = None
    inline: Template | None = None
    arguments: Arguments = Arguments()
    with_items: tuple[Json, ...] | None = None
    with_param: str = ""
    with_sequence: Sequence | None = None
    when: str = ""
    continue_on: ContinueOn | None = None
    on_exit: str = ""
    hooks: dict[str, LifecycleHook] = field(default_factory=dict)

    @property
    def is_loop(self) -> bool:
        """Whether it may make several nodes."""
        return self.with_items is not None or bool(self.with_param) or self.with_sequence is not None


class WorkflowStep(Call, frozen=True):
    """A call in a group of steps."""


class DAGTask(Call, frozen=True):
    """A call in a DAG."""

    dependencies: tuple[str, ...] = ()
    depends: str = ""


class DAG(Spec, frozen=True):
    """Tasks in the order of their dependencies."""

    tasks: tuple[DAGTask, ...] = ()
    target: str = ""
    fail_fast: bool | None = None


class ConfigMapEnvSource(Spec, frozen=True):
    """All keys of a ConfigMap or of a Secret."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Spec, frozen=True):
    """Environment taken whole from a ConfigMap or a Secret."""

    prefix: str = ""
    config_map_ref: ConfigMapEnvSource | None = None
    secret_ref: ConfigMapEnvSource | None = None


class EnvVarSource(Spec, frozen=True):
    """Where an environment variable's value comes from."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    field_ref: Json | None = None
    resource_field_ref: Json | None = None
    file_key_ref: Json | None = None


class EnvVar(Spec, frozen=True):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class VolumeMount(Spec, frozen=True):
    """Where a volume appears in a container."""

    name: str
    # Kubernetes requires it where an object is shown; made by a factory, it is shown also when it is empty.
    mount_path: str = field(default_factory=str)
    sub_path: str = ""
    sub_path_expr: str = ""
    read_only: bool = False
    mount_propagation: str = ""
    recursive_read_only: str = ""


class Container(Spec, frozen=True):
    """A command in an image; fields that only Kubernetes reads are carried as they are."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    ports: Json | None = None
    resources: Json | None = None
    resize_policy: Json | None = None
    restart_policy: str = ""
    restart_policy_rules: Json | None = None
    volume_devices: Json | None = None
    liveness_probe: Json | None = None
    readiness_probe: Json | None = None
    startup_probe: Json | None = None
    lifecycle: Json | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""
    image_pull_policy: str = ""
    security_context: Json | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class ScriptTemplate(Container, frozen=True):
    """A container whose last argument is a file that holds ``source``."""

    source: str = ""


class UserContainer(Container, frozen=True):
    """An init container or a sidecar."""

    mirror_volume_mounts: bool | None = None


class ContainerNode(Container, frozen=True):
    """One container of a set."""

    dependencies: tuple[str, ...] = ()


class ContainerSetTemplate(Spec, frozen=True):
    """Several containers that share a pod."""

    containers: tuple[ContainerNode, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    retry_strategy: ContainerSetRetryStrategy | None = None


class HTTPHeaderSource(Spec, frozen=True):
    """Where a header's value comes from."""

    secret_key_ref: KeySelector | None = None


class HTTPHeader(Spec, frozen=True):
    """One header of a request."""

    name: str
    value: str = ""
    value_from: HTTPHeaderSource | None = None


class HTTPBodySource(Spec, frozen=True):
    """A body given as base64."""

    bytes: str = ""


class HTTP(Spec, frozen=True):
    """One HTTP request."""

    method: str = ""
    url: str = ""
    headers: tuple[HTTPHeader, ...] = ()
    timeout_seconds: int | None = None
    success_condition: str = ""
    body: str = ""
    body_from: HTTPBodySource | None = None
    insecure_skip_verify: bool = False


class Suspend(Spec, frozen=True):
    """A wait: for a duration, or for somebody."""

    duration: str = ""


class Template(Spec, frozen=True):
    """What a node does: exactly one body, and everything around it."""

    name: str = ""
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    node_selector: dict[str, str] = field(default_factory=dict)
    affinity: Json | None = None
    metadata: Json | None = None
    annotations: dict[str, str] = field(default_factory=dict)
    daemon: bool | None = None
    steps: tuple[tuple[WorkflowStep, ...], ...] | None = None
    container: Container | None = None
    container_set: ContainerSetTemplate | None = None
    script: ScriptTemplate | None = None
    resource: Resource | None = None
    dag: DAG | None = None
    suspend: Suspend | None = None
    http: HTTP | None = None
    data: Data | None = None
    plugin: Json | None = None
    volumes: tuple[Json, ...] = ()
    init_containers: tuple[UserContainer, ...] = ()
    sidecars: tuple[UserContainer, ...] = ()
    archive_location: ArtifactLocation | None = None
    active_deadline_seconds: IntOrString | None = None
    retry_strategy: RetryStrategy | None = None
    parallelism: int | None = None
    fail_fast: bool | None = None
    tolerations: Json | None = None
    scheduler_name: str = ""
    priority_class_name: str = ""
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    executor: Json | None = None
    host_aliases: Json | None = None
    security_context: Json | None = None
    pod_spec_patch: str = ""
    pod_resources: Json | None = None
    resource_claims: Json | None = None
    metrics: Metrics | None = None
    synchronization: Synchronization | None = None
    memoize: Memoize | None = None
    timeout: str = ""
    pending_timeout: str = ""

    @property
    def body_types(self) -> tuple[str, ...]:
        """The fields of ``BODY_FIELDS`` that are given: exactly one in a valid template."""
        return tuple(name for name in BODY_FIELDS if getattr(self, BODY_FIELDS[name]) is not None)


#: The fields of a template that hold its body, of which exactly one is given: as written → as attribute.
BODY_FIELDS = {
    "container": "container",
    "script": "script",
    "http": "http",
    "suspend": "suspend",
    "steps": "steps",
    "dag": "dag",
    "resource": "resource",
    "data": "data",
    "containerSet": "container_set",
    "plugin": "plugin",
}
