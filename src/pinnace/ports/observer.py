"""Who wants to know what happens to runs: the live tree, a log, later a server. All methods may be no-ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pinnace.engine.node import Node
from pinnace.engine.run import Run


class Observer(Protocol):
    """Told on the event loop's thread, after what happened is saved. Must return at once."""

    def run_changed(self, run: Run, nodes: Sequence[Node], /) -> None:
        """Take note that ``nodes`` are new or changed, or, when empty, that the run's own state is."""

    def said(self, message: str) -> None:
        """Take note of something that a person should know now: a warning, a wait, a recovery."""


class Silence:
    """An observer that takes no note."""

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Do nothing."""

    def said(self, message: str) -> None:
        """Do nothing."""
