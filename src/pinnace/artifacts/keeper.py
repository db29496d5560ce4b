"""The artifacts of one run: inputs loaded, outputs stored where they say or in the local repository."""

from __future__ import annotations

from pathlib import Path

from pinnace.artifacts.locate import with_default_key
from pinnace.artifacts.open import ArtifactStores
from pinnace.spec.parameters import Artifact


class RunArtifacts:
    """Loads and saves; implements ``pinnace.ports.artifacts.ArtifactKeeper``."""

    def __init__(self, stores: ArtifactStores) -> None:
        self._stores = stores

    def load(self, artifact: Artifact, target: Path) -> None:
        """Make the artifact's content appear at ``target``, unpacked and with its mode."""
        self._stores.load(artifact, target)

    def place(self, artifact: Artifact, key_prefix: str) -> Artifact:
        """Return the artifact with the location that ``save`` would give it."""
        return with_default_key(artifact, key_prefix, None)

    def save(self, source: Path, artifact: Artifact, key_prefix: str) -> Artifact:
        """Store ``source`` packed as the artifact says; return the artifact with its location."""
        placed = self.place(artifact, key_prefix)
        self._stores.save(placed, source)
        return placed
