"""Content that is written in the manifest itself: input only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pinnace.artifacts.files import appearing
from pinnace.base.errors import RefusedError


class RawStore:
    """One text as an artifact; implements ``pinnace.ports.artifacts.ArtifactStore``. Keys mean nothing to it.

    Source: Argo workflow/artifacts/raw/raw.go.
    """

    def __init__(self, data: str) -> None:
        self._data = data

    def load(self, _key: str, target: Path) -> None:
        """Write the text to the file ``target``."""
        with appearing(target) as made:
            made.write_bytes(self._data.encode())

    def save(self, source: Path, _key: str) -> None:
        """Refuse: there is nowhere to store it."""
        raise RefusedError(
            f"raw artifacts are inputs only; {source.name!r} cannot be stored as one",
            remedy="Leave the location out to use the default repository, or give an s3 location.",
        )

    def delete(self, _key: str) -> None:
        """Leave the manifest as it is."""

    def list(self, _prefix: str) -> Sequence[str]:
        """Return nothing: there are no keys."""
        return []

    def is_directory(self, _key: str) -> bool:
        """Return False: a text is one file."""
        return False
