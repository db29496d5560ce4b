"""Where an artifact lies: pure functions on locations and keys.

Source: Argo api/workflow_types.go, ArtifactLocation; config/config.go; we/executor.go, stageArchiveFile.
"""

from __future__ import annotations

import posixpath

import msgspec

from pinnace.base.errors import RefusedError
from pinnace.spec.encode import encode
from pinnace.spec.parameters import LOCATION_FIELDS, S3, Archive, Artifact

#: The key of a default location, before the artifact's own file name. Source: Argo DefaultArchivePattern.
DEFAULT_KEY_FORMAT = "{{workflow.name}}/{{pod.name}}"


def location_of(artifact: Artifact) -> str:
    """Return the field that names the artifact's location (``s3``, ``raw``, …), or "" when there is none."""
    for kind in LOCATION_FIELDS:
        if getattr(artifact, kind) is not None:
            return kind
    return ""


def key_of(artifact: Artifact) -> str:
    """Return the key within the location: what comes after the bucket or the host; "" when there is none."""
    match location_of(artifact):
        case "s3":
            assert artifact.s3 is not None
            return artifact.s3.key
        case "http":
            assert artifact.http is not None
            return _split_path(artifact.http.url)[1]
        case "" | "raw":
            return ""
        case kind:
            return str(getattr(getattr(artifact, kind), "key", ""))


def has_location(artifact: Artifact) -> bool:
    """Return whether the location is complete: it says where to go, and the key to ask for there.

    Differs from Argo: an ``s3`` without an endpoint is complete, and means Amazon's.
    """
    match location_of(artifact):
        case "s3":
            assert artifact.s3 is not None
            return bool(artifact.s3.bucket and artifact.s3.key)
        case "http":
            assert artifact.http is not None
            return bool(artifact.http.url)
        case "":
            return False
        case "raw":
            return True
        case kind:  # no store of ours reads these: enough to tell a key alone from more than that
            return bool(encode(getattr(artifact, kind)).keys() - {"key"})


def is_supplied(artifact: Artifact) -> bool:
    """Return whether there is anything to load: a complete location, or a key of the default repository."""
    return has_location(artifact) or bool(key_of(artifact))


def with_key(artifact: Artifact, key: str) -> Artifact:
    """Return the artifact at ``key`` of the same location.

    Raises:
        RefusedError: its location has no keys.
    """
    match location_of(artifact):
        case "s3":
            assert artifact.s3 is not None
            return msgspec.structs.replace(artifact, s3=msgspec.structs.replace(artifact.s3, key=key))
        case "http":
            assert artifact.http is not None
            path = key if key.startswith("/") else f"/{key}"
            before, _, after = _split_path(artifact.http.url)
            http = msgspec.structs.replace(artifact.http, url=before + path + after)
            return msgspec.structs.replace(artifact, http=http)
        case kind:
            raise RefusedError(
                f"the artifact {artifact.name!r} has no key to set: its location is {kind or 'none'}"
            )


def below_key(artifact: Artifact, sub_path: str) -> Artifact:
    """Return the artifact at ``sub_path`` below its key. Source: Argo AppendToKey.

    Raises:
        RefusedError: ``sub_path`` climbs, or the location has no keys.
    """
    if ".." in sub_path.split("/"):
        raise RefusedError(f"the subPath {sub_path!r} of the artifact {artifact.name!r} has the segment '..'")
    return with_key(artifact, posixpath.normpath(f"{key_of(artifact)}/{sub_path}"))


def relocate(artifact: Artifact, repository: Artifact | None) -> Artifact:
    """Return the artifact with ``repository`` as its location, at its own key; a complete one stays.

    ``repository`` is an artifact that holds nothing but a location. None, the local repository, is written as
    an ``s3`` with nothing but a key, which is what Argo keeps in a node's status too.

    Raises:
        RefusedError: the artifact's kind is not the repository's.

    Source: Argo ArtifactLocation.Relocate.
    """
    if has_location(artifact) or repository is None:
        return artifact
    kind = location_of(repository)
    if location_of(artifact) not in {kind, ""}:
        raise RefusedError(
            f"the artifact {artifact.name!r} has only a key of {location_of(artifact)}, "
            f"but the artifact repository is {kind}",
            remedy=f"Give it a complete location, or write its key below {kind}.",
        )
    key = key_of(artifact)
    changed = msgspec.structs.replace(artifact, **{kind: getattr(repository, kind)})
    return with_key(changed, key)


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


def with_default_key(artifact: Artifact, key_prefix: str, repository: Artifact | None) -> Artifact:
    """Return an output at its place in the repository, if it has no key of its own.

    Args:
        artifact: the output, tags substituted.
        key_prefix: the repository's key format, tags substituted (``DEFAULT_KEY_FORMAT``).
        repository: as for ``relocate``.
    """
    if key_of(artifact) or has_location(artifact):
        return relocate(artifact, repository)
    key = posixpath.normpath(posixpath.join(key_prefix, file_name(artifact)))
    if repository is None:
        return msgspec.structs.replace(artifact, s3=S3(key=key))
    kind = location_of(repository)
    return with_key(msgspec.structs.replace(artifact, **{kind: getattr(repository, kind)}), key)


def _split_path(url: str) -> tuple[str, str, str]:
    """Return what is before the path of ``url``, the path, and what is after it."""
    mark = url.find("://")
    host = mark + 3 if mark >= 0 else 0
    end = min((i for i in (url.find("?", host), url.find("#", host)) if i >= 0), default=len(url))
    start = url.find("/", host, end)
    start = end if start < 0 else start
    return url[:start], url[start:end], url[end:]
