"""What only a pod has: resources and claims of the pod as a whole, and the manifest of a resource template.

Source: Argo validate.go, validatePodResources, validateTemplate, validateLeaf.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pinnace.base.errors import ManifestError
from pinnace.checks.context import Context, Site
from pinnace.checks.scopes import POD_BODIES
from pinnace.spec.documents import read_documents
from pinnace.spec.podpatch import read_patch
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.templates import Container, ContainerSetTemplate
from pinnace.spec.workflow import WorkflowSpec

_TAG = re.compile(r"\{\{.*?\}\}")
#: Source: Kubernetes ValidateDNS1123Label.
_VOLUME_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ACTIONS = ("get", "create", "apply", "delete", "replace", "patch")
#: Templates whose work is done by a shared agent, not by a pod of their own.
_BY_AGENT = {"http": "HTTP", "plugin": "Plugin"}


def check_pods(context: Context) -> None:
    """Report what Kubernetes would refuse when the pod is made, in the middle of the run."""
    _check_pod_resources(context, context.spec.pod_resources, ("spec", "podResources"))
    _check_patch(context, context.spec.pod_spec_patch, ("spec", "podSpecPatch"))
    _check_volumes(context, context.spec.volumes, ("spec", "volumes"))
    for site in context.sites():
        template, path = site
        body = next(iter(template.body_types), "")
        if template.pod_resources is not None and body in _BY_AGENT:
            message = f"podResources is not supported for {_BY_AGENT[body]} templates"
            context.findings.error("misplaced-field", message, (*path, "podResources"))
        _check_pod_resources(context, template.pod_resources, (*path, "podResources"))
        if template.resource_claims and body and body not in POD_BODIES:
            message = f"resourceClaims is not supported for {body} templates, which do not create a pod"
            context.findings.error("misplaced-field", message, (*path, "resourceClaims"))
        _check_patch(context, template.pod_spec_patch, (*path, "podSpecPatch"))
        _check_volumes(context, template.volumes, (*path, "volumes"))
        _check_mounts(context, site)
        if template.resource is not None:
            _check_resource(context, site)


def _check_mounts(context: Context, site: Site) -> None:
    """Warn about volumes that are mounted and declared nowhere; a WorkflowTemplate's may be its caller's."""
    spec, template = context.spec, site.template
    defaults = spec.template_defaults
    patches = (spec.pod_spec_patch, template.pod_spec_patch, defaults.pod_spec_patch if defaults else "")
    if context.is_template or any(patches):
        return
    known = declared_volumes(spec) | _names(template.volumes) | _names(defaults.volumes if defaults else ())
    if any("{{" in name for name in known):
        return
    for body, path in mounting(site):
        for index, mount in enumerate(body.volume_mounts):
            if "{{" not in mount.name and mount.name not in known:
                message = f"no volume '{mount.name}' is declared: the pod cannot be made"
                hint = did_you_mean(mount.name, sorted(known)) or "declare it in the workflow's volumes"
                context.findings.warn("unknown-volume", message, (*path, "volumeMounts", index), hint)


def declared_volumes(spec: WorkflowSpec) -> set[str]:
    """Return the names of the volumes that a spec has for all its templates."""
    claims = [item.get("metadata") for item in spec.volume_claim_templates if isinstance(item, dict)]
    return _names(spec.volumes) | _names(claims)


def _names(items: Iterable[Any]) -> set[str]:
    return {str(item.get("name", "")) for item in items if isinstance(item, dict)}


def mounting(site: Site) -> Iterator[tuple[Container | ContainerSetTemplate, Path]]:
    """Yield what mounts volumes in a template, with its place."""
    template, path = site
    if template.container is not None:
        yield template.container, (*path, "container")
    if template.script is not None:
        yield template.script, (*path, "script")
    containers = template.container_set
    if containers is not None:
        yield containers, (*path, "containerSet")
        for index, each in enumerate(containers.containers):
            yield each, (*path, "containerSet", "containers", index)
    for name, users in (("initContainers", template.init_containers), ("sidecars", template.sidecars)):
        for index, user in enumerate(users):
            yield user, (*path, name, index)


def _check_volumes(context: Context, volumes: Iterable[Any], path: Path) -> None:
    for index, volume in enumerate(volumes):
        name = str(volume.get("name", "")) if isinstance(volume, dict) else ""
        if name and not _VOLUME_NAME.fullmatch(_TAG.sub("x", name)):
            message = (
                f"Kubernetes does not take {name!r}: lower-case letters, digits and '-' only, at most 63"
            )
            context.findings.error("object-name", message, (*path, index, "name"))


def _check_pod_resources(context: Context, resources: Any, path: Path) -> None:
    if not isinstance(resources, dict):
        return
    if resources.get("claims"):
        message = "claims is not supported for pod-level resources"
        context.findings.error("misplaced-field", message, (*path, "claims"))
    for kind in ("limits", "requests"):
        amounts = resources.get(kind)
        for name in amounts if isinstance(amounts, dict) else ():
            if name not in {"cpu", "memory"} and not name.startswith("hugepages-"):
                message = (
                    f'"{name}" is not a valid pod-level resource,'
                    " only cpu, memory and hugepages-* are supported"
                )
                context.findings.error("invalid-value", message, (*path, kind, name))


def _check_patch(context: Context, text: str, path: Path) -> None:
    if not text or _TAG.search(text):
        return
    try:
        read_patch(text)
    except ManifestError as error:
        context.findings.error("invalid-patch", error.message, path, error.remedy)


def _check_resource(context: Context, site: Site) -> None:
    resource = site.template.resource
    assert resource is not None
    path = (*site.path, "resource")
    action, manifest, source = resource.action, resource.manifest, resource.manifest_from
    if action not in _ACTIONS and "{{" not in action:
        message = f"resource.action must be one of: {', '.join(_ACTIONS)}"
        context.findings.error("invalid-value", message, (*path, "action") if action else path)
    if action not in ("delete", "get") and not manifest and source is None:
        message = "either resource.manifest or resource.manifestFrom must be specified"
        context.findings.error("missing-field", message, path)
    if manifest and source is not None:
        message = (
            "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template"
        )
        context.findings.error("conflicting-fields", message, path)
    if source is not None and source.artifact is not None:
        name = source.artifact.name
        inputs = [artifact.name for artifact in site.template.inputs.artifacts]
        if name not in inputs:
            message = f"artifact {name} in `manifestFrom` refer to a non-exist artifact"
            hint = did_you_mean(name, inputs)
            context.findings.error("unknown-artifact", message, (*path, "manifestFrom"), hint)
    if manifest:
        # Whatever the tags give, here a plain word stands for it.
        problems = read_documents(_TAG.sub("placeholder", manifest), "")[1]
        if any(problem.is_error for problem in problems):
            message = "resource.manifest must be a valid yaml"
            context.findings.error("invalid-yaml", message, (*path, "manifest"))
