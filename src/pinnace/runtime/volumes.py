"""Volumes as folders and files of this machine.

``emptyDir`` lives as long as its pod; ``volumeClaimTemplates`` until the run succeeds, so that a retry has
them, or is deleted; an existing claim is a folder of Pinnace's home, there for every run. ConfigMaps and
Secrets appear as files, as do facts about the pod; ``hostPath`` is what it names. Other kinds are refused:
nothing here can stand in for a cluster's storage.
"""

from __future__ import annotations

import base64
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
from pinnace.runtime.environment import expand, secret_text
from pinnace.runtime.hostpaths import host_file, part_of
from pinnace.runtime.quotas import volume_quotas
from pinnace.spec.templates import Container, Template, VolumeMount

_CLAIM = "persistentVolumeClaim"
_AS_FILES = frozenset({"configMap", "secret", "downwardAPI"})
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
            found += self._files(mount, volume, folder, facts)
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
        """Remove what ``volumeClaimTemplates`` made, unless a retry of the run is to find it.

        Source: Argo operator.go, deletePVCs.
        """
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

    def _files(
        self, mount: VolumeMount, volume: Mapping[str, Any], folder: Path, facts: PodFacts
    ) -> list[StagedFile]:
        if "projected" in volume:
            sources = volume["projected"].get("sources") or ()
            return [file for each in sources for file in _projected(self._run, mount, each, facts)]
        if not volume.keys().isdisjoint(_AS_FILES):
            return _projected(self._run, mount, volume, facts)
        if "hostPath" in volume:
            return [host_file(mount, volume["hostPath"] or {}, _inside(mount.sub_path), self._host_folders)]
        is_read_only = mount.read_only
        if "emptyDir" in volume or "ephemeral" in volume:
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
        inner.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [StagedFile(path=mount.mount_path, source=str(inner), writable_source=not is_read_only)]

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


def _projected(run: Run, mount: VolumeMount, volume: Mapping[str, Any], facts: PodFacts) -> list[StagedFile]:
    """Return the files that a volume, or one source of a projected one, consists of."""
    if "configMap" in volume:
        return _keys(mount, volume["configMap"], _config_map(run, volume["configMap"]))
    if "secret" in volume:
        return _keys(mount, volume["secret"], _secret(run, volume["secret"]))
    if "downwardAPI" in volume:
        return _told(mount, volume["downwardAPI"], facts)
    kind = next(iter(volume), "none")
    message = f"volume {mount.name!r}: a source of kind {kind} needs a cluster"
    raise RefusedError(message, remedy="Use configMap, secret or downwardAPI.")


def _told(mount: VolumeMount, source: Mapping[str, Any], facts: PodFacts) -> list[StagedFile]:
    """Return a file for each fact about the pod that is asked for."""
    data = {
        str(item.get("path", "")): facts.told(item, f"volume {mount.name!r}").encode()
        for item in source.get("items") or ()
    }
    return _keys(mount, {"defaultMode": source.get("defaultMode")}, data)


def _config_map(run: Run, source: Mapping[str, Any]) -> dict[str, bytes]:
    name = str(source.get("name", ""))
    config_map = run.lookup.catalogue.config_maps.get(name)
    if config_map is None:
        if source.get("optional"):
            return {}
        message = f'configmap "{name}" not found'
        raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {name}.")
    texts = {key: value.encode() for key, value in config_map.data.items()}
    return texts | {key: base64.b64decode(value) for key, value in config_map.binary_data.items()}


def _secret(run: Run, source: Mapping[str, Any]) -> dict[str, bytes]:
    name = str(source.get("secretName") or source.get("name") or "")  # "name" where it is projected
    catalogue = run.lookup.catalogue
    secret = catalogue.secrets.get(name)
    if secret is None:
        if source.get("optional"):
            return {}
        message = f'secret "{name}" not found'
        raise ManifestError(message, remedy=f"Give a document of kind Secret named {name}.")
    return {
        key: secret_text(catalogue, name, key).encode("utf-8", "surrogateescape")
        for key in (*secret.data, *secret.string_data)
    }


def _keys(mount: VolumeMount, source: Mapping[str, Any], data: Mapping[str, bytes]) -> list[StagedFile]:
    """Return a file for each key, or for those that ``items`` names."""
    items = source.get("items")
    paths = {str(item["key"]): str(item["path"]) for item in items} if items else {key: key for key in data}
    mode = source.get("defaultMode")
    found = []
    for key, path in paths.items():
        if key not in data:
            message = f"volume {mount.name!r}: there is no key {key!r}"
            raise ManifestError(message)
        is_single = bool(mount.sub_path) and mount.sub_path == path
        if mount.sub_path and not is_single:
            continue
        place = (
            mount.mount_path if is_single else f"{mount.mount_path.rstrip('/')}/{_inside(path).as_posix()}"
        )
        found.append(StagedFile(path=place, content=data[key], mode=mode if isinstance(mode, int) else 0o644))
    return found
