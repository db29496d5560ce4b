"""Artifacts that are passed on, which one a reference means; and where those without a location are kept.

Source: Argo scope.go resolveArtifact; workflowpod.go addArchiveLocation.
"""

from __future__ import annotations

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError, RefusedError
from pinnace.engine.run import Run
from pinnace.engine.substitute import value_of
from pinnace.language.tags import Scope, mentions, substitute
from pinnace.spec.locate import LOCAL, below_key, has_location, key_of, with_key
from pinnace.spec.parameters import Artifact, ArtifactLocation
from pinnace.spec.repositories import location_in
from pinnace.spec.templates import Template


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
        key, value = artifact.from_expression, value_of(artifact.from_expression, scope)
    elif (key := _key_of(artifact.from_, scope)).startswith("="):
        value = value_of(key[1:], scope)
    else:
        value = scope.get(key)
    if not isinstance(value, Artifact):
        message = f'Unable to resolve: "{key}"'
        raise ManifestError(message)
    if artifact.sub_path:
        try:
            return below_key(value, substitute(artifact.sub_path, scope))
        except RefusedError as error:
            if value.optional:
                return value
            raise ManifestError(error.message) from None
    return value


def _key_of(text: str, scope: Scope) -> str:
    """Return the key in ``{{key}}``, after tags inside it are replaced; an expression with its ``=``."""
    inner = text.strip()
    if inner.startswith("{{") and inner.endswith("}}"):
        inner = inner[2:-2].strip()
        if inner.startswith("="):
            return inner
        return substitute(inner, scope).strip() if mentions(inner) else inner.strip()
    return substitute(inner, scope).strip()


def repository_of(run: Run) -> ArtifactLocation:
    """Return where the run keeps artifacts without a location, with the key format as its key."""
    known = run.info.repository
    return (known is not None and location_in(known.artifact_repository)) or LOCAL


def archive_location(run: Run, template: Template, scope: Scope) -> ArtifactLocation:
    """Return where a template's artifacts are kept that have no location: its own word, else the repository.

    It is never without a key, below which outputs go; the location of the local repository is nothing else.
    ``archive_logs`` says whether its logs are kept, by the repository's word, its own, and the workflow's.

    Args:
        run: whose template it is.
        template: its tags replaced.
        scope: what the repository's key format sees.

    Source: Argo workflowpod.go addArchiveLocation, IsArchiveLogs.
    """
    own = template.archive_location
    if own is not None and has_location(own):
        return own
    repository = repository_of(run)
    words = (own.archive_logs if own is not None else None, run.workflow.spec.archive_logs)
    keeps_logs = _always_keeps_logs(run) or next((word for word in words if word is not None), False)
    return replace(with_key(repository, substitute(key_of(repository), scope)), archive_logs=keeps_logs)


def _always_keeps_logs(run: Run) -> bool:
    known = run.info.repository
    return known is not None and bool(known.artifact_repository.archive_logs)
