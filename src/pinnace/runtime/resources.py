"""Resource templates: an action on an object, the wait for its conditions, and what is taken from it.

Source: Argo workflow/executor/resource.go, cmd/argoexec/commands/resource.go.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pinnace.base.errors import ManifestError, NotFoundError, PinnaceError
from pinnace.engine.commands import ActOnObject
from pinnace.engine.node import Phase
from pinnace.engine.run import Run
from pinnace.language.resources import ResourceConditions, parse_conditions
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.ports.cluster import Cluster, Reference
from pinnace.runtime.kubectl import Act, Kubectl
from pinnace.runtime.workers import Done
from pinnace.spec.bodies import Resource
from pinnace.spec.parameters import Parameter
from pinnace.spec.templates import Template

#: Seconds between two looks at whether an object changed, which cost little.
PATIENCE = 0.1
#: Seconds after which it is asked for although it seems not to have changed. Source: Argo
#: RESOURCE_STATE_CHECK_INTERVAL.
_INTERVAL = 5.0

#: Have the run of an object of kind Workflow driven here unless it is driven somewhere or has ended.
Drive = Callable[[str], None]


class ResourceWorker:
    """Does the resource templates of one run: the worker for ``ActOnObject``.

    Args:
        run: whose they are.
        cluster: what they act on.
        keeper: loads manifests that are artifacts.
        drive: is told the uid of each run that is waited for, or was made, on the event loop's thread.
    """

    def __init__(self, run: Run, cluster: Cluster, keeper: ArtifactKeeper, drive: Drive) -> None:
        self._run = run
        self._cluster = cluster
        self._keeper = keeper
        self._drive = drive

    async def perform(self, command: ActOnObject) -> Done:
        """Return what was taken from the object; what goes wrong is told as Argo's pod tells it."""
        resource = command.template.resource or Resource()
        try:
            parameters = await self._performed(command, resource)
        except PinnaceError as error:
            told = f"{error.message}. {error.remedy}" if error.remedy else error.message
            return Done(Phase.FAILED, f"main: Error (exit code 64): {told}", exit_code=64)
        return Done(parameters=parameters, exit_code=0)

    async def _performed(self, command: ActOnObject, resource: Resource) -> dict[str, str]:
        template = command.template
        conditions = parse_conditions(resource.success_condition, resource.failure_condition)
        is_delete = resource.action == "delete"
        has_conditions = bool(resource.success_condition or resource.failure_condition)
        if is_delete and (has_conditions or template.outputs.parameters):
            message = "successCondition, failureCondition and outputs are not supported for delete action"
            raise ManifestError(message)
        reference = await asyncio.to_thread(self._acted, command, resource)
        while is_delete and reference is not None:
            await asyncio.sleep(PATIENCE)
            reference = await asyncio.to_thread(self._acted, command, resource)
        document = None
        if reference is not None:
            document = await self._settled(reference, conditions if has_conditions else None)
        return {
            each.name: value
            for each in template.outputs.parameters
            if (value := _output(each, document)) is not None
        }

    def _acted(self, command: ActOnObject, resource: Resource) -> Reference | None:
        info = self._run.info
        act = Act(
            resource=resource,
            manifest=self._manifest(command.template, resource),
            namespace=info.namespace,
            attempt_id=command.attempt_id,
            catalogue=self._run.lookup.catalogue,
            owner=owner_reference(self._run) if resource.set_owner_reference else None,
        )
        try:
            return Kubectl(self._cluster).perform(act)
        except PinnaceError as error:
            message = f"no more retries {error.message}"
            raise type(error)(message, remedy=error.remedy) from error

    def _manifest(self, template: Template, resource: Resource) -> str:
        source = resource.manifest_from
        if source is None or source.artifact is None:
            return resource.manifest
        for artifact in template.inputs.artifacts:
            if artifact.name == source.artifact.name:
                with tempfile.TemporaryDirectory(prefix="pinnace-manifest-") as folder:
                    target = Path(folder, "manifest")
                    self._keeper.load(artifact, target)
                    return target.read_text(encoding="utf-8")
        message = f"there is no input artifact {source.artifact.name!r} for the manifest"
        raise ManifestError(message)

    async def _settled(self, reference: Reference, conditions: ResourceConditions | None) -> dict[str, Any]:
        """Return the object once its conditions hold, or as it is when there are none.

        Raises:
            RefusedError: a condition of failure holds.
            NotFoundError: it has gone meanwhile.
        """
        loop = asyncio.get_running_loop()
        while True:
            version = await asyncio.to_thread(self._cluster.version, reference)
            document = await asyncio.to_thread(self._cluster.get, reference)
            if document is None:
                message = (
                    "The resource has been deleted while its status was still being checked. Will not be "
                    f"retried: {reference} not found"
                )
                raise NotFoundError(message)
            if reference.kind == "Workflow":
                self._drive(document["metadata"]["uid"])
            if conditions is None:
                return document
            failed = conditions.failed_by(document)
            if failed is not None:
                message = f"failure condition '{failed}' evaluated true"
                raise ManifestError(message)
            if conditions.succeeded(document):
                return document
            looked_at = loop.time()
            while loop.time() < looked_at + _INTERVAL:
                await asyncio.sleep(PATIENCE)
                if await asyncio.to_thread(self._cluster.version, reference) != version:
                    break


def owner_reference(run: Run) -> dict[str, Any]:
    """Return what says that ``run`` owns an object, which goes when the run is deleted."""
    return {
        "apiVersion": run.workflow.api_version,
        "kind": "Workflow",
        "name": run.info.name,
        "uid": run.info.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _output(parameter: Parameter, document: dict[str, Any] | None) -> str | None:
    """Return what a parameter takes from the object; None when it takes nothing from objects."""
    # Loaded when they are first used: a run without resource templates starts faster.
    from pinnace.language import jq
    from pinnace.language.kubectl_jsonpath import render

    source = parameter.value_from
    if source is None:
        return parameter.value
    if document is None:
        return source.default or ""
    if source.json_path:
        return render(source.json_path, document)
    if source.jq_filter:
        return jq.apply(source.jq_filter, document)
    return source.default
