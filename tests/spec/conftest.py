"""Manifests from texts, for every test of ``spec``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.problems import Problem
from pinnace.spec.workflow import Workflow

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"

ReadSpec = Callable[[str], tuple[Workflow, list[Problem]]]


@pytest.fixture
def read_workflow() -> ReadSpec:
    """Return a function from the text under ``apiVersion`` and ``kind`` to the workflow and its problems."""

    def read(text: str) -> tuple[Workflow, list[Problem]]:
        bundle = read_bundle([("w.yaml", HEAD + text)])
        return bundle.workflows[0], list(bundle.problems)

    return read


@pytest.fixture
def bundle_of() -> Callable[..., Bundle]:
    """Return a function from texts to a bundle; they are the files ``0.yaml``, ``1.yaml`` …."""

    def read(*texts: str) -> Bundle:
        return read_bundle([(f"{index}.yaml", text) for index, text in enumerate(texts)])

    return read
