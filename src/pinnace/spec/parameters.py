"""Parameters, where their values come from, and the items of loops."""

from __future__ import annotations

from msgspec import field

from pinnace.spec.locations import (
    GCS,
    HDFS,
    OSS,
    Artifactory,
    Azure,
    Git,
    HTTPAuth,
    KeySelector,
    PluginArtifact,
)
from pinnace.spec.struct import AnyString, IntOrString, Json, Spec


class ValueFrom(Spec, frozen=True):
    """Where a parameter's value comes from when it is not written down."""

    path: str = ""
    json_path: str = ""
    jq_filter: str = ""
    event: str = ""
    parameter: str = ""
    supplied: Json | None = None
    """``{}`` when the value is supplied from outside, else None."""
    config_map_key_ref: KeySelector | None = None
    default: AnyString | None = None
    expression: str = ""


class Parameter(Spec, frozen=True):
    """A named text. ``value`` and ``default`` of None mean "not given"; an empty text is a value."""

    name: str
    default: AnyString | None = None
    value: AnyString | None = None
    value_from: ValueFrom | None = None
    global_name: str = ""
    enum: tuple[AnyString, ...] | None = None
    description: AnyString | None = None


class Sequence(Spec, frozen=True):
    """``withSequence``: whole numbers from ``start``, written as texts because they may hold tags."""

    count: IntOrString | None = None
    start: IntOrString | None = None
    end: IntOrString | None = None
    format: str = ""


class Arguments(Spec, frozen=True):
    """What a call hands over; also what a run is given."""

    parameters: tuple[Parameter, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


class Inputs(Spec, frozen=True):
    """What a template asks for."""

    parameters: tuple[Parameter, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


class Outputs(Spec, frozen=True):
    """What a template gives back, as declared; and, with values, what a node gave."""

    parameters: tuple[Parameter, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    result: str | None = None
    exit_code: str | None = None


class TarArchive(Spec, frozen=True):
    """``archive.tar``; levels as gzip's, 0 none, -1 the default."""

    compression_level: int | None = None


class Archive(Spec, frozen=True):
    """How an artifact is packed; nothing given means tar and gzip."""

    none: Json | None = None
    tar: TarArchive | None = None
    zip: Json | None = None


class ArtifactGC(Spec, frozen=True):
    """When an artifact is deleted."""

    strategy: str = ""
    pod_metadata: Json | None = None
    service_account_name: str = ""


class S3(Spec, frozen=True):
    """An object of S3 or what speaks its language."""

    endpoint: str = ""
    bucket: str = ""
    region: str = ""
    insecure: bool | None = None
    access_key_secret: KeySelector | None = None
    secret_key_secret: KeySelector | None = None
    session_token_secret: KeySelector | None = None
    role_arn: str = field(name="roleARN", default="")
    use_sdk_creds: bool = field(name="useSDKCreds", default=False)
    create_bucket_if_not_present: Json | None = None
    encryption_options: Json | None = None
    ca_secret: KeySelector | None = None
    addressing_style: str = ""
    key: str = ""


class Raw(Spec, frozen=True):
    """Content written in the manifest."""

    data: str = ""


class Header(Spec, frozen=True):
    """One HTTP header of an artifact."""

    name: str
    value: str = ""


class HTTPArtifact(Spec, frozen=True):
    """Content behind a URL."""

    url: str = ""
    headers: tuple[Header, ...] = ()
    auth: HTTPAuth | None = None
    save_stream_via_file: bool | None = None


class ArtifactLocation(Spec, frozen=True):
    """Where artifacts lie. At most one kind is given."""

    archive_logs: bool | None = None
    s3: S3 | None = None
    git: Git | None = None
    http: HTTPArtifact | None = None
    artifactory: Artifactory | None = None
    hdfs: HDFS | None = None
    raw: Raw | None = None
    oss: OSS | None = None
    gcs: GCS | None = None
    azure: Azure | None = None
    plugin: PluginArtifact | None = None


class Artifact(ArtifactLocation, frozen=True):
    """A named file or folder. No location means the default repository."""

    name: str = ""
    path: str = ""
    mode: int | None = None
    from_: str = field(name="from", default="")
    global_name: str = ""
    archive: Archive | None = None
    optional: bool = False
    sub_path: str = ""
    recurse_mode: bool = False
    from_expression: str = ""
    artifact_gc: ArtifactGC | None = field(name="artifactGC", default=None)
    deleted: bool = False


#: The fields of an artifact that name a location.
LOCATION_FIELDS = ("s3", "git", "http", "artifactory", "hdfs", "raw", "oss", "gcs", "azure", "plugin")
