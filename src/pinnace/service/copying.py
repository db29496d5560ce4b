"""Copies of what the steps of a run have left as artifacts, in a folder of the user's.

Source: Argo cmd/argo/commands/cp.go; api SearchArtifacts.
"""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import ArtifactError, ArtifactNotFound, UsageError
from pinnace.engine.naming import node_id
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.spec.locate import key_of
from pinnace.spec.parameters import Archive, Artifact

#: Where each artifact is put below the folder.
DEFAULT_PATH = "{namespace}/{workflowName}/{nodeId}/outputs/{artifactName}"


class Wanted(Struct, frozen=True, kw_only=True):
    """Which artifacts are copied; "" is all."""

    node_id: str = ""
    template: str = ""
    artifact: str = ""


def copy_artifacts(
    run: Run, keeper: ArtifactKeeper, wanted: Wanted, folder: Path, path: str = DEFAULT_PATH
) -> Iterator[Path]:
    """Copy output artifacts as they are stored, packed ones packed, and yield where each lies now.

    A copy replaces what lies there. Optional ones that are not there and deleted ones are left out.

    Args:
        run: whose artifacts they are.
        keeper: loads them.
        wanted: which ones.
        folder: below it they are put.
        path: where: ``{namespace}``, ``{workflowName}``, ``{nodeId}``, ``{templateName}`` and
            ``{artifactName}`` stand for what they say.

    Raises:
        ArtifactError: one cannot be loaded, or the folder cannot be written.
        UsageError: the path leads out of the folder.
    """
    for node in run.nodes.values():
        if wanted.node_id and wanted.node_id != node_id(run.info.name, node.name):
            continue
        if (wanted.template and wanted.template != node.template) or node.outputs is None:
            continue
        for artifact in node.outputs.artifacts:
            if artifact.deleted or (wanted.artifact and wanted.artifact != artifact.name):
                continue
            place = _place(run, node, artifact, folder / path.lstrip("/"))
            try:
                _copy(keeper, artifact, place)
            except ArtifactNotFound:
                if artifact.optional:
                    continue
                raise
            yield place


def _place(run: Run, node: Node, artifact: Artifact, template: Path) -> Path:
    """Return where the copy is to be. Source: Argo replaces each variable once."""
    whole = str(template)
    values = {
        "templateName": node.template or (node.template_ref.template if node.template_ref else ""),
        "namespace": run.info.namespace,
        "workflowName": run.info.name,
        "nodeId": node_id(run.info.name, node.name),
        "artifactName": artifact.name,
    }
    for name, value in values.items():
        whole = whole.replace(f"{{{name}}}", _one_name(value, artifact), 1)
    name = posixpath.basename(key_of(artifact).rstrip("/")) or artifact.name
    return Path(whole) / _one_name(name, artifact)


def _one_name(name: str, artifact: Artifact) -> str:
    """Return what a run calls something, if it can be the name of one file.

    Raises:
        UsageError: it would lead elsewhere.
    """
    if "/" in name or "\0" in name or name in {".", ".."}:
        message = f"the artifact {artifact.name!r} cannot be copied: {name!r} cannot be a file's name"
        raise UsageError(message, remedy="Choose other artifacts with --artifact-name or --node-id.")
    return name


def _copy(keeper: ArtifactKeeper, artifact: Artifact, place: Path) -> None:
    fresh = place.with_name(f".{place.name}.new")
    stored = replace(artifact, archive=Archive(none={}), mode=None)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove(fresh)
        keeper.load(stored, fresh)
        _remove(place)
        fresh.rename(place)
    except OSError as error:
        raise ArtifactError(f"{error.filename}: {error.strerror}") from error


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
