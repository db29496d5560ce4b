"""What Argo has and this version of Pinnace does not run: refused before anything starts.

Each row goes when its feature comes.
"""

from __future__ import annotations

from collections.abc import Iterator

from pinnace.checks.context import TEMPLATES, Context, Site, calls_of
from pinnace.checks.reach import Reach
from pinnace.spec.parameters import Artifact
from pinnace.spec.references import LOCAL
from pinnace.spec.templates import Template

_REFUSED_BODIES = {
    "resource": "resource templates",
    "containerSet": "containerSet templates",
    "plugin": "plugin templates",
}
_REFUSED_LOCATIONS = ("git", "artifactory", "hdfs", "oss", "gcs", "azure", "plugin")
_REFUSED_AUTH = ("clientCert", "oauth2")
_HINT = "run this workflow on a cluster, or replace this part"


def check_unsupported(context: Context, reach: Reach) -> None:
    """Report what cannot run here: an error where the run would get to it, else a warning."""
    if context.spec.synchronization is not None:
        message = "workflow-level locks are not run by this version"
        context.findings.error("unsupported-here", message, ("spec", "synchronization"), _HINT)
    for site in context.sites():
        if site.path[: len(TEMPLATES)] != TEMPLATES or context.merged:
            continue
        owner = context.spec.templates[int(site.path[len(TEMPLATES)])]
        runs = (LOCAL, owner.name) in reach.reached and not context.is_template
        record = context.findings.error if runs else context.findings.warn
        for reason, field in _reasons(site.template):
            record("unsupported-here", reason, (*site.path, field), _HINT)
    for (scope, name), (template, place) in reach.reached.items():
        if scope == LOCAL and not context.merged:
            continue
        for site in _with_inline(template):
            for reason, _ in _reasons(site.template):
                message = f"template '{name}' of {scope or 'the template it refers to'}: {reason}"
                context.findings.error("unsupported-here", message, place, _HINT)


def _with_inline(template: Template) -> Iterator[Site]:
    site = Site(template, ())
    yield site
    for call, path, _ in calls_of(site):
        if call.inline is not None:
            yield Site(call.inline, (*path, "inline"))


def _reasons(template: Template) -> Iterator[tuple[str, str]]:
    """Yield why a template cannot run here, each with the field that says so."""
    for body in template.body_types:
        if body in _REFUSED_BODIES:
            yield f"{_REFUSED_BODIES[body]} are not run by this version", body
    if template.daemon:
        yield "daemon templates are not run by this version", "daemon"
    if template.sidecars:
        yield "sidecars are not run by this version", "sidecars"
    if template.init_containers:
        yield "init containers are not run by this version", "initContainers"
    if template.synchronization is not None:
        yield "locks are not run by this version", "synchronization"
    for kind, artifacts in (("inputs", template.inputs.artifacts), ("outputs", template.outputs.artifacts)):
        for artifact in artifacts:
            location = _refused_location(artifact)
            if location:
                yield f"artifact '{artifact.name}': {location} artifacts are not run by this version", kind


def _refused_location(artifact: Artifact) -> str:
    """Return what of the artifact's location has no store here, or an empty text."""
    auth = (artifact.http.auth if artifact.http is not None else None) or {}
    kinds = [f"http with auth.{kind}" for kind in _REFUSED_AUTH if auth.get(kind)]
    kinds += [name for name in _REFUSED_LOCATIONS if getattr(artifact, name) is not None]
    return kinds[0] if kinds else ""
