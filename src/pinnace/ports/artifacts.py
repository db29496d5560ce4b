"""Where artifacts are kept: the ports that artifact stores and their user, the runtime, share.

Keys are ``/``-separated relative names; a store refuses a key that is absolute, empty, or has a ``..``, NUL
or control character in it. Folders are stored as several objects below ``key/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pinnace.spec.parameters import Artifact


class ArtifactStore(Protocol):
    """One place that keeps artifacts. Methods may block: they are called on worker threads."""

    def load(self, key: str, target: Path, /) -> None:
        """Write the object ``key`` to the file ``target``, or the objects below ``key/`` into a folder there.

        ``target`` appears whole or not at all; its folder exists and it does not.

        Raises:
            ArtifactNotFound: there is no such object and none below it.
            ArtifactError: it cannot be read.
        """

    def save(self, source: Path, key: str, /) -> None:
        """Store the file ``source`` as ``key``, or each regular file of the folder ``source`` below ``key/``.

        Each object appears whole or not at all, and replaces what had the same key. A folder's links and
        empty folders are left out, because object stores have neither.

        Raises:
            ArtifactError: it cannot be written.
        """

    def delete(self, key: str, /) -> None:
        """Remove the object, or all objects below it; a missing one is fine."""

    def list(self, prefix: str, /) -> Sequence[str]:
        """Return the keys at or below ``prefix``, sorted."""

    def is_directory(self, key: str, /) -> bool:
        """Return whether there are objects below ``key/``."""


class ArtifactKeeper(Protocol):
    """Moves artifacts between their locations and this machine. Methods block, and are thread-safe.

    An artifact that has a key alone is in the run's repository.
    """

    def load(self, artifact: Artifact, target: Path) -> None:
        """Make ``target`` what the task finds at ``artifact.path``: loaded, unpacked, with its ``mode``.

        Raises:
            ArtifactNotFound: nothing is there; forgiven when ``artifact.optional``.
            ArtifactError: it cannot be read, or what it holds may not be unpacked.
            RefusedError: Pinnace has no store of this kind.
        """

    def save(self, artifact: Artifact, source: Path) -> None:
        """Pack the file or folder ``source`` as ``artifact.archive`` says and store it at its location.

        Raises:
            ArtifactError: it cannot be written.
            RefusedError: Pinnace has no store of this kind, or this kind takes no output.
        """

    def delete(self, artifact: Artifact) -> None:
        """Remove what is stored at the artifact's location; a missing one is fine."""

    def list(self, artifact: Artifact) -> Sequence[str]:
        """Return the keys at or below the artifact's location, sorted; without a key, all of its bucket."""
