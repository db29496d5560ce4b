"""How much a container may write, and what its pod says when it wrote more, in the kubelet's words.

Source: Kubernetes pkg/kubelet/eviction, localStorageEviction; its messages end with a blank.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinnace.base.quantities import parse_amount
from pinnace.ports.executor import Quota
from pinnace.spec.templates import Container


def disk_limit(container: Container) -> str:
    """Return how much the container may write, as a Kubernetes quantity; "" where nothing limits it."""
    limits = container.resources.get("limits") if isinstance(container.resources, Mapping) else None
    found = limits.get("ephemeral-storage") if isinstance(limits, Mapping) else None
    return "" if found is None else str(found)


def disk_quotas(container: Container, name: str) -> list[Quota]:
    """Return what limits the private view of the container called ``name``.

    Raises:
        ManifestError: the limit is no quantity.
    """
    text = disk_limit(container)
    if not text:
        return []
    message = f'Container {name} exceeded its local ephemeral storage limit "{text}". '
    return [Quota(limit=math.ceil(parse_amount(text)), message=message)]


def volume_quotas(name: str, empty_dir: Any, folder: Path) -> list[Quota]:
    """Return what limits the ``emptyDir`` called ``name`` that lies in ``folder``.

    Raises:
        ManifestError: the limit is no quantity.
    """
    text = str(empty_dir.get("sizeLimit") or "") if isinstance(empty_dir, Mapping) else ""
    limit = math.ceil(parse_amount(text)) if text else 0
    if limit <= 0:
        return []
    message = f'Usage of EmptyDir volume "{name}" exceeds the limit "{text}". '
    return [Quota(limit=limit, folder=str(folder), message=message)]
