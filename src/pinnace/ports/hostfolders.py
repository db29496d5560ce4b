"""What of this machine itself manifests may mount: given by the settings, held by the volumes."""

from __future__ import annotations

from typing import NamedTuple


class HostFolder(NamedTuple):
    """A folder of this machine that manifests may mount, with all that lies in it."""

    path: str
    """Absolute, its links followed."""
    is_read_only: bool = False
