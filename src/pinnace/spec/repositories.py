"""Artifact repositories: what the ConfigMaps that describe them hold, and which one a workflow uses.

Source: Argo api/artifact_repository_types.go; workflow/artifactrepositories.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field

from pinnace.base.errors import ManifestError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.documents import read_documents
from pinnace.spec.locate import DEFAULT_KEY_FORMAT, location_of
from pinnace.spec.locations import (
    GCS,
    HDFS,
    NOT_SERVED,
    OSS,
    Artifactory,
    Azure,
    KeySelector,
    PluginArtifact,
)
from pinnace.spec.parameters import S3, ArtifactLocation
from pinnace.spec.policies import ArtifactRepositoryRef
from pinnace.spec.readers import Report, reader_of
from pinnace.spec.struct import Spec

#: The ConfigMap that is looked into when none is named, and its annotation that names the key.
CONFIG_MAP = "artifact-repositories"
DEFAULT_KEY = "workflows.argoproj.io/default-artifact-repository"


class S3Repository(S3, frozen=True):
    """A bucket of S3, and how the keys in it are made."""

    key_format: str = ""
    key_prefix: str = ""


class ArtifactoryRepository(Spec, frozen=True):
    """A repository of Artifactory."""

    username_secret: KeySelector | None = None
    password_secret: KeySelector | None = None
    repo_url: str = field(name="repoURL", default="")
    key_format: str = ""


class HDFSRepository(HDFS, frozen=True):
    """A Hadoop file system."""

    path_format: str = ""


class OSSRepository(OSS, frozen=True):
    """A bucket of Alibaba Cloud."""

    key_format: str = ""


class GCSRepository(GCS, frozen=True):
    """A bucket of Google Cloud."""

    key_format: str = ""


class AzureRepository(Azure, frozen=True):
    """A container of Azure."""

    blob_name_format: str = ""


class PluginRepository(PluginArtifact, frozen=True):
    """What an artifact plugin keeps."""

    key_format: str = ""


class ArtifactRepository(Spec, frozen=True):
    """Where artifacts without a location of their own are kept."""

    archive_logs: bool | None = None
    s3: S3Repository | None = None
    artifactory: ArtifactoryRepository | None = None
    hdfs: HDFSRepository | None = None
    oss: OSSRepository | None = None
    gcs: GCSRepository | None = None
    azure: AzureRepository | None = None
    plugin: PluginRepository | None = None


class ResolvedRepository(Spec, frozen=True):
    """The repository of a run, and where it was found: fixed when the run is made."""

    namespace: str = ""
    config_map: str = ""
    key: str = ""
    artifact_repository: ArtifactRepository = ArtifactRepository()


def resolve(
    ref: ArtifactRepositoryRef | None, catalogue: Catalogue, namespace: str
) -> ResolvedRepository | None:
    """Return the repository that ``ref`` means, or the namespace's default one.

    None when there is none, or only one of a kind that cannot be used here: then it is the local repository.

    Raises:
        ManifestError: the ConfigMap holds something else under its key.
    """
    name = (ref.config_map if ref is not None else "") or CONFIG_MAP
    config_map = catalogue.config_maps.get(name)
    if config_map is None:
        return None
    key = (ref.key if ref is not None else "") or config_map.metadata.annotations.get(DEFAULT_KEY, "")
    if key not in config_map.data:
        return None
    repository = _read(config_map.data[key], f"key '{key}' of ConfigMap '{name}'")
    location = location_in(repository)
    if location is None or location_of(location) in NOT_SERVED:
        return None
    return ResolvedRepository(namespace=namespace, config_map=name, key=key, artifact_repository=repository)


def _read(text: str, origin: str) -> ArtifactRepository:
    documents, problems = read_documents(text, origin)
    if not problems and len(documents) == 1:
        report = Report(documents[0], strict=False)
        value = reader_of(ArtifactRepository)(documents[0].value, None, report)
        problems = [problem for problem in report.problems if problem.is_error]
        if not problems:
            return msgspec.convert(value, ArtifactRepository)
    told = problems[0].message if problems else "it is not one YAML document"
    message = f"{origin} is no artifact repository: {told}"
    raise ManifestError(message, remedy="Write it as `s3: {endpoint: …, bucket: …}` or another kind.")


def location_in(repository: ArtifactRepository) -> ArtifactLocation | None:
    """Return the location of what goes into ``repository``, its key format as the key; None when it is empty.

    Source: Argo ArtifactRepository.Get, IntoArtifactLocation.
    """
    if (artifactory := repository.artifactory) is not None:
        key = artifactory.key_format or DEFAULT_KEY_FORMAT
        location = Artifactory(
            url=f"{artifactory.repo_url.removesuffix('/')}/{key}",
            username_secret=artifactory.username_secret,
            password_secret=artifactory.password_secret,
        )
        return ArtifactLocation(artifactory=location)
    if (azure := repository.azure) is not None:
        return ArtifactLocation(azure=_as(Azure, azure, blob=azure.blob_name_format or DEFAULT_KEY_FORMAT))
    if (gcs := repository.gcs) is not None:
        return ArtifactLocation(gcs=_as(GCS, gcs, key=gcs.key_format or DEFAULT_KEY_FORMAT))
    if (hdfs := repository.hdfs) is not None:
        return ArtifactLocation(hdfs=_as(HDFS, hdfs, path=hdfs.path_format or DEFAULT_KEY_FORMAT))
    if (oss := repository.oss) is not None:
        return ArtifactLocation(oss=_as(OSS, oss, key=oss.key_format or DEFAULT_KEY_FORMAT))
    if (plugin := repository.plugin) is not None:
        key = plugin.key_format or DEFAULT_KEY_FORMAT
        return ArtifactLocation(plugin=_as(PluginArtifact, plugin, key=key))
    if (s3 := repository.s3) is not None:
        prefix = f"{s3.key_prefix.strip('/')}/" if s3.key_prefix.strip("/") else ""
        return ArtifactLocation(s3=_as(S3, s3, key=s3.key_format or f"{prefix}{DEFAULT_KEY_FORMAT}"))
    return None


def _as(cls: Any, extended: Spec, **changes: str) -> Any:
    """Return the fields of ``cls`` that ``extended``, a type below it, holds."""
    fields = {name: getattr(extended, name) for name in cls.__struct_fields__}
    return cls(**(fields | changes))
