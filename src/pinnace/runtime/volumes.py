"""Volumes as folders and files of this machine.

``emptyDir`` lives as long as its pod; ``volumeClaimTemplates`` until the run succeeds, so that a retry has
them, or is deleted; an existing claim is a folder of Pinnace's home, there for every run. ConfigMaps,
Secrets and facts about the pod are folders of files that can only be read, the same for all pods of the run
that see the same; ``hostPath`` is what it names. Other kinds are refused: nothing here can stand in for a
cluster's storage.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, RefusedError
from pinnace.engine.run import Run
from pinnace.ports.executor import Quota, StagedFile
from pinnace.ports.hostfolders import HostFolder
from pinnace.runtime.downward import PodFacts
from pinnace.runtime.environment import expand
from pinnace.runtime.hostpaths import host_file, part_of
from pinnace.runtime.quotas import volume_quotas
from pinnace.runtime.volumefiles import files_of, filled, is_of_files
from pinnace.spec.templates import Container, Template, VolumeMount

_CLAIM = "persistentVolumeClaim"
#: A name that is also one of a folder, and climbs nowhere. Source: Kubernetes ValidateDNS1123Label.
_VOLUME_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
#: Source: Kubernetes, names of objects.
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class Volumes:
    """The volumes of one run.

    Args:
        run: whose volumes they are.
        folder: the run's own.
        claims: where existing claims lie, a folder for each namespace.
        host_folders: what ``hostPath`` volumes may mount.
    """

    def __init__(self, run: Run, folder: Path, claims: Path, host_folders: Sequence[HostFolder] = ()) -> None:
        self._run = run
        self._made = folder / "volumes"
        self._filled = folder / "filled"
        self._claims = claims
        self._host_folders = host_folders

    def files(
        self,
        container: Container,
        template: Template,
        folder: Path,
        facts: PodFacts,
        env: Mapping[str, str],
    ) -> list[StagedFile]:
        """Return what the container's ``volumeMounts`` make appear in it.

        Args:
            container: its tags replaced.
            template: its own, its inputs bound.
            folder: that of its pod, which its containers share.
            facts: what its pod is told about itself.
            env: its variables, for ``subPathExpr``.

        Raises:
            ManifestError: a mount names no volume, or a ConfigMap or Secret is missing.
            RefusedError: the volume's kind needs a cluster, or a path of this machine is not allowed.
        """
        if not container.volume_mounts:
            return []
        volumes = self._declared(template)
        found: list[StagedFile] = []
        for mount in container.volume_mounts:
            volume = volumes.get(mount.name)
            if volume is None:
                message = f"volumeMounts: there is no volume named {mount.name!r}"
                raise ManifestError(message)
            if not _VOLUME_NAME.fullmatch(mount.name):
                message = f"volumeMounts: {mount.name!r} cannot be the name of a volume"
                raise ManifestError(
                    message, remedy="Use at most 63 small letters, digits and '-' between them."
                )
            if mount.sub_path_expr:
                mount = replace(mount, sub_path=expand(mount.sub_path_expr, env))
            found.append(self._file(mount, volume, folder, facts))
        return found

    def quotas(self, container: Container, template: Template, folder: Path) -> list[Quota]:
        """Return what limits the volumes that the container mounts, as ``files`` has found them.

        Raises:
            ManifestError: a limit is no quantity.
        """
        volumes = self._declared(template)
        mounted = dict.fromkeys(mount.name for mount in container.volume_mounts)
        return [
            quota
            for name in mounted
            for quota in volume_quotas(name, volumes[name].get("emptyDir"), _pods_own(folder, name))
        ]

    def clear(self) -> None:
        """Remove what was made of files, and what ``volumeClaimTemplates`` made unless a retry is to find it.

        Source: Argo operator.go, deletePVCs.
        """
        shutil.rmtree(self._filled, ignore_errors=True)
        collected = self._run.workflow.spec.volume_claim_gc
        is_always = collected is not None and collected.strategy == "OnWorkflowCompletion"
        if is_always or self._run.state.phase == "Succeeded":
            shutil.rmtree(self._made, ignore_errors=True)

    def _declared(self, template: Template) -> dict[str, Mapping[str, Any]]:
        """Return the volumes by name; those that a prepared template has win over the workflow's."""
        spec = self._run.workflow.spec
        claims = {
            str(claim.get("metadata", {}).get("name", "")): {"claim": claim}
            for claim in spec.volume_claim_templates
            if isinstance(claim, Mapping)
        }
        named = {
            str(volume.get("name", "")): volume
            for volume in (*spec.volumes, *template.volumes)
            if isinstance(volume, Mapping)
        }
        return {**claims, **named}

    def _file(
        self, mount: VolumeMount, volume: Mapping[str, Any], folder: Path, facts: PodFacts
    ) -> StagedFile:
        if "hostPath" in volume:
            return host_file(mount, volume["hostPath"] or {}, _inside(mount.sub_path), self._host_folders)
        is_read_only = mount.read_only
        if is_of_files(volume):
            place = filled(self._filled, files_of(self._run, mount.name, volume, facts))
            is_read_only = True
        elif "emptyDir" in volume or "ephemeral" in volume:
            place = _pods_own(folder, mount.name)
        elif "claim" in volume:
            place = self._made / mount.name
        elif _CLAIM in volume:
            place = self._existing(mount, volume[_CLAIM])
            is_read_only = is_read_only or bool(volume[_CLAIM].get("readOnly"))
        else:
            kind = next((key for key in volume if key != "name"), "none")
            message = f"volume {mount.name!r}: a volume of kind {kind} needs a cluster"
            raise RefusedError(
                message, remedy="Use emptyDir, configMap, secret, projected or a persistentVolumeClaim."
            )
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        inner = Path(part_of(mount, os.path.realpath(place), _inside(mount.sub_path)))
        if not inner.exists():
            inner.mkdir(parents=True, mode=0o700)
        return StagedFile(
            path=mount.mount_path, source=str(inner), writable_source=not is_read_only, live_source=True
        )

    def _existing(self, mount: VolumeMount, claim: Any) -> Path:
        """Return the folder of a claim; it begins empty when it is first mounted."""
        name = str(claim.get("claimName", "")) if isinstance(claim, Mapping) else ""
        namespace = self._run.info.namespace
        if not _OBJECT_NAME.fullmatch(name) or not _OBJECT_NAME.fullmatch(namespace):
            message = (
                f"volume {mount.name!r}: {name!r} in namespace {namespace!r} cannot be the name of a claim"
            )
            raise ManifestError(message)
        return self._claims / namespace / name


def _pods_own(folder: Path, name: str) -> Path:
    """Return where a volume lies that lives as long as its pod, whose folder is given."""
    return folder / "volumes" / name


def _inside(path: str) -> Path:
    """Return a relative path that does not climb.

    Raises:
        ManifestError: it does.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path:
        message = f"volumeMounts.subPath {path!r} leaves the volume"
        raise ManifestError(message)
    return Path(*parts)
