"""Where an artifact lies: pure functions on locations and keys.

Source: Argo api/workflow_types.go, ArtifactLocation; config/config.go; we/executor.go, stageArchiveFile.
"""

from __future__ import annotations

import posixpath
from typing import Any, TypeVar

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.spec.parameters import LOCATION_FIELDS, S3, Archive, Artifact, ArtifactLocation

_Located = TypeVar("_Located", bound=ArtifactLocation)

#: The key of a default location, before the artifact's own file name. Source: Argo DefaultArchivePattern.
DEFAULT_KEY_FORMAT = "{{workflow.name}}/{{pod.name}}"

#: The local repository: a location that is nothing but a key.
LOCAL = ArtifactLocation(s3=S3(key=DEFAULT_KEY_FORMAT))

#: The field that is the key, by kind. A URL's key is its path; what is not here has none.
_KEYS = {"s3": "key", "gcs": "key", "oss": "key", "azure": "blob", "hdfs": "path", "plugin": "key"}

#: The fields that a complete location has, by kind.
#: Differs from Argo: an ``s3`` without an endpoint is complete, and means Amazon's.
_NEEDED = {
    "s3": ("bucket", "key"),
    "git": ("repo",),
    "http": ("url",),
    "artifactory": ("url", "username_secret"),
    "hdfs": ("addresses",),
    "raw": (),
    "oss": ("endpoint", "bucket", "key"),
    "gcs": ("bucket", "key"),
    "azure": ("endpoint", "container", "blob"),
    "plugin": ("name", "configuration", "key"),
}


def location_of(artifact: ArtifactLocation) -> str:
    """Return the field that names the artifact's location (``s3``, ``raw``, …), or "" when there is none."""
    for kind in LOCATION_FIELDS:
        if getattr(artifact, kind) is not None:
            return kind
    return ""


def key_of(artifact: ArtifactLocation) -> str:
    """Return the key within the location: what comes after the bucket or the host; "" when there is none."""
    kind = location_of(artifact)
    if kind in _KEYS:
        return str(getattr(getattr(artifact, kind), _KEYS[kind]))
    return _split_path(getattr(artifact, kind).url)[1] if kind in {"http", "artifactory"} else ""


def has_location(artifact: ArtifactLocation) -> bool:
    """Return whether the location is complete: it says where to go, and the key to ask for there."""
    kind = location_of(artifact)
    return bool(kind) and all(getattr(getattr(artifact, kind), name) for name in _NEEDED[kind])


def is_supplied(artifact: ArtifactLocation) -> bool:
    """Return whether there is anything to load: a complete location, or a key of the default repository."""
    return has_location(artifact) or bool(key_of(artifact))


def with_key(artifact: _Located, key: str) -> _Located:
    """Return the artifact at ``key`` of the same location.

    Raises:
        RefusedError: its location has no keys.
    """
    kind = location_of(artifact)
    location: Any = getattr(artifact, kind) if kind else None
    if kind in _KEYS:
        location = replace(location, **{_KEYS[kind]: key})
    elif kind in {"http", "artifactory"}:
        before, _, after = _split_path(location.url)
        location = replace(location, url=before + (key if key.startswith("/") else f"/{key}") + after)
    else:
        where = f"the artifact {artifact.name!r}" if isinstance(artifact, Artifact) else "the location"
        raise RefusedError(f"{where} has no key to set: its location is {kind or 'none'}")
    return replace(artifact, **{kind: location})


def below_key(artifact: Artifact, sub_path: str) -> Artifact:
    """Return the artifact at ``sub_path`` below its key. Source: Argo AppendToKey.

    Raises:
        RefusedError: ``sub_path`` climbs, or the location has no keys.
    """
    if ".." in sub_path.split("/"):
        raise RefusedError(f"the subPath {sub_path!r} of the artifact {artifact.name!r} has the segment '..'")
    return with_key(artifact, posixpath.normpath(f"{key_of(artifact)}/{sub_path}"))


