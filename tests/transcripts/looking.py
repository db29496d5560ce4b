"""What a transcript shows of a run: values, commands, and the status that an Argo client reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pinnace.engine.commands import StartTask, Work
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from pinnace.spec.locate import key_of, location_of
from pinnace.spec.parameters import Artifact


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


def what_is_asked(command: StartTask | Work) -> Iterator[str]:
    """Yield what a task or work is to do."""
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
