"""What a transcript shows of a run: values, commands, and the status that an Argo client reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pinnace.engine.artifacts import repository_of
from pinnace.engine.commands import StartTask, Work
from pinnace.engine.emissions import Emission
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from pinnace.spec.encode import encode
from pinnace.spec.locate import kept, key_of, location_of
from pinnace.spec.parameters import Artifact
from pinnace.spec.templates import Template


def given_and_gave(run: Run, node: Node | None) -> Iterator[str]:
    """Yield what a node was given and what it gave; None for the run."""
    found: dict[str, Any] = {}
    if node is not None and node.inputs is not None:
        found |= {f"in {key}": value for key, value in node.inputs.parameters.items()}
        found |= {f"in {each.name}": place_of(each) for each in node.inputs.artifacts}
    outputs = run.state.outputs if node is None else node.outputs
    if outputs is not None:
        found |= {f"out {key}": value for key, value in outputs.parameters.items()}
        found |= {f"out {each.name}": place_of(each) for each in outputs.artifacts}
        found |= {"result": outputs.result} if outputs.result is not None else {}
        found |= {"exit": outputs.exit_code} if outputs.exit_code is not None else {}
    name = "workflow" if node is None else node.name
    yield f"{name}:" if found else f"{name}: nothing"
    yield from (f"  {key}: {value}" for key, value in found.items())


def what_is_asked(run: Run, command: StartTask | Work) -> Iterator[str]:
    """Yield what a task or work is to do, and where its artifacts are and go."""
    template = command.template
    container = template.container or template.script
    if container is not None and container.args:
        yield f"args: {' '.join(container.args)}"
    if template.script is not None:
        yield f"source: {template.script.source}"
    if template.http is not None:
        yield f"url: {template.http.url}"
    if isinstance(command, StartTask) and command.want_result:
        yield "want result"
    if command.deadline is not None:
        yield f"deadline: {command.deadline:g}s"
    if isinstance(command, StartTask) and command.timeout is not None:
        yield f"timeout: {command.timeout:g}s"
    yield from (f"volume: {json.dumps(encode(volume))}" for volume in template.volumes)
    yield from _artifacts(run, template)


def _artifacts(run: Run, template: Template) -> Iterator[str]:
    for each in template.inputs.artifacts:
        yield f"in {each.name}: {json.dumps(encode(each))}"
    repository = repository_of(run)
    location = template.archive_location or repository
    for each in template.outputs.artifacts:
        yield f"out {each.name}: {json.dumps(encode(kept(each, location, repository)))}"
    if location.archive_logs:
        yield f"logs: {key_of(location)}"


def place_of(artifact: Artifact) -> str:
    """Return where an artifact lies: the key, if it is one of S3, else of what kind it is too."""
    kind = location_of(artifact)
    return key_of(artifact) if kind == "s3" else f"{kind} {key_of(artifact)}".strip() or "nowhere"


def key_shown(artifact: Artifact) -> str:
    """Return an artifact's name and key."""
    return f"{artifact.name}={place_of(artifact)}"


def part_of(value: Any, path: str) -> str:
    """Return what lies at ``path`` (names with dots between) as JSON, ``nothing`` if it is not there."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return f"{path}: {'nothing' if value is None else json.dumps(value)}"


def emitted(emission: Emission) -> str:
    """Return what a metric emits as one line."""
    labels = ",".join(f"{key}={value}" for key, value in emission.labels)
    kind, buckets = emission.definition.kind, "".join(f" <={bound:g}" for bound in emission.buckets)
    operation = f"{emission.operation} " if kind == "gauge" else ""
    return f"$ {emission.name}{{{labels}}} {kind} {operation}{emission.value:g}{buckets}"
