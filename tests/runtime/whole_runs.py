"""Whole runs, in a home of the test's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pinnace.bootstrap import Pinnace
from pinnace.engine.run import Run
from pinnace.ports.observer import Silence
from pinnace.settings import read_settings
from pinnace.spec.bundle import read_bundle


def environment(place: Path) -> dict[str, str]:
    """Return what keeps everything below ``place``, and tasks without isolation."""
    return {"PINNACE_HOME": str(place / "home"), "PINNACE_ISOLATED": "false", "HOME": str(place)}


def opened(place: Path, **more: str) -> Pinnace:
    """Return Pinnace below ``place``; ``more`` are variables of its environment."""
    return Pinnace(read_settings({**environment(place), **more}))


def submitted(pinnace: Pinnace, *texts: str) -> str:
    """Submit the only workflow of the manifests, and return its uid."""
    bundle = read_bundle([(f"{number}.yaml", text) for number, text in enumerate(texts)])
    assert not [problem for problem in bundle.problems if problem.is_error], bundle.problems
    return pinnace.submit(bundle.workflows[0], bundle.catalogue)


def driven(pinnace: Pinnace, *uids: str) -> list[Run]:
    """Drive the runs to their ends, and return them as they were saved."""
    asyncio.run(pinnace.drive(uids, observer=Silence()))
    return [pinnace.load(uid) for uid in uids]


def ended(pinnace: Pinnace, *texts: str) -> Run:
    """Return the run of the only workflow of the manifests, driven to its end."""
    (run,) = driven(pinnace, submitted(pinnace, *texts))
    return run


def why(run: Run) -> list[str]:
    """Return what the nodes say."""
    return [f"{node.name}: {node.message}" for node in run.nodes.values() if node.message]
