"""Bodies of templates that act on a cluster or on lists of artifacts.

Source: Argo api/workflow_types.go, ResourceTemplate; api/data_types.go.
"""

from __future__ import annotations

from pinnace.spec.parameters import Artifact
from pinnace.spec.struct import IntOrString, Spec


class ManifestArtifact(Artifact, frozen=True):
    """The input artifact that holds a manifest."""


class ManifestFrom(Spec, frozen=True):
    """Where the manifest of a resource template comes from."""

    artifact: ManifestArtifact | None = None


class Resource(Spec, frozen=True):
    """One action on an object of a cluster."""

    action: str = ""
    manifest: str = ""
    manifest_from: ManifestFrom | None = None
    merge_strategy: str = ""
    set_owner_reference: bool = False
    success_condition: str = ""
    failure_condition: str = ""
    flags: tuple[str, ...] = ()


class ArtifactPaths(Artifact, frozen=True):
    """The names of what lies at an artifact's location."""


class DataSource(Spec, frozen=True):
    """Where a data template begins."""

    artifact_paths: ArtifactPaths | None = None


class TransformationStep(Spec, frozen=True):
    """An expression over the data so far."""

    expression: str = ""


class Data(Spec, frozen=True):
    """Data from a source, transformed step by step."""

    source: DataSource | None = None
    transformation: tuple[TransformationStep, ...] = ()


class ContainerSetRetryStrategy(Spec, frozen=True):
    """How often a container of a set is tried again inside its pod."""

    duration: str = ""
    retries: IntOrString | None = None
