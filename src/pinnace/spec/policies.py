"""Retry, clean-up, locks, memoization, metrics: what is declared about how and when, not what."""

from __future__ import annotations

from msgspec import field

from pinnace.spec.locations import KeySelector
from pinnace.spec.struct import IntOrString, Json, Spec


class Backoff(Spec, frozen=True):
    """How long to wait between attempts."""

    duration: str = ""
    factor: IntOrString | None = None
    max_duration: str = ""
    cap: str = ""


class RetryStrategy(Spec, frozen=True):
    """When a failed node is tried again; ``limit`` None is for ever."""

    limit: IntOrString | None = None
    retry_policy: str = ""
    backoff: Backoff | None = None
    affinity: Json | None = None
    expression: str = ""


class PodGC(Spec, frozen=True):
    """When a finished task's scratch is removed."""

    strategy: str = ""
    label_selector: Json | None = None
    delete_delay_duration: str = ""


class TTLStrategy(Spec, frozen=True):
    """How many seconds after its end a run is deleted; None is never."""

    seconds_after_completion: int | None = None
    seconds_after_success: int | None = None
    seconds_after_failure: int | None = None


class VolumeClaimGC(Spec, frozen=True):
    """When a run's own volumes are removed."""

    strategy: str = ""


class Mutex(Spec, frozen=True):
    """A lock held by one at a time."""

    name: str = ""
    namespace: str = ""
    database: bool = False


class DatabaseKey(Spec, frozen=True):
    """A semaphore's key in the database."""

    key: str = ""


class Semaphore(Spec, frozen=True):
    """A lock held by as many as a ConfigMap says."""

    config_map_key_ref: KeySelector | None = None
    namespace: str = ""
    database: DatabaseKey | None = None


class Synchronization(Spec, frozen=True):
    """Locks taken before a start."""

    mutexes: tuple[Mutex, ...] = ()
    semaphores: tuple[Semaphore, ...] = ()


class Cache(Spec, frozen=True):
    """Where memoized outputs are kept."""

    config_map: KeySelector | None = None


class Memoize(Spec, frozen=True):
    """Outputs that are reused when the key is known."""

    key: str = ""
    cache: Cache | None = None
    max_age: str = ""


class MetricLabel(Spec, frozen=True):
    """One label of a metric."""

    key: str
    value: str = ""


class Gauge(Spec, frozen=True):
    """A value that goes up and down."""

    value: str = ""
    realtime: bool | None = None
    operation: str = ""


class Counter(Spec, frozen=True):
    """A value that goes up."""

    value: str = ""


class Histogram(Spec, frozen=True):
    """A distribution over ``buckets``."""

    value: str = ""
    buckets: tuple[Json, ...] = ()


class Prometheus(Spec, frozen=True):
    """One metric that a template or a workflow emits at its end."""

    name: str
    help: str = ""
    labels: tuple[MetricLabel, ...] = ()
    when: str = ""
    gauge: Gauge | None = None
    counter: Counter | None = None
    histogram: Histogram | None = None


class Metrics(Spec, frozen=True):
    """The metrics of a template or a workflow."""

    prometheus: tuple[Prometheus, ...] = ()


class ArtifactRepositoryRef(Spec, frozen=True):
    """Which artifact repository a run uses by default."""

    config_map: str = ""
    key: str = ""


class WorkflowLevelArtifactGC(Spec, frozen=True):
    """The default for artifacts that do not say when they are deleted."""

    strategy: str = ""
    pod_metadata: Json | None = None
    service_account_name: str = ""
    force_finalizer_removal: bool = False
    pod_spec_patch: str = field(default="")
