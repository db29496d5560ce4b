"""Manifests, less what they all begin with."""

from __future__ import annotations


def workflow(templates: str, *, metadata: str = "{name: wf}", spec: str = "") -> str:
    """Return a Workflow of ``templates`` whose entry is ``main``; ``spec`` are more lines of its spec."""
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {metadata}
spec:
  entrypoint: main
{spec}  templates:
{templates}"""
