"""Deleting artifacts whose time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from pinnace.base.errors import PinnaceError
from pinnace.engine.commands import DeleteArtifacts
from pinnace.engine.node import Phase
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.runtime.workers import Done
from pinnace.spec.parameters import Artifact


class Collector:
    """Deletes artifacts of one run: the worker for ``DeleteArtifacts``. What is gone already is fine."""

    def __init__(self, keeper: ArtifactKeeper) -> None:
        self._keeper = keeper

    async def perform(self, command: DeleteArtifacts) -> Done:
        """Return which artifacts are gone, and what kept the others."""
        gone, trouble = await asyncio.to_thread(delete, self._keeper, command.artifacts)
        return Done(Phase.ERROR if trouble else Phase.SUCCEEDED, message=trouble, artifacts=gone)


def delete(keeper: ArtifactKeeper, artifacts: Iterable[Artifact]) -> tuple[tuple[Artifact, ...], str]:
    """Delete as many of ``artifacts`` as can be; return those that are gone, and what went wrong last."""
    gone, trouble = [], ""
    for artifact in artifacts:
        try:
            keeper.delete(artifact)
        except PinnaceError as error:
            trouble = f"the artifact {artifact.name} could not be deleted: {error.message}"
        else:
            gone.append(artifact)
    return tuple(gone), trouble
