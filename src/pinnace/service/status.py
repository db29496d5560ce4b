"""A run as a Workflow object, with the ``status`` that Argo would have written.

What Argo leaves out is left out here; a time that has not come is left out too, where Argo writes ``null``,
because its own schema does not allow ``null``. Source: Argo api/workflow_types.go WorkflowStatus, NodeStatus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import template_of
from pinnace.engine.garbage import ON_COMPLETION, STRATEGIES, garbage, has_strategy
from pinnace.engine.locks import Claim
from pinnace.engine.naming import display_name, host_of, node_id
from pinnace.engine.node import Node, NodeOutputs, NodeType, Phase
from pinnace.engine.outputs import supplied
from pinnace.engine.resources import resources_by_node, total
from pinnace.engine.run import Run, Shutdown
from pinnace.engine.times import rfc3339
from pinnace.engine.turn import Turn
from pinnace.service.estimates import Estimates
from pinnace.service.graph import Graph, is_shown
from pinnace.service.labels import POD_NAME_FORMAT, POD_NAMES, with_phase
from pinnace.service.progress import Progress
from pinnace.service.storedtemplates import stored_templates
from pinnace.service.synchronization import node_fields, synchronization
from pinnace.spec.encode import encode
from pinnace.spec.parameters import Artifact, Parameter
from pinnace.spec.templates import Template
from pinnace.spec.workflow import Workflow

#: What keeps a workflow until its artifacts are deleted. Source: Argo workflow/common FinalizerArtifactGC.
FINALIZER = "workflows.argoproj.io/artifact-gc"
_GROUPS = frozenset({NodeType.STEP_GROUP, NodeType.TASK_GROUP, NodeType.SKIPPED})


def workflow_object(run: Run, baseline: Run | None = None, claims: Sequence[Claim] = ()) -> dict[str, Any]:
    """Return ``run`` as ``kubectl get workflow -o json`` shows it, as dicts, lists and scalars.

    Args:
        run: its arguments are shown as it has them.
        baseline: the run named in its ``info``, if what the nodes are expected to take is asked for.
        claims: all claims of locks: who waits is shown who holds.
    """
    stored = stored_templates(run) if run.state.phase else {}
    has_gc = has_strategy((*run.workflow.spec.templates, *stored.values()), run.workflow.spec)
    status = _status(run, baseline, claims)
    if stored:
        status["storedTemplates"] = {name: encode(template) for name, template in stored.items()}
    if run.state.phase:
        status["artifactGCStatus"] = _artifact_gc(run, has_gc=has_gc)
    return {
        "apiVersion": run.workflow.api_version,
        "kind": run.workflow.kind,
        "metadata": _metadata(run, has_gc=has_gc),
        "spec": _spec(run, run.written or run.workflow),
        "status": status,
    }


def _spec(run: Run, workflow: Workflow) -> dict[str, Any]:
    spec: dict[str, Any] = encode(workflow.spec)
    for parameter in spec.get("arguments", {}).get("parameters", ()):
        if parameter["name"] in run.info.parameters:
            parameter["value"] = run.info.parameters[parameter["name"]]
    if run.state.is_suspended:
        spec["suspend"] = True
    if run.state.shutdown is not Shutdown.NONE:
        spec["shutdown"] = run.state.shutdown.value
    return spec


def _metadata(run: Run, *, has_gc: bool) -> dict[str, Any]:
    info = run.info
    metadata: dict[str, Any] = {
        "name": info.name,
        "namespace": info.namespace,
        "uid": info.uid,
        "creationTimestamp": rfc3339(info.created_at),
        "labels": with_phase(info.labels, run.state.phase),
        "annotations": {**info.annotations, POD_NAME_FORMAT: POD_NAMES},
    }
    finalizers = [*run.workflow.metadata.finalizers, *(_finalizer(run) if has_gc else ())]
    if finalizers:
        metadata["finalizers"] = finalizers
    if run.workflow.metadata.generate_name:
        metadata["generateName"] = run.workflow.metadata.generate_name
    if run.workflow.metadata.owner_references:
        metadata["ownerReferences"] = run.workflow.metadata.owner_references
    return metadata


def _finalizer(run: Run) -> tuple[str, ...]:
    """Return what keeps a run until its artifacts are deleted. Source: Argo allArtifactsDeleted."""
    if not run.state.phase:
        return ()
    left = garbage(run.nodes.values(), run.workflow.spec, STRATEGIES)
    return (FINALIZER,) if left or not run.state.is_finished else ()


def _status(run: Run, baseline: Run | None, claims: Sequence[Claim]) -> dict[str, Any]:
    state = run.state
    progress = Progress(run)
    status: dict[str, Any] = {}
    if state.phase:
        status["phase"] = state.phase
    status |= _times(state.started_at, state.finished_at)
    if state.phase and run.info.estimated_duration:
        status["estimatedDuration"] = run.info.estimated_duration
    if state.message:
        status["message"] = state.message
    status["progress"] = progress.of_run()
    nodes = NodeStatuses(run, progress, baseline)
    status["nodes"] = nodes.all()
    if nodes.resources:
        status["resourcesDuration"] = nodes.resources
    if run.written is not None and run.written.spec.workflow_template_ref is not None:
        ref = encode(run.written.spec.workflow_template_ref)
        status["storedWorkflowTemplateSpec"] = {"workflowTemplateRef": ref} | _spec(run, run.workflow)
    if state.outputs != NodeOutputs():
        status["outputs"] = _outputs(state.outputs, {})
    claimed = _claims(run)
    if claimed:
        status["persistentVolumeClaims"] = claimed
    locks = synchronization(run, claims)
    if locks:
        status["synchronization"] = locks
    if state.phase:
        conditions = _conditions(run)
        if conditions:
            status["conditions"] = conditions
        status["artifactRepositoryRef"] = _repository(run)
    return status


def _repository(run: Run) -> dict[str, Any]:
    """Return which artifact repository the run uses; of the local one there is nothing to say."""
    if run.info.repository is None:
        return {"default": True, "artifactRepository": {}}
    return {"artifactRepository": {}} | encode(run.info.repository)


def _artifact_gc(run: Run, *, has_gc: bool) -> dict[str, Any]:
    """Return whether artifacts are deleted at all, and whether those were that go when the run completes.

    There are no pods for that here: ``podsRecouped`` is never there.

    Source: Argo artifact_gc.go, addArtifactGCFinalizer, garbageCollectArtifacts.
    """
    if not has_gc:
        return {"notSpecified": True}
    return {"strategiesProcessed": {ON_COMPLETION: True}} if run.state.is_finished else {}


def _claims(run: Run) -> list[dict[str, Any]]:
    """Return the claims that stand for ``volumeClaimTemplates``, until they are collected.

    Source: Argo operator.go createPVCs, deletePVCs.
    """
    collected = run.workflow.spec.volume_claim_gc
    is_always = collected is not None and collected.strategy == "OnWorkflowCompletion"
    if not run.state.phase or run.state.phase == "Succeeded" or (run.state.is_finished and is_always):
        return []
    claims = [claim for claim in run.workflow.spec.volume_claim_templates if isinstance(claim, Mapping)]
    names = [claim.get("metadata", {}).get("name", "") for claim in claims]
    return [
        {"name": name, "persistentVolumeClaim": {"claimName": f"{run.info.name}-{name}"}} for name in names
    ]


def _times(started_at: float | None, finished_at: float | None) -> dict[str, str]:
    times = {"startedAt": started_at, "finishedAt": finished_at}
    return {name: rfc3339(seconds) for name, seconds in times.items() if seconds is not None}


def _conditions(run: Run) -> list[dict[str, str]]:
    """Return Argo's conditions. Source: Argo operator.go podReconciliation and markWorkflowPhase."""
    is_running = any(node.phase is Phase.RUNNING and node.type is NodeType.POD for node in run.nodes.values())
    found = [{"type": "PodRunning", "status": str(is_running)}] if run.nodes else []
    if run.state.is_finished or run.state.generation:  # a retry takes it back
        found.append({"type": "Completed", "status": str(run.state.is_finished)})
    if run.state.metric_errors:
        message = ", ".join(run.state.metric_errors)
        found.append({"type": "MetricsError", "status": "True", "message": message})
    if run.state.artifact_gc_error:
        message = run.state.artifact_gc_error
        found.append({"type": "ArtifactGCError", "status": "True", "message": message})
    return found


