"""What of AWS the manifests of a run name, so that the embedded world can have it ready.

Two marks are read, wherever they stand in a document, after ``{{workflow.parameters.NAME}}`` has been
replaced by the values that the run will have: the ``bucket`` of every ``s3`` location, and every ARN of a
topic or a queue, or URL of a queue, in any text. What only other variables name
(``{{inputs.parameters.bucket}}``) is not found: the task then meets "no such bucket", as it would where
nobody made it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.world.aws import DEFAULT_REGION, Arn, find_arns
from pinnace.world.posts import Faults, read_numbers

#: A ConfigMap of this name chooses the posts API's faults: ``unavailable`` and ``dropped``, lists of ids.
FAULTS_CONFIG_MAP = "pinnace-world"

#: A parsed manifest, or one of ``pinnace.spec.workflow``'s objects.
Document = Mapping[str, Any] | msgspec.Struct

_PARAMETER = re.compile(r"\{\{\s*workflow\.parameters\.([-\w]+)\s*\}\}")
_TEMPLATES = ("WorkflowTemplate", "ClusterWorkflowTemplate")


@dataclass(frozen=True)
class Needs:
    """What must exist before a run starts."""

    buckets: Mapping[str, str]
    """Region by name."""
    arns: tuple[Arn, ...]
    """Topics and queues, each once, in the order in which they were found."""
    faults: Faults


def read_needs(documents: Iterable[Document], parameters: Mapping[str, str]) -> Needs:
    """Return what ``documents`` name, when their workflow parameters are overridden by ``parameters``.

    Raises:
        ManifestError: the ConfigMap of the faults holds something else than whole numbers.
    """
    manifests = [_as_json(document) for document in documents]
    templates = [manifest for manifest in manifests if manifest.get("kind") in _TEMPLATES]
    workflows = [manifest for manifest in manifests if manifest.get("kind") == "Workflow"]
    defaults = {name: value for template in templates for name, value in _arguments(template).items()}
    buckets: dict[str, str] = {}
    arns: dict[str, Arn] = {}
    # Each workflow is read with the templates it may refer to, because they see its parameters.
    for workflow in workflows or [{}]:
        values = {**defaults, **_arguments(workflow), **parameters}
        for manifest in (workflow, *templates):
            for bucket, region in _buckets(manifest, values):
                buckets.setdefault(bucket, region)
            for text in (part for part in _parts(manifest) if isinstance(part, str)):
                arns.update((arn.text, arn) for arn in find_arns(_fill(text, values)))
    return Needs(buckets, tuple(arns.values()), _faults(manifests))


def _as_json(document: Document) -> Mapping[str, Any]:
    if isinstance(document, msgspec.Struct):
        # The kind is a default, and defaults are left out of what is encoded.
        return {"kind": getattr(document, "kind", ""), **msgspec.to_builtins(document)}
    return document


def _arguments(manifest: Mapping[str, Any]) -> dict[str, str]:
    parameters = ((manifest.get("spec") or {}).get("arguments") or {}).get("parameters") or ()
    values = {
        parameter.get("name"): parameter.get("value", parameter.get("default")) for parameter in parameters
    }
    return {str(name): str(value) for name, value in values.items() if value is not None}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda match: values.get(match[1], match[0]), text)


def _buckets(manifest: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return (bucket, region) of every ``s3`` location whose bucket is known."""
    for part in _parts(manifest):
        location = part.get("s3") if isinstance(part, Mapping) else None
        if isinstance(location, Mapping) and location.get("bucket"):
            bucket = _fill(str(location["bucket"]), values)
            region = _fill(str(location.get("region") or ""), values)
            if "{{" not in bucket:
                yield bucket, region if region and "{{" not in region else DEFAULT_REGION


def _parts(value: Any) -> Iterator[Any]:
    """Return every value inside ``value``, itself included."""
    waiting = deque([value])
    while waiting:
        part = waiting.popleft()
        yield part
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)


def _faults(manifests: Iterable[Mapping[str, Any]]) -> Faults:
    for manifest in manifests:
        name = (manifest.get("metadata") or {}).get("name")
        if manifest.get("kind") == "ConfigMap" and name == FAULTS_CONFIG_MAP:
            data = manifest.get("data") or {}
            return Faults(_numbers(data, "unavailable"), _numbers(data, "dropped"))
    return Faults()


def _numbers(data: Mapping[str, Any], key: str) -> frozenset[int]:
    try:
        return read_numbers(str(data.get(key, "")))
    except ValueError as error:
        raise ManifestError(
            f"ConfigMap {FAULTS_CONFIG_MAP}: {data[key]!r} is not a list of whole numbers",
            path=f"data.{key}",
            remedy='write the ids of posts, as "3, 7, 11"',
        ) from error
