"""What loads, saves and deletes the artifacts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pinnace.engine.artifacts import repository_of
from pinnace.engine.run import Run
from pinnace.settings import Settings

if TYPE_CHECKING:  # adapters are imported when they are first used, so that `list` starts fast
    from pinnace.ports.artifacts import ArtifactKeeper
    from pinnace.world.world import World


def artifact_keeper(run: Run, settings: Settings, local: Path, world: World | None) -> ArtifactKeeper:
    """Return what keeps the run's artifacts: in the folder ``local`` where no location says otherwise.

    S3 is that of ``world``, if there is one.
    """
    from pinnace.artifacts.local import LocalStore
    from pinnace.artifacts.open import ArtifactStores, StoreSettings
    from pinnace.runtime.environment import secret_text

    stores = StoreSettings(allow_link_local=settings.allow_link_local)
    if world is not None:
        stores = replace(stores, endpoint_url=world.endpoint_url, credentials=world.credentials)
    return ArtifactStores(
        LocalStore(local),
        lambda selector: secret_text(run.lookup.catalogue, selector.name, selector.key),
        stores,
        repository=repository_of(run),
    )
