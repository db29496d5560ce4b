"""Pinnace: Argo Workflows manifests, run wherever you are."""

from __future__ import annotations

__version__ = "0.1.0"
