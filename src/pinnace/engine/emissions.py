"""What a metric emits: one value, under a name and labels."""

from __future__ import annotations

import msgspec


class Definition(msgspec.Struct, frozen=True):
    """What all metrics of one name have in common."""

    kind: str
    """``counter``, ``gauge`` or ``histogram``."""
    help: str


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """One value that was emitted."""

    name: str
    definition: Definition
    labels: tuple[tuple[str, str], ...] = ()
    value: float
    operation: str = "Add"
    """Of a gauge: ``Set``, ``Add`` or ``Sub``."""
    buckets: tuple[float, ...] = ()
    """Of a histogram: the upper bounds."""
