"""Artifacts that are passed on: which one a reference means. Source: Argo scope.go resolveArtifact."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.inputs import has_location_or_key
from pinnace.language.expressions import evaluate
from pinnace.language.tags import Scope, mentions, substitute
from pinnace.spec.parameters import Artifact


def resolve_artifacts(
    filled: tuple[Artifact, ...], written: tuple[Artifact, ...], scope: Scope
) -> tuple[Artifact, ...]:
    """Return the artifacts of a call, references followed; optional ones that nobody made are left out.

    Args:
        filled: the arguments with their tags replaced, references taken out.
        written: the same arguments as the manifest has them.
        scope: where references are looked up.

    Raises:
        ManifestError: a reference leads nowhere.
    """
    found = []
    for own, original in zip(filled, written, strict=True):
        if not original.from_ and not original.from_expression:
            found.append(own)
            continue
        try:
            found.append(replace(follow(original, scope), name=own.name))
        except PinnaceError as error:
            if not original.optional:
                message = f"unable to resolve references: {error.message}"
                raise ManifestError(message) from None
    return tuple(found)


def follow(artifact: Artifact, scope: Scope) -> Artifact:
    """Return the artifact that ``from`` or ``fromExpression`` means, ``subPath`` appended to its key.

    Raises:
        ManifestError: there is no such artifact.
    """
    if artifact.from_expression:
        value = _evaluated(artifact.from_expression, scope)
    else:
        value = scope.get(_key_of(artifact.from_, scope))
    if not isinstance(value, Artifact):
        message = f"Unable to resolve: {artifact.from_expression or artifact.from_}"
        raise ManifestError(message)
    if artifact.sub_path:
        return append_to_key(value, substitute(artifact.sub_path, scope))
    return value


def _evaluated(expression: str, scope: Scope) -> object:
    from pinnace.language.expressions import analyse

    return evaluate(expression, dict(scope.variables(analyse(expression).roots)))


def _key_of(text: str, scope: Scope) -> str:
    """Return the key in ``{{key}}``, after tags inside it are replaced."""
    inner = text.strip()
    if inner.startswith("{{") and inner.endswith("}}"):
        inner = inner[2:-2]
        return substitute(inner, scope).strip() if mentions(inner) else inner.strip()
    return substitute(inner, scope).strip()


def append_to_key(artifact: Artifact, path: str) -> Artifact:
    """Return the artifact below ``path`` of this one.

    Raises:
        ManifestError: the path climbs, or the location has no key.
    Source: Argo Artifact.AppendToKey, CleanPath.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path:
        message = f"subPath {path!r} leaves the artifact"
        raise ManifestError(message)
    suffix = "/".join(parts)
    changes: dict[str, Any] = {}
    if artifact.s3 is not None:
        changes["s3"] = replace(artifact.s3, key=f"{artifact.s3.key.rstrip('/')}/{suffix}")
    elif artifact.http is not None:
        changes["http"] = replace(artifact.http, url=f"{artifact.http.url.rstrip('/')}/{suffix}")
    else:
        for name, field in (("gcs", "key"), ("oss", "key"), ("azure", "blob"), ("hdfs", "path")):
            location = getattr(artifact, name)
            if isinstance(location, dict):
                changes[name] = {**location, field: f"{str(location.get(field, '')).rstrip('/')}/{suffix}"}
    if not changes:
        trouble = "has no key to append to" if has_location_or_key(artifact) else "was never stored"
        message = f"subPath {path!r}: the artifact {artifact.name!r} {trouble}"
        raise ManifestError(message)
    return replace(artifact, **changes)
