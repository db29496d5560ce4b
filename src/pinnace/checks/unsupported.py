"""What Argo has and this version of Pinnace does not run: refused before anything starts.

Each row goes when its feature comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pinnace.checks.context import TEMPLATES, Context, Site, calls_of
from pinnace.checks.reach import Reach
from pinnace.spec.bodies import Resource
from pinnace.spec.kinds import KINDS, NAMESPACE_FLAGS, kind_called
from pinnace.spec.locations import NOT_SERVED
from pinnace.spec.parameters import ArtifactLocation
from pinnace.spec.references import LOCAL
from pinnace.spec.templates import Template

#: Where a manifest says its kind: at the beginning of a line, or of the whole in JSON.
_KIND = re.compile(r"""^(?:\s*\{\s*)?["']?kind["']?\s*:[ \t]*([^\s,}#]+)""", re.MULTILINE)
_HINT = "run this workflow on a cluster, or replace this part"


def check_unsupported(context: Context, reach: Reach) -> None:
    """Report what cannot run here: an error where the run would get to it, else a warning."""
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
    kind = _kind_not_kept(template.resource) if template.resource is not None else ""
    if kind:
        yield f"objects of kind {kind} are not kept here, but {', '.join(KINDS)}", "resource"
    if template.archive_location is not None and (location := _refused_location(template.archive_location)):
        yield f"{location} artifacts are not run by this version", "archiveLocation"
    for kind, artifacts in (("inputs", template.inputs.artifacts), ("outputs", template.outputs.artifacts)):
        for artifact in artifacts:
            location = _refused_location(artifact)
            if location:
                yield f"artifact '{artifact.name}': {location} artifacts are not run by this version", kind


def _kind_not_kept(resource: Resource) -> str:
    """Return the kind of the object that is acted on, if it is written and no such object is kept here.

    The manifest may not be YAML before its tags are replaced; what is found out only then fails the node.
    """
    found = _KIND.search(resource.manifest)
    if found is not None:
        kind = found[1].strip("'\"")
        return "" if kind in KINDS or "{{" in kind else kind
    pairs = zip(("", *resource.flags), resource.flags, strict=False)
    words = [flag for before, flag in pairs if not flag.startswith("-") and before not in NAMESPACE_FLAGS]
    if resource.action in {"create", "apply", "replace"} or not words or "{{" in words[0]:
        return ""
    word = words[0].partition("/")[0]
    return "" if kind_called(word) else word


def _refused_location(artifact: ArtifactLocation) -> str:
    """Return the artifact's location when it has no store here, or an empty text."""
    return next((name for name in NOT_SERVED if getattr(artifact, name) is not None), "")
