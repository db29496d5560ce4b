"""A ConfigMap that fills a cache: entries as Argo writes them. Source: Argo controller/cache."""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.node import NodeOutputs
from pinnace.language.dates import SECOND, parse_time
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.parameters import Artifact

_RFC3339 = "2006-01-02T15:04:05Z07:00"
_LABEL = "workflows.argoproj.io/configmap-type"


class _Pair(msgspec.Struct):
    name: str
    value: Any = ""


class _Outputs(msgspec.Struct, rename="camel"):
    parameters: list[_Pair] = []
    artifacts: tuple[Artifact, ...] = ()
    result: str | None = None
    exit_code: str | None = None


class _Entry(msgspec.Struct):
    node_id: str = msgspec.field(name="nodeID", default="")
    outputs: _Outputs | None = None
    created: str | None = msgspec.field(name="creationTimestamp", default=None)


def seeded(catalogue: Catalogue, at: CacheKey) -> CacheEntry | None:
    """Return the entry that the ConfigMap of the cache's name holds, None without one.

    Raises:
        ManifestError: the ConfigMap is not marked as a cache, or the entry is malformed.
    """
    config_map = catalogue.config_maps.get(at.cache)
    if config_map is None:
        return None
    label = config_map.metadata.labels.get(_LABEL)
    if label != "Cache":
        what = f"label {_LABEL} = Cache" if label is not None else f"{_LABEL} label"
        message = f"memoization configmap doesn't have {what}, refusing to use it"
        raise ManifestError(message, remedy=f"Label it {_LABEL}: Cache, or name another cache.")
    text = config_map.data.get(at.key)
    if not text:
        return None
    try:
        read = msgspec.json.decode(text, type=_Entry)
        created_at = parse_time(_RFC3339, read.created).instant / SECOND if read.created else 0.0
        outputs = None if read.outputs is None else _outputs(read.outputs)
    except (msgspec.MsgspecError, PinnaceError, ValueError) as error:
        message = f"malformed cache entry: could not unmarshal JSON; unable to parse: {error}"
        raise ManifestError(message) from error
    return CacheEntry(at=at, node_id=read.node_id, outputs=outputs, created_at=created_at)


def _outputs(read: _Outputs) -> NodeOutputs:
    return NodeOutputs(
        parameters={pair.name: _text(pair.value) for pair in read.parameters},
        artifacts=read.artifacts,
        result=read.result,
        exit_code=int(read.exit_code) if read.exit_code else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
