"""What ``get`` says of a run above its tree. Source of the form: Argo cmd/argo/commands/common/get.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinnace.cli.render.text import clean
from pinnace.cli.render.times import long_duration, parse_time, short_duration, timestamp

#: What a second of each resource is a second of, if not of one.
_UNITS = {"memory": "100Mi", "storage": "10Gi", "ephemeral-storage": "10Gi"}
_NO_ACCOUNT = "unset (will run with the default ServiceAccount)"


def render_header(workflow: Mapping[str, Any], now: float) -> str:
    """Return the lines above the tree of a Workflow object; ``now`` is Unix seconds."""
    return "".join(f"{name:<20} {clean(value)}".rstrip() + "\n" for name, value in _rows(workflow, now))


def shown_status(phase: str, *, is_suspended: bool, shutdown: str) -> str:
    """Return how lists and headers name a phase. Source: Argo util/printer WorkflowStatus."""
    if phase == "Running" and is_suspended:
        return "Running (Suspended)"
    if phase == "Failed" and shutdown:
        return "Failed (Terminated)"
    return phase or "Pending"


def _rows(workflow: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    metadata, spec, status = workflow["metadata"], workflow.get("spec", {}), workflow["status"]
    executed = status.get("storedWorkflowTemplateSpec", spec)
    yield "Name:", metadata["name"]
    yield "Namespace:", metadata["namespace"]
    yield "ServiceAccount:", executed.get("serviceAccountName") or _NO_ACCOUNT
    yield (
        "Status:",
        shown_status(
            status.get("phase", ""), is_suspended=is_suspended(workflow), shutdown=spec.get("shutdown", "")
        ),
    )
    if status.get("message"):
        yield "Message:", status["message"]
    if status.get("conditions"):
        yield "Conditions:", ""
        for condition in status["conditions"]:
            yield f" {condition['type']}", condition.get("message") or condition["status"]
    yield from _times(metadata, status, now)
    yield "Progress:", status.get("progress", "")
    if any(status.get("resourcesDuration", {}).values()):
        yield "ResourcesDuration:", resources(status["resourcesDuration"])
    yield from _pairs("Parameters:", executed.get("arguments", {}).get("parameters", ()))
    outputs = status.get("outputs", {})
    yield from _pairs("Output Parameters:", outputs.get("parameters", ()))
    if outputs.get("artifacts"):
        yield "Output Artifacts:", ""
        for artifact in outputs["artifacts"]:
            yield f"  {clean(artifact['name'])}:", _place_of(artifact)


def is_suspended(workflow: Mapping[str, Any]) -> bool:
    """Return whether the run waits for somebody. Source: Argo workflow/util IsWorkflowSuspended."""
    if workflow.get("spec", {}).get("suspend"):
        return True
    nodes = workflow["status"].get("nodes", {}).values()
    return any(node["type"] == "Suspend" and node["phase"] == "Running" for node in nodes)


def _times(metadata: Mapping[str, Any], status: Mapping[str, Any], now: float) -> Iterator[tuple[str, str]]:
    created = parse_time(metadata.get("creationTimestamp"))
    started, finished = parse_time(status.get("startedAt")), parse_time(status.get("finishedAt"))
    for name, at in (("Created:", created), ("Started:", started), ("Finished:", finished)):
        if at is not None:
            yield name, timestamp(at, now)
    if started is not None:
        yield "Duration:", long_duration((now if finished is None else finished) - started)
    if status.get("phase") == "Running" and status.get("estimatedDuration"):
        yield "EstimatedDuration:", long_duration(status["estimatedDuration"])


def resources(durations: Mapping[str, int]) -> str:
    """Return resource seconds in a line: ``3s*(1 cpu),30s*(100Mi memory)``."""
    return ",".join(
        f"{short_duration(seconds)}*({_UNITS.get(name, '1')} {name})" for name, seconds in durations.items()
    )


def _pairs(title: str, parameters: Any) -> Iterator[tuple[str, str]]:
    given = [each for each in parameters if each.get("value") is not None]
    if given:
        yield title, ""
        for parameter in given:
            yield f"  {clean(parameter['name'])}:", str(parameter["value"])


def _place_of(artifact: Mapping[str, Any]) -> str:
    """Return where an artifact is, in a few words."""
    for kind in ("s3", "gcs", "oss", "azure"):
        if kind in artifact:
            place = artifact[kind]
            return f"{kind}://{place.get('bucket') or place.get('container', '')}/{place.get('key', '')}"
    if "http" in artifact:
        return str(artifact["http"].get("url", ""))
    kinds = [kind for kind in ("raw", "git", "hdfs", "artifactory", "plugin") if kind in artifact]
    return kinds[0] if kinds else "local repository"
