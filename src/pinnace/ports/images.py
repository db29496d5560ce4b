"""How an image's command runs in a place that has no images: the port of the table of stand-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pinnace.ports.executor import StagedFile


class StandIn(msgspec.Struct, frozen=True, kw_only=True):
    """What runs instead of an image's container."""

    argv: tuple[str, ...]
    """The whole command."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables that the image would have set; the manifest's own win."""
    files: tuple[StagedFile, ...] = ()
    """Files that the image would have had."""
    notes: tuple[str, ...] = ()
    """What of the image is not honoured, each a sentence."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing here can stand in for the image."""

    message: str
    remedies: tuple[str, ...] = ()


class Images(Protocol):
    """Finds the stand-in of an image."""

    def resolve(self, image: str, command: Sequence[str], args: Sequence[str]) -> StandIn | Refusal:
        """Return what runs, or why nothing does. ``command`` empty means the image's own entrypoint."""
