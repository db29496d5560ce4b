"""Where artifacts are kept: the port that every artifact store implements.

Keys are ``/``-separated relative names; a store refuses a key that is absolute, empty, or has a ``..``, NUL or
control character in it. Folders are stored as several objects below ``key/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class ArtifactStore(Protocol):
    """One place that keeps artifacts. Methods may block: they are called on worker threads."""

    def load(self, key: str, target: Path) -> None:
        """Write the object ``key`` to the file ``target``, or the objects below ``key/`` into a folder there.

        Raises:
            ArtifactNotFound: there is no such object and none below it.
            ArtifactError: it cannot be read.
        """

    def save(self, source: Path, key: str) -> None:
        """Store the file ``source`` as ``key``, or each file of the folder ``source`` below ``key/``.

        What is stored appears whole or not at all.

        Raises:
            ArtifactError: it cannot be written.
        """

    def delete(self, key: str) -> None:
        """Remove the object, or all objects below it; a missing one is fine."""

    def list(self, prefix: str) -> Sequence[str]:
        """Return the keys at or below ``prefix``, sorted."""

    def is_directory(self, key: str) -> bool:
        """Return whether there are objects below ``key/``."""
