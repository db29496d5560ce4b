"""Settings in, wired objects out: the only package that names an adapter."""

from __future__ import annotations

from pinnace.bootstrap.pinnace import Pinnace
from pinnace.bootstrap.web import fetch

__all__ = ["Pinnace", "fetch"]
