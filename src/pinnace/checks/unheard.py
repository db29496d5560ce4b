"""What is written and comes to nothing: specs of which only a template is used, outputs that nobody reads."""

from __future__ import annotations

import re

import msgspec

from pinnace.checks.context import Context, Site, calls_of, is_dynamic
from pinnace.checks.pods import declared_volumes, mounting
from pinnace.checks.reach import Reach, calls_in
from pinnace.spec.encode import encode
from pinnace.spec.references import LOCAL
from pinnace.spec.workflow import WorkflowSpec

#: Fields of a WorkflowTemplate's spec that its templates need or are meant to have, and that a call of one of
#: them leaves behind: as attribute and as written.
_LEFT_BEHIND = {
    "on_exit": "onExit",
    "hooks": "hooks",
    "template_defaults": "templateDefaults",
    "retry_strategy": "retryStrategy",
}
_OUTPUT = re.compile(r"outputs\.parameters\.([\w-]+)")
_ALL_OUTPUTS = re.compile(r"outputs\.parameters\b(?!\.)")


def check_unheard(context: Context, reach: Reach) -> None:
    """Warn about what has no effect, though its author surely meant it to."""
    for site in context.sites():
        for call, path, _ in calls_of(site):
            ref = call.template_ref
            if ref is None or is_dynamic(call):
                continue
            holder = context.catalogue.workflow_template(ref.name, cluster_scope=ref.cluster_scope)
            if holder is None:
                continue
            fields = [field for name, field in _LEFT_BEHIND.items() if getattr(holder.spec, name)]
            missing = _volumes_of(holder.spec, ref.template) - declared_volumes(context.spec)
            if missing:
                fields.append(f"volumes ({', '.join(sorted(missing))})")
            if fields:
                message = (
                    "a templateRef takes over the template and nothing else:"
                    f" {', '.join(fields)} in the spec of '{ref.name}' do not count here"
                )
                hint = "give this step or this workflow its own"
                context.findings.warn("ignored-spec", message, (*path, "templateRef"), hint)
    if not context.is_template:
        _check_outputs(context, reach)


def _volumes_of(spec: WorkflowSpec, name: str) -> set[str]:
    """Return the volumes of ``spec`` that its template ``name``, and those that it calls there, mount."""
    templates = {template.name: template for template in spec.templates}
    mounted: set[str] = set()
    waiting, seen = [name], {name}
    while waiting:
        template = templates.get(waiting.pop())
        if template is None:
            continue
        own = {str(each.get("name", "")) for each in template.volumes if isinstance(each, dict)}
        mounts = (mount for body, _ in mounting(Site(template, ())) for mount in body.volume_mounts)
        mounted |= {mount.name for mount in mounts} - own
        called = {call.template for call, _ in calls_in(template)} - seen
        waiting += called
        seen |= called
    return mounted & declared_volumes(spec)


def _check_outputs(context: Context, reach: Reach) -> None:
    """Warn about output parameters of a called template that no text of the workflow mentions."""
    text = msgspec.json.encode(encode(context.spec)).decode()
    if _ALL_OUTPUTS.search(text):
        return  # all outputs of a loop, or an expression over them
    mentioned = set(_OUTPUT.findall(text))
    for index, template in enumerate(context.spec.templates):
        if (LOCAL, template.name) not in reach.reached or template.name == context.spec.entrypoint:
            continue
        for place, parameter in enumerate(template.outputs.parameters):
            if not parameter.global_name and parameter.name and parameter.name not in mentioned:
                message = f"nothing in this workflow reads the output parameter '{parameter.name}'"
                path = ("spec", "templates", index, "outputs", "parameters", place)
                context.findings.warn("unused-output", message, path)