class NodeStatuses:
    """Makes ``status.nodes``."""

    def __init__(self, run: Run, progress: Progress, baseline: Run | None = None) -> None:
        self._run = run
        self._turn = Turn(run, 0.0)
        self._graph = Graph(run)
        self._progress = progress
        self._ids = {number: node_id(run.info.name, node.name) for number, node in run.nodes.items()}
        self._declared: dict[tuple[int, str], dict[str, Parameter]] = {}
        self._estimates = Estimates(run, baseline)
        self._resources = resources_by_node(self._turn)
        self.resources = total(self._resources[each.number] for each in run.nodes.values() if each.parent < 0)
        """``resourcesDuration`` of the whole run."""

    def all(self) -> dict[str, dict[str, Any]]:
        """Return the status of every node that Argo would have, by its id, in order of creation."""
        nodes = (self._run.nodes[number] for number in sorted(self._run.nodes))
        return {self._ids[node.number]: self._one(node) for node in nodes if is_shown(self._run, node)}

    def _one(self, node: Node) -> dict[str, Any]:
        status: dict[str, Any] = {
            "id": self._ids[node.number],
            "name": node.name,
            "displayName": display_name(node, self._boundary_name(node)),
            "type": node.type.value,
            **self._template_fields(node),
            "phase": (node.phase or Phase.PENDING).value,
        }
        if node.boundary >= 0:
            status["boundaryID"] = self._ids[node.boundary]
        if node.message:
            status["message"] = node.message
        waiting = node_fields(node.locks, node.phase)
        status |= _times(node.locks.since if waiting and node.locks else node.started_at, node.finished_at)
        status |= waiting
        status |= self._measures(node)
        memo = self._run.nodes[node.parent].memo if node.is_attempt else node.memo
        if memo is not None:
            status["memoizationStatus"] = {"hit": memo.is_hit, "key": memo.key, "cacheName": memo.cache}
        flag = _node_flag(node)
        if flag is not None:
            status["nodeFlag"] = flag
        status |= self._pod_fields(node)
        if node.daemoned:
            status["daemoned"] = True
        if node.pod_ip:
            status["podIP"] = node.pod_ip
        if node.type is not NodeType.CONTAINER:  # whose outputs are its pod's
            status |= self._values(node)
        children = self._named(self._graph.children(node.number))
        if children:
            status["children"] = children
        outbound = self._named(self._graph.outbound_nodes(node))
        if outbound:
            status["outboundNodes"] = outbound
        return status

    def _measures(self, node: Node) -> dict[str, Any]:
        """Return how far the node is, what it took and what it is expected to take, where that is known."""
        measures = {
            "estimatedDuration": self._estimates.of_node(node),
            "progress": self._progress.of_node(node),
            "resourcesDuration": self._resources[node.number] if node.phase.is_fulfilled else {},
        }
        return {name: measure for name, measure in measures.items() if measure}

    def _pod_fields(self, node: Node) -> dict[str, Any]:
        """Return what only nodes have that stand for pods. Source: Argo operator.go assessNodeStatus."""
        fields: dict[str, Any] = {}
        if node.type is not NodeType.POD:
            return fields
        host = host_of(self._run.info.host, node)
        if host:
            fields["hostNodeName"] = host
        template = self._template(node)
        if template is None or not template.daemon or template.container is None:
            # False while outputs may still come, which nobody waits for where a daemon runs.
            fields["taskResultSynced"] = node.phase is not Phase.RUNNING
        return fields

    def _named(self, numbers: Iterable[NodeNumber]) -> list[str]:
        return [self._ids[number] for number in numbers]

    def _boundary_name(self, node: Node) -> str:
        return self._run.nodes[node.boundary].name if node.boundary >= 0 else ""

    def _template_fields(self, node: Node) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if node.template:
            fields["templateName"] = node.template
        if node.template_ref is not None:
            fields["templateRef"] = encode(node.template_ref)
        fields["templateScope"] = self._scope(node)
        return fields

    def _scope(self, node: Node) -> str:
        scope = node.scope
        if node.type is NodeType.STEP_GROUP:
            # A group has no template; Argo writes the scope of the names inside the steps template.
            scope = template_of(self._turn, self._run.nodes[node.parent]).scope
        return scope or f"local/{self._run.info.name}"

    # Values ------------------------------------------------------------------------------------------------

    def _values(self, node: Node) -> dict[str, Any]:
        """Return ``inputs`` and ``outputs``, those that are there."""
        template = self._template(node)
        values: dict[str, Any] = {}
        if node.inputs is not None and (node.inputs.parameters or node.inputs.artifacts):
            declared = self._parameters(template, "inputs") if template is not None else {}
            values["inputs"] = _pairs(node.inputs.parameters, node.inputs.artifacts, declared)
        if node.type is NodeType.SUSPEND and template is not None:
            outputs = self._supplied(node, template)
        elif node.outputs is not None:
            declared = self._parameters(template, "outputs") if template is not None else {}
            outputs = _outputs(node.outputs, declared)
        else:
            outputs = {}
        if outputs:
            values["outputs"] = outputs
        return values

    def _template(self, node: Node) -> Template | None:
        if node.type in _GROUPS and node.outputs is None:
            return None
        try:
            return template_of(self._turn, node).template
        except PinnaceError:
            return None  # the node says itself that it has no template

    def _parameters(self, template: Template, side: str) -> dict[str, Parameter]:
        """Return the declared parameters as their values are written beside them."""
        key = (id(template), side)
        if key not in self._declared:
            # Argo drops valueFrom where it copies a value from below, and keeps it where a task made it.
            is_copied = side == "inputs" or template.steps is not None or template.dag is not None
            self._declared[key] = {
                each.name: replace(each, value_from=None) if is_copied else each
                for each in getattr(template, side).parameters
            }
        return self._declared[key]

    def _supplied(self, node: Node, template: Template) -> dict[str, Any]:
        """Return the outputs of a wait: those not supplied yet say so. Source: Argo addRawOutputFields."""
        given = node.outputs.parameters if node.outputs is not None else {}
        rows = [
            encode(replace(each, value=given[each.name], value_from=None) if each.name in given else each)
            for each in supplied(template)
        ]
        return {"parameters": rows} if rows else {}


def _node_flag(node: Node) -> dict[str, bool] | None:
    """Return Argo's ``nodeFlag``; empty, not absent, for nodes that no template made."""
    flag = {name: True for name, is_set in (("hooked", node.is_hook), ("retried", node.is_attempt)) if is_set}
    return flag if flag or node.type in _GROUPS else None


def _pairs(
    parameters: dict[str, str], artifacts: tuple[Artifact, ...], declared: dict[str, Parameter]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if parameters:
        found["parameters"] = [
            encode(replace(declared.get(name) or Parameter(name=name), value=value))
            for name, value in parameters.items()
        ]
    if artifacts:
        found["artifacts"] = [encode(artifact) for artifact in artifacts]
    return found


def _outputs(outputs: NodeOutputs, declared: dict[str, Parameter]) -> dict[str, Any]:
    found = _pairs(outputs.parameters, outputs.artifacts, declared)
    if outputs.result is not None:
        found["result"] = outputs.result
    if outputs.exit_code is not None:
        found["exitCode"] = str(outputs.exit_code)
    return found
