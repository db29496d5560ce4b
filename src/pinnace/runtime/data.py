"""Data templates: the keys at an artifact's location, transformed by expressions.

Source: Argo workflow/data/data.go, we/data.go.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.commands import TransformData
from pinnace.engine.node import Phase
from pinnace.language.expressions import evaluate
from pinnace.language.gojson import encode_json
from pinnace.language.values import Failure
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.runtime.workers import Done
from pinnace.spec.bodies import Data
from pinnace.spec.locate import kept, relocate
from pinnace.spec.parameters import Artifact, ArtifactLocation
from pinnace.spec.templates import Template


class Transformer:
    """Does the data templates of one run: the worker for ``TransformData``.

    Args:
        keeper: lists, and keeps outputs.
        repository: where artifacts are that have only a key.
    """

    def __init__(self, keeper: ArtifactKeeper, repository: ArtifactLocation) -> None:
        self._keeper = keeper
        self._repository = repository

    async def perform(self, command: TransformData) -> Done:
        """Return the data as JSON; what goes wrong is told as that of the pod that Argo has for it."""
        try:
            result, artifacts = await asyncio.to_thread(self._perform, command)
        except PinnaceError as error:
            told = f"unable to process data template: {error.message}"
            return Done(Phase.FAILED, f"main: Error (exit code 64): {told}", exit_code=64)
        return Done(result=result, artifacts=artifacts, exit_code=0)

    def _perform(self, command: TransformData) -> tuple[str, tuple[Artifact, ...]]:
        template = command.template
        try:
            result = encode_json(transformed(template.data or Data(), self._keeper, self._place(template)))
        except Failure as failure:
            raise ManifestError(failure.message) from None
        return result, self._kept(template, result)

    def _place(self, template: Template) -> ArtifactLocation:
        return template.archive_location or self._repository

    def _kept(self, template: Template, result: str) -> tuple[Artifact, ...]:
        """Store the result as each output artifact. Differs from Argo, which stores none of them."""
        place = self._place(template)
        outputs = [kept(artifact, place, self._repository) for artifact in template.outputs.artifacts]
        if outputs:
            with tempfile.TemporaryDirectory(prefix="pinnace-data-") as folder:
                for artifact in outputs:
                    file = Path(folder, Path(artifact.path).name or artifact.name)
                    file.write_text(result, encoding="utf-8")
                    self._keeper.save(relocate(artifact, place), file)
        return tuple(outputs)


def transformed(data: Data, keeper: ArtifactKeeper, place: ArtifactLocation) -> object:
    """Return what the source lists, after each expression; what has only a key is at ``place``.

    Raises:
        PinnaceError: nothing can be listed there, or an expression fails; says which step.
    """
    if data.source is None or data.source.artifact_paths is None:
        message = "unable to process data source: no valid source is used for data template"
        raise ManifestError(message)
    source: Artifact = data.source.artifact_paths
    if source.s3 is None or not source.s3.bucket:  # a bucket without a key is all that is in it
        source = relocate(source, place)
    try:
        found: object = list(keeper.list(source))
    except PinnaceError as error:
        message = f"unable to process data source: unable to source artifact paths: {error.message}"
        raise ManifestError(message) from error
    for number, step in enumerate(data.transformation):
        if step.expression:
            try:
                found = evaluate(step.expression, {"data": found}, functions=False)
            except PinnaceError as error:
                message = (
                    "unable to process data transformation: "
                    f"error processing data step {number}: {error.message}"
                )
                raise ManifestError(message) from error
    return found