def with_plain_path(artifact: Artifact) -> Artifact:
    """Return the artifact with its path without ``..``, for a task that loads or saves it.

    What follows the first ``..`` may climb, but not out of the folder in front of it: a parameter in
    ``/tmp/safe/{{inputs.parameters.name}}`` leads nowhere else. Source: Argo Artifact.CleanPath.

    Raises:
        ManifestError: there is no path, or it climbs out of that folder.
    """
    path = artifact.path
    if not path:
        message = f"Artifact '{artifact.name}' did not specify a path"
        raise ManifestError(message)
    if ".." not in path.split("/"):
        return artifact
    plain = posixpath.normpath(path)
    folder, climbs, _ = f"{path}/".partition("/../")
    if climbs and folder and not plain.startswith(f"{folder}/"):
        message = (
            f"Artifact '{artifact.name}' attempted to use a path containing '..'. "
            "Directory traversal is not permitted"
        )
        raise ManifestError(message, remedy="Write the path without '..'.")
    return replace(artifact, path=plain)


def relocate(artifact: Artifact, repository: ArtifactLocation | None) -> Artifact:
    """Return the artifact with ``repository`` as its location, at its own key; a complete one stays.

    None leaves what has only a key.

    Source: Argo ArtifactLocation.Relocate: the kind that the key was written under does not matter.
    """
    if has_location(artifact) or repository is None:
        return artifact
    return with_key(_with_location(artifact, repository), key_of(artifact))


def is_same_place(location: ArtifactLocation, other: ArtifactLocation) -> bool:
    """Return whether both are the same but for their keys."""
    return _place_of(location) == _place_of(other)


def _place_of(location: ArtifactLocation) -> ArtifactLocation:
    return replace(with_key(location, ""), archive_logs=None) if key_of(location) else location


def is_packed(how: Archive | None) -> bool:
    """Return whether an output with this ``archive`` is packed; one that names no way at all is not.

    Source: Argo we/executor.go, stageArchiveFile.
    """
    return how is None or (how.none is None and (how.tar is not None or how.zip is not None))


def file_name(artifact: Artifact) -> str:
    """Return what an output is called below the key of its repository.

    ``<name>.tgz`` or ``<name>.zip`` when it is packed, else the base name of its path.
    """
    if not is_packed(artifact.archive):
        return posixpath.basename(posixpath.normpath(artifact.path))
    is_zip = artifact.archive is not None and artifact.archive.zip is not None
    return f"{artifact.name}.{'zip' if is_zip else 'tgz'}"


def placed(artifact: Artifact, repository: ArtifactLocation) -> Artifact:
    """Return an output at its place: its own if it has a key, else one below the key of ``repository``.

    Of what it takes from the repository only the key is kept with it, under the repository's kind: which
    bucket that is, the run knows.

    Source: Argo we/executor.go, saveArtifactFromFile.
    """
    if is_supplied(artifact):
        return artifact
    kind = location_of(repository)
    bare = replace(ArtifactLocation(), **{kind: type(getattr(repository, kind))()})
    key = posixpath.join(key_of(repository), file_name(artifact))
    return with_key(_with_location(artifact, bare), posixpath.normpath(key))


def kept(artifact: Artifact, location: ArtifactLocation, repository: ArtifactLocation) -> Artifact:
    """Return an output as its node keeps it.

    Differs from Argo: of what is not stored in the repository the whole location is kept, so that whoever is
    handed the artifact finds it; Argo keeps the key alone.

    Args:
        artifact: the output as it is declared.
        location: where the template's outputs are stored.
        repository: where artifacts are that have only a key.
    """
    found = placed(artifact, location)
    return found if is_same_place(location, repository) else relocate(found, location)


def _with_location(artifact: _Located, location: ArtifactLocation) -> _Located:
    """Return the artifact with ``location`` in place of its own."""
    return replace(artifact, **{kind: getattr(location, kind) for kind in LOCATION_FIELDS})


def _split_path(url: str) -> tuple[str, str, str]:
    """Return what is before the path of ``url``, the path, and what is after it."""
    mark = url.find("://")
    host = mark + 3 if mark >= 0 else 0
    end = min((i for i in (url.find("?", host), url.find("#", host)) if i >= 0), default=len(url))
    start = url.find("/", host, end)
    start = end if start < 0 else start
    return url[:start], url[start:end], url[end:]
