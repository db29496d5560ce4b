"""What a pod is told about itself: the fields and amounts of Kubernetes' downward API.

Source: Kubernetes pkg/fieldpath, pkg/api/v1/resource; Argo workflowpod.go createWorkflowPod, addMetadata.
"""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Callable, Mapping
from typing import Any

from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_amount
from pinnace.engine.commands import StartTask
from pinnace.engine.containers import container_of
from pinnace.engine.naming import node_id, pod_name
from pinnace.engine.run import RunInfo
from pinnace.language.goformat import quote
from pinnace.spec.templates import Container, Template
from pinnace.spec.workflow import WorkflowSpec

_OWN = "workflows.argoproj.io/"
#: One label or annotation.
_ENTRY = re.compile(r"metadata\.(?:labels|annotations)\['.+'\]")
#: What this machine has of a resource that a container does not limit.
_WHOLE: dict[str, Callable[[], int]] = {
    "cpu": lambda: os.cpu_count() or 1,
    "memory": lambda: os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
}


class PodFacts:
    """What one pod is told about itself.

    Args:
        fields: returns what ``fieldRef`` finds, field path → value; asked only then.
        template: that of the pod, prepared.
    """

    def __init__(self, fields: Callable[[], Mapping[str, str]], template: Template) -> None:
        self._fields = fields
        self._template = template

    def told(self, source: Mapping[str, Any], who: str, own: Container | None = None) -> str:
        """Return what ``fieldRef`` or ``resourceFieldRef``, whichever ``source`` has, finds.

        A label or an annotation that the pod has not is empty. Amounts are in their divisor, rounded up.

        Args:
            source: what is asked.
            who: asks, for the message.
            own: the container that asks; None where ``containerName`` has to say which.

        Raises:
            PinnaceError: it has no value here, there is no such container, or a quantity is none.
        """
        if isinstance(selector := source.get("fieldRef"), Mapping):
            asked = str(selector.get("fieldPath", ""))
            found = self._fields().get(asked, "" if _ENTRY.fullmatch(asked) else None)
        elif isinstance(selector := source.get("resourceFieldRef"), Mapping):
            asked = str(selector.get("resource", ""))
            found = self._amount(asked, selector, own)
        else:
            message = f"{who}: this kind of source has no value outside Kubernetes"
            raise ManifestError(message)
        if found is None:
            message = f"{who}: the field {asked!r} has no value outside Kubernetes"
            raise ManifestError(message)
        return found

    def _amount(self, asked: str, selector: Mapping[str, Any], own: Container | None) -> str | None:
        name = str(selector.get("containerName") or "")
        container = container_of(self._template, name) if name or own is None else own
        kind, _, resource = asked.partition(".")
        found = _limit_or_request(container, kind, resource) if kind in {"limits", "requests"} else None
        if found is None:
            return None
        divisor = parse_amount(str(selector.get("divisor") or "1"))
        return str(math.ceil(parse_amount(found) / (divisor or 1)))


def _limit_or_request(container: Container, kind: str, resource: str) -> str | None:
    declared = container.resources if isinstance(container.resources, Mapping) else {}
    limits, requests = (declared.get(each) or {} for each in ("limits", "requests"))
    if kind == "requests":
        return str(requests.get(resource, limits.get(resource, "0")))
    if resource in limits:
        return str(limits[resource])
    return str(_WHOLE[resource]()) if resource in _WHOLE else None


def pod_facts(command: StartTask, info: RunInfo, spec: WorkflowSpec) -> PodFacts:
    """Return what the pod of a command is told about itself: ``spec`` is that of its run."""
    return PodFacts(lambda: _fields(command, info, spec), command.template)


def _fields(command: StartTask, info: RunInfo, spec: WorkflowSpec) -> dict[str, str]:
    template = command.template
    account = template.service_account_name or spec.service_account_name or "default"
    fields = {
        "metadata.name": pod_name(info.name, command.node_name, template.name),
        "metadata.namespace": info.namespace,
        "metadata.uid": info.uid,
        "spec.nodeName": platform.node(),
        "spec.serviceAccountName": account,
        **{f"status.{each}": "127.0.0.1" for each in ("hostIP", "hostIPs", "podIP", "podIPs")},
    }
    written = template.metadata if isinstance(template.metadata, Mapping) else {}
    for kind, own in (("labels", _labels(command, info)), ("annotations", _annotations(command, info))):
        entries = own | {key: str(value) for key, value in (written.get(kind) or {}).items()}
        fields |= {f"metadata.{kind}['{key}']": value for key, value in entries.items()}
        fields[f"metadata.{kind}"] = "\n".join(f"{key}={quote(entries[key])}" for key in sorted(entries))
    return fields


def _labels(command: StartTask, info: RunInfo) -> dict[str, str]:
    labels = {f"{_OWN}workflow": info.name, f"{_OWN}completed": "false"}
    return labels | ({f"{_OWN}on-exit": "true"} if command.is_exit else {})


def _annotations(command: StartTask, info: RunInfo) -> dict[str, str]:
    return {
        f"{_OWN}node-id": node_id(info.name, command.node_name),
        f"{_OWN}node-name": command.node_name,
    }
