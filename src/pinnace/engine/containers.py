"""What a pod is made of: which containers a template has, in which part of the pod, and who waits for whom.

Source: Argo workflowpod.go; api/container_set_template_types.go.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.quantities import parse_go_duration
from pinnace.spec.templates import Container, Template, VolumeMount

#: The container that a template's outputs come from. Source: Argo workflow/common MainContainerName.
MAIN = "main"


class Role(StrEnum):
    """Which part a container plays in its pod."""

    INIT = "init"
    """Runs before the others, one after another."""
    MAIN = "main"
    """What the pod is there for: it ends when these have ended."""
    SIDECAR = "sidecar"
    """Runs beside the main ones and is ended with them."""


class Part(Struct, frozen=True):
    """One container of a pod."""

    name: str
    role: Role
    needs: tuple[str, ...] = ()
    """Containers of the set that must have succeeded before."""


def parts_of(template: Template) -> tuple[Part, ...]:
    """Return the containers of the template's pod in their order; none when it has but its main one."""
    mains: tuple[Part, ...] = ()
    if template.container_set is not None:
        mains = tuple(
            Part(each.name, Role.MAIN, each.dependencies) for each in template.container_set.containers
        )
    elif template.container is not None or template.script is not None:
        mains = (Part(MAIN, Role.MAIN),)
    before = tuple(Part(each.name, Role.INIT) for each in template.init_containers)
    beside = tuple(Part(each.name, Role.SIDECAR) for each in template.sidecars)
    if not mains or (template.container_set is None and not before and not beside):
        return ()
    return (*before, *mains, *beside)


def container_of(template: Template, name: str = "") -> Container:
    """Return a container of the template with all volumes that it mounts; "" is the one that is its body.

    Raises:
        PinnaceError: there is none.
    """
    own = template.script or template.container
    if own is not None and name in {"", MAIN}:
        return own
    if template.container_set is not None:
        shared = template.container_set.volume_mounts
        for each in template.container_set.containers:
            if each.name == name:
                return _mounting(each, shared)
    mirrored = _main_mounts(template)
    for user in (*template.init_containers, *template.sidecars):
        if user.name == name:
            return _mounting(user, mirrored) if user.mirror_volume_mounts else user
    message = f"template {template.name!r} has no container {name}".rstrip()
    raise PinnaceError(message)


def _main_mounts(template: Template) -> tuple[VolumeMount, ...]:
    """Return what ``mirrorVolumeMounts`` mirrors."""
    own = template.script or template.container
    if own is not None:
        return own.volume_mounts
    containers = template.container_set.containers if template.container_set is not None else ()
    if any(each.name == MAIN for each in containers):
        return container_of(template, MAIN).volume_mounts
    return ()


def _mounting(container: Container, mounts: tuple[VolumeMount, ...]) -> Container:
    return replace(container, volume_mounts=(*container.volume_mounts, *mounts)) if mounts else container


def tries_of(template: Template) -> tuple[int, float]:
    """Return how often a container of the set is run at most, and the seconds between two runs.

    Source: Argo GetRetryStrategy: ``retries`` are all runs, the first included; with 0 there is none, and
    that is a success.

    Raises:
        ManifestError: the duration is not one.
    """
    strategy = template.container_set.retry_strategy if template.container_set is not None else None
    if strategy is None or strategy.retries is None:
        return 1, 0.0
    seconds = parse_go_duration(strategy.duration) if strategy.duration else 0.0
    try:
        return max(0, int(strategy.retries)), seconds
    except ValueError:
        return 0, seconds


def is_probed(container: Container) -> bool:
    """Return whether the container has to be asked whether it is ready."""
    return bool(container.readiness_probe or container.startup_probe)
