"""The icons and colours of phases. Source: Argo cmd/argo/commands/common."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a phase is shown."""

    icon: str
    word: str
    """What stands for the icon where only ASCII is wanted."""
    colour: str
    """A colour's name, as ``styled`` and rich know it; empty is the terminal's own."""


_LOOKS = {
    "": Look("◷", "Waiting", ""),
    "Pending": Look("◷", "Pending", "yellow"),
    "Running": Look("●", "Running", "cyan"),
    "Succeeded": Look("✔", "Succeeded", "green"),
    "Skipped": Look("○", "Skipped", ""),
    "Omitted": Look("○", "Omitted", ""),
    "Failed": Look("✖", "Failed", "red"),
    "Error": Look("⚠", "Error", "red"),
}
#: A wait for somebody: neither pending nor doing anything.
SUSPENDED = Look("ǁ", "Suspend", "cyan")

_CODES = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold": "1",
}


def look_of(phase: str, node_type: str = "") -> Look:
    """Return how a node of this phase and type is shown."""
    if node_type == "Suspend" and phase == "Running":
        return SUSPENDED
    return _LOOKS.get(phase, _LOOKS[""])


def styled(text: str, colour: str) -> str:
    """Return ``text`` in ``colour``, with the escape sequences of terminals."""
    code = _CODES.get(colour)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text
