"""An observer for ``--quiet``: only what a person must know, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pinnace.cli.render.text import clean
from pinnace.engine.node import Node
from pinnace.engine.run import Run


class Quiet:
    """An observer that passes on what is said, and nothing of what happens."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Do nothing."""

    def said(self, message: str) -> None:
        """Write ``message``."""
        self._write(clean(message))
