"""Names: present, well formed, unique, short enough."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pinnace.checks.context import ARGUMENTS, TEMPLATES, Context, Site, calls_of
from pinnace.language.labels import trouble_of_key, trouble_of_value
from pinnace.spec.parameters import Artifact, Parameter
from pinnace.spec.problems import Path

#: Source: Argo validate.go, maxCharsInObjectName and workflowFieldMaxLength.
LONGEST_OBJECT_NAME = 63
LONGEST_FIELD_NAME = 128
#: How many random characters follow generateName.
_GENERATED_SUFFIX = 5
_FIELD_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
_PARAMETER_NAME = re.compile(r"[-a-zA-Z0-9_]+")
#: What Kubernetes takes as the name of an object. Source: apimachinery validation, IsDNS1123Subdomain.
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_TAG = re.compile(r"\{\{.*?\}\}")
#: The annotation of a template that says how its nodes are shown, and what it may say.
_DISPLAY_NAME = "workflows.argoproj.io/display-name"
_SHOWN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]")
_FIELD_RULE = (
    "name must consist of alphanumeric characters or '-', and must start with an alphanumeric character"
    " (e.g. My-name1-2, 123-NAME)"
)
_PARAMETER_RULE = (
    "Parameter/Artifact name must consist of alphanumeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1"
)
#: What is told besides of what does no harm here.
_REFUSED = "a cluster refuses the object"


def check_names(context: Context) -> None:
    """Report names that are missing, malformed, repeated or too long."""
    _check_object_name(context)
    _check_labels(context)
    _check_arguments(context, context.spec.arguments, ARGUMENTS)
    if context.merged:
        return
    templates = [
        (template.name, (*TEMPLATES, index)) for index, template in enumerate(context.spec.templates)
    ]
    _check_fields(context, templates)
    for site in context.sites():
        _check_site(context, site)


def _check_object_name(context: Context) -> None:
    name, generated = context.metadata.name, context.metadata.generate_name
    what = "workflow template" if context.is_template else "workflow"
    if len(name) > LONGEST_OBJECT_NAME:
        message = (
            f'{what} name "{name}" must not be more than {LONGEST_OBJECT_NAME} characters long'
            f" (currently {len(name)})"
        )
        context.findings.error("name-too-long", message, ("metadata", "name"))
    elif not name and len(generated) + _GENERATED_SUFFIX > LONGEST_OBJECT_NAME:
        message = f"generateName and {_GENERATED_SUFFIX} more characters exceed {LONGEST_OBJECT_NAME}"
        context.findings.warn("name-too-long", message, ("metadata", "generateName"), "shorten it")
    field = "name" if name else "generateName"
    # What is generated ends with letters and digits.
    whole = name or f"{generated}x"
    if not _OBJECT_NAME.fullmatch(whole):
        message = (
            f"Kubernetes does not take {name or generated!r}: lower-case letters, digits, '-' and '.' only"
        )
        # A template is only referred to; a run is kept under its name.
        record = context.findings.warn if context.is_template else context.findings.error
        record("object-name", message, ("metadata", field))


def _check_labels(context: Context) -> None:
    """Report labels and annotations that no object of a cluster can have; here they do no harm."""
    for key, value in context.metadata.labels.items():
        if trouble := trouble_of_key(key) or trouble_of_value(value):
            context.findings.warn("invalid-label", trouble, ("metadata", "labels", key), _REFUSED)
    for key in context.metadata.annotations:
        if trouble := trouble_of_key(key.lower()):
            context.findings.warn("invalid-label", trouble, ("metadata", "annotations", key), _REFUSED)


def _check_shown_name(context: Context, site: Site) -> None:
    """Report a name to be shown that no node can have. Source: Argo operator.go, displayNameRegex."""
    shown = site.template.annotations.get(_DISPLAY_NAME, "")
    if shown and not _SHOWN.fullmatch(_TAG.sub("xx", shown)):
        message = f"displayName must match the regex ^{_SHOWN.pattern}$"
        context.findings.error("invalid-name", message, (*site.path, "annotations", _DISPLAY_NAME))


def _check_site(context: Context, site: Site) -> None:
    template, path = site
    _check_shown_name(context, site)
    for kind, block in (("inputs", template.inputs), ("outputs", template.outputs)):
        _check_arguments(context, block, (*path, kind))
    sites = list(calls_of(site))
    _check_fields(context, [(untagged(call.name), place) for call, place, _ in sites])
    for call, place, _ in sites:
        _check_arguments(context, call.arguments, (*place, "arguments"))
    for kind, containers in (("sidecars", template.sidecars), ("initContainers", template.init_containers)):
        _check_containers(context, [container.name for container in containers], (*path, kind))
    if template.container_set is not None:
        names = [container.name for container in template.container_set.containers]
        _check_containers(context, names, (*path, "containerSet", "containers"))
    exported = {
        (*path, "outputs", "parameters", index, "globalName"): parameter.global_name
        for index, parameter in enumerate(template.outputs.parameters)
    }
    exported |= {
        (*path, "outputs", "artifacts", index, "globalName"): artifact.global_name
        for index, artifact in enumerate(template.outputs.artifacts)
    }
    for place, name in exported.items():
        if name and "{{" not in name and not _PARAMETER_NAME.fullmatch(name):
            context.findings.error("invalid-name", f"'{name}' is invalid: {_PARAMETER_RULE}", place)


def untagged(name: str) -> str:
    """Return a name with something in the place of each tag: Argo replaces tags before it looks at names."""
    return _TAG.sub(_stand_in, name) if "{{" in name else name


def _stand_in(tag: re.Match[str]) -> str:
    """Return what could stand in a name for a tag: different texts for different tags."""
    return "x" + re.sub("[^a-zA-Z0-9]", "", tag[0])


def _check_arguments(context: Context, block: object, path: Path) -> None:
    for kind in ("parameters", "artifacts"):
        items: tuple[Parameter | Artifact, ...] = getattr(block, kind)
        names = [(item.name, (*path, kind, index)) for index, item in enumerate(items)]
        _check_unique(context, names)
        for name, place in names:
            # An output's name may hold a tag; the name of what is asked for or given may not.
            if name and not _PARAMETER_NAME.fullmatch(_TAG.sub("x", name) if "outputs" in path else name):
                message = f"name: '{name}' is invalid: {_PARAMETER_RULE}"
                context.findings.error("invalid-name", message, (*place, "name"))


def _check_fields(context: Context, names: list[tuple[str, Path]]) -> None:
    _check_unique(context, names)
    for name, place in names:
        if name and not _FIELD_NAME.fullmatch(name):
            message = f"name: '{name}' is invalid: {_FIELD_RULE}"
            context.findings.error("invalid-name", message, (*place, "name"))
        if len(name) > LONGEST_FIELD_NAME:
            message = f"name must be no more than {LONGEST_FIELD_NAME} characters"
            context.findings.error("name-too-long", message, (*place, "name"))


def _check_containers(context: Context, names: list[str], path: Path) -> None:
    places = [(name, (*path, index)) for index, name in enumerate(names)]
    _check_unique(context, places)
    for name, place in places:
        if name in {"wait", "supervisor"} or name.startswith("artifact-plugin-"):
            message = f'"{name}" is a reserved Argo container name'
            context.findings.error("reserved-name", message, (*place, "name"))


def _check_unique(context: Context, names: Iterable[tuple[str, Path]]) -> None:
    seen: set[str] = set()
    for name, place in names:
        if not name:
            # The decoder already said so where the field is required by its type.
            context.findings.error("missing-field", "name is required", place)
        elif name in seen:
            context.findings.error("duplicate-name", f"name '{name}' is not unique", (*place, "name"))
        seen.add(name)
