"""The namespace that a run sees: templates, ConfigMaps and Secrets by name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from pinnace.base.errors import ManifestError
from pinnace.spec.problems import did_you_mean
from pinnace.spec.workflow import ConfigMap, Secret, Workflow, WorkflowTemplate

_Named = TypeVar("_Named", WorkflowTemplate, ConfigMap, Secret)


class MissingTemplateError(ManifestError):
    """No such WorkflowTemplate or ClusterWorkflowTemplate is known; a cluster may have it."""


class Catalogue:
    """What a run can refer to by name. The last of two objects with one name counts."""

    def __init__(
        self,
        templates: Iterable[WorkflowTemplate] = (),
        config_maps: Iterable[ConfigMap] = (),
        secrets: Iterable[Secret] = (),
        workflow_defaults: Workflow | None = None,
    ) -> None:
        templates = tuple(templates)
        #: WorkflowTemplates of the namespace, by name.
        self.namespaced = _by_name(item for item in templates if not item.cluster_scope)
        #: ClusterWorkflowTemplates, by name.
        self.cluster = _by_name(item for item in templates if item.cluster_scope)
        #: What every workflow is laid over; see ``merge.with_defaults``.
        self.workflow_defaults = workflow_defaults
        self.config_maps = _by_name(config_maps)
        self.secrets = _by_name(secrets)

    def workflow_template(self, name: str, *, cluster_scope: bool = False) -> WorkflowTemplate | None:
        """Return the (cluster) workflow template of that name, or None."""
        return (self.cluster if cluster_scope else self.namespaced).get(name)

    def require_workflow_template(self, name: str, *, cluster_scope: bool = False) -> WorkflowTemplate:
        """Return the (cluster) workflow template of that name.

        Raises:
            MissingTemplateError: there is none; the remedy names a similar one or tells what to add.
        """
        found = self.workflow_template(name, cluster_scope=cluster_scope)
        if found is not None:
            return found
        kind = "ClusterWorkflowTemplate" if cluster_scope else "WorkflowTemplate"
        known = self.cluster if cluster_scope else self.namespaced
        hint = did_you_mean(name, known) or f"give the file that holds the {kind} '{name}' as well"
        if self.workflow_template(name, cluster_scope=not cluster_scope) is not None:
            hint = f"it is {'namespaced' if cluster_scope else 'cluster-wide'}: set clusterScope accordingly"
        message = f"{'cluster ' if cluster_scope else ''}workflow template {name} not found"
        raise MissingTemplateError(message, remedy=hint)

    def config_map_value(self, name: str, key: str) -> str | None:
        """Return the text under ``key`` of a ConfigMap, or None when either does not exist."""
        config_map = self.config_maps.get(name)
        return None if config_map is None else config_map.data.get(key)

    def secret_value(self, name: str, key: str) -> bytes | None:
        """Return the bytes under ``key`` of a Secret, or None when either does not exist.

        Raises:
            ManifestError: the value is not base64.
        """
        secret = self.secrets.get(name)
        if secret is None:
            return None
        if key in secret.string_data:
            return secret.string_data[key].encode()
        if key not in secret.data:
            return None
        try:
            return base64.b64decode("".join(secret.data[key].split()), validate=True)
        except (binascii.Error, ValueError) as error:
            message = f"key '{key}' of Secret '{name}' is not base64"
            raise ManifestError(
                message, remedy="Write plain text under stringData instead of data."
            ) from error


def _by_name(items: Iterable[_Named]) -> Mapping[str, _Named]:
    return MappingProxyType({item.metadata.name: item for item in items})
