"""What of a template is not honoured on one machine: told for each node, never passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pinnace.engine.containers import container_of, containers_of
from pinnace.runtime import handlers
from pinnace.runtime.quotas import disk_limit
from pinnace.spec.podpatch import unreached
from pinnace.spec.templates import Container, Template
from pinnace.spec.workflow import WorkflowSpec

#: Field → what is not done about it. Asked of the container, the template and the workflow.
_CONTAINER: dict[str, str] = {
    "resources": "resources: of requests and limits, only that of ephemeral-storage is enforced",
    "security_context": "securityContext: the task runs as the user who runs Pinnace",
    "ports": "ports: the host's own network is used",
    "image_pull_policy": "imagePullPolicy: no image is pulled",
    "stdin": "stdin: standard input is empty",
    "tty": "tty: there is no terminal",
    "volume_devices": "volumeDevices: no devices are mapped",
}
_TEMPLATE: dict[str, str] = {
    "node_selector": "nodeSelector: there is one machine",
    "affinity": "affinity: there is one machine",
    "tolerations": "tolerations: there is one machine",
    "metadata": "metadata, podMetadata: there is no pod to label",
    "scheduler_name": "schedulerName: there is no scheduler",
    "priority_class_name": "priorityClassName: there is no scheduler",
    "service_account_name": "serviceAccountName: no account is assumed",
    "automount_service_account_token": "automountServiceAccountToken: no token is mounted",
    "security_context": "securityContext: the task runs as the user who runs Pinnace",
    "pod_resources": "podResources: no requests or limits are enforced",
    "resource_claims": "resourceClaims: no devices are claimed",
    "executor": "executor: no account is assumed",
}
_WORKFLOW: dict[str, str] = {
    **{name: text for name, text in _TEMPLATE.items() if name != "metadata"},
    "image_pull_secrets": "imagePullSecrets: no image is pulled",
    "dns_policy": "dnsPolicy: the host's own is used",
    "dns_config": "dnsConfig: the host's own is used",
    "pod_priority_class_name": "podPriorityClassName: there is no scheduler",
    "pod_disruption_budget": "podDisruptionBudget: there are no pods to keep",
}
_NO_REPOSITORY = "artifactRepositoryRef: no ConfigMap given holds one that works here, the local one is used"


def notes_of(template: Template, common: Iterable[str], name: str = "") -> tuple[str, ...]:
    """Return a sentence for each thing that the manifest asks of this node and that is not done here.

    ``name`` is that of a container of its pod, "" where it has but one. ``common`` are those that the
    workflow asks of all its nodes, of ``notes_of_workflow``.
    """
    return tuple(dict.fromkeys((*_of_container(container_of(template, name)), *_of_pod(template), *common)))


def notes_of_template(template: Template) -> tuple[str, ...]:
    """Return the same of a template before it runs, for all containers that it has."""
    containers = containers_of(template)
    notes: list[str] = []
    for name, container in containers.items():
        prefix = f"{name}: " if len(containers) > 1 else ""
        notes += [prefix + note for note in _of_container(container)]
    return tuple(dict.fromkeys((*notes, *_of_pod(template))))


def _of_container(container: Container) -> list[str]:
    notes = _notes(container, _CONTAINER)
    if container.resources == {"limits": {"ephemeral-storage": disk_limit(container)}}:
        notes.remove(_CONTAINER["resources"])
    return notes + list(handlers.notes(container))


def _of_pod(template: Template) -> list[str]:
    fields = unreached(template)
    patched = [f"podSpecPatch: {', '.join(fields)} reached nothing here"] if fields else []
    return patched + _notes(template, _TEMPLATE)


def notes_of_workflow(spec: WorkflowSpec, *, has_repository: bool) -> tuple[str, ...]:
    """Return what the workflow asks of all its nodes and that is not done here.

    ``has_repository`` says whether the artifact repository is known that it refers to.
    """
    notes = _notes(spec, _WORKFLOW)
    if spec.artifact_repository_ref is not None and not has_repository:
        notes.append(_NO_REPOSITORY)
    return tuple(notes)


def _notes(part: Any, table: dict[str, str]) -> list[str]:
    return [text for name, text in table.items() if getattr(part, name, None)]
