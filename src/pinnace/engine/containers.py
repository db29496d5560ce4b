"""What a pod is made of: which containers a template has, in which part of the pod, and who waits for whom.

Source: Argo workflowpod.go; api/container_set_template_types.go.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.quantities import parse_go_duration
from pinnace.spec.parameters import Outputs
from pinnace.spec.templates import Container, Template, VolumeMount

#: The container that a template's outputs come from. Source: Argo workflow/common MainContainerName.
MAIN = "main"
#: What collects outputs that containers share, when all have ended. Source: Argo WaitContainerName.
WAIT = "wait"
#: The kinds of probe.
_ASKED_BY = frozenset({"exec", "httpGet", "tcpSocket", "grpc"})
_NONE = Outputs()


class Role(StrEnum):
    """Which part a container plays in its pod."""

    INIT = "init"
    """Runs before the others, one after another."""
    MAIN = "main"
    """What the pod is there for: it ends when these have ended."""
    SIDECAR = "sidecar"
    """Runs beside the main ones and is ended with them."""
    WAIT = "wait"
    """Runs when the main ones have succeeded."""


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
    after = (Part(WAIT, Role.WAIT),) if len(mains) > 1 and _shared_outputs(template) != _NONE else ()
    return (*before, *mains, *beside, *after)


def containers_of(template: Template) -> dict[str, Container]:
    """Return the containers that the template's pod has, by their names; none when it is no pod."""
    names = [part.name for part in parts_of(template) if part.role is not Role.WAIT]
    if not names and (template.container is not None or template.script is not None):
        names = [MAIN]
    return {name: container_of(template, name) for name in names}


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
        if name == WAIT:
            return replace(container_of(template, MAIN), command=("true",), args=(), env=(), env_from=())
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


def outputs_of(template: Template, name: str) -> Outputs:
    """Return the outputs that are taken from a container: those of the template are main's.

    What lies on a volume that the containers of a set share may be another one's work: it is taken when all
    of them have ended.
    """
    if template.container_set is None:
        return template.outputs if name in {"", MAIN} else _NONE
    if name == MAIN:
        shared = _shared_outputs(template)
        if shared == _NONE or not any(part.role is Role.WAIT for part in parts_of(template)):
            return template.outputs
        rest = template.outputs
        return Outputs(
            parameters=tuple(each for each in rest.parameters if each not in shared.parameters),
            artifacts=tuple(each for each in rest.artifacts if each not in shared.artifacts),
        )
    return _shared_outputs(template) if name == WAIT else _NONE


def _shared_outputs(template: Template) -> Outputs:
    """Return the outputs of a set that lie on a volume. Source: Argo FindOverlappingVolume."""
    if template.container_set is None:
        return _NONE
    folders = [mount.mount_path.rstrip("/") + "/" for mount in _main_mounts(template)]

    def is_shared(path: str) -> bool:
        return any(f"{path}/".startswith(folder) for folder in folders)

    return Outputs(
        parameters=tuple(
            each
            for each in template.outputs.parameters
            if each.value_from is not None and each.value_from.path and is_shared(each.value_from.path)
        ),
        artifacts=tuple(each for each in template.outputs.artifacts if each.path and is_shared(each.path)),
    )


def is_main(template: Template, name: str) -> bool:
    """Return whether the container is what the pod is there for. Source: Argo IsMainContainerName."""
    if template.container_set is None:
        return name in {"", MAIN}
    return any(each.name == name for each in template.container_set.containers)


def wants_inputs(template: Template, name: str) -> bool:
    """Return whether input artifacts appear in the container: in main, and in what mirrors its mounts.

    Source: Argo workflowpod.go addInputArtifactsVolumes, mirrorVolumeMounts.
    """
    if name in {"", MAIN}:
        return True
    users = (*template.init_containers, *template.sidecars)
    return any(each.name == name and each.mirror_volume_mounts for each in users)


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
    declared = (container.startup_probe, container.readiness_probe)
    return any(isinstance(each, dict) and bool(_ASKED_BY & each.keys()) for each in declared)
