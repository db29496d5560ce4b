"""Runs of one case: in a home of their own, with their users, ended when their time is up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from conformance import users
from conformance.cases import HERE, Action, Case
from conformance.plan import Plan
from conformance.schema import misfit
from pinnace.base.errors import PinnaceError
from pinnace.bootstrap import Pinnace
from pinnace.engine.run import Run, Shutdown
from pinnace.service.status import workflow_object
from pinnace.settings import Settings
from pinnace.spec.workflow import Workflow
from pinnace.world.world import World

#: Seconds that a run may take, if its case says nothing else.
LIMIT = 240.0
#: Seconds that a run which is terminated may take to end.
_GRACE = 45.0
#: Node ids are made of the run's generated name, and the document is to be the same twice.
_NODE_ID = re.compile(r"NAME-(?:[-a-z0-9]+-)?\d{4,}")


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    phase: str
    """Its phase, or ``refused`` when it was not let start."""
    message: str = ""
    """Why: the run's message, and that of the first node that failed."""
    is_late: bool = False
    """Its time was up: it was terminated."""
    nodes: tuple[str, ...] = ()
    """A line for each node."""
    misfit: str = ""
    """What of it, as ``get -o json`` shows it, Argo's schema refuses."""


async def run_all(case: Case, plan: Plan, home: Path, world: World | None) -> list[End]:
    """Return how each workflow of the plan ended, one after the other."""
    settings = Settings(home=home, images=HERE / "images.toml")
    pinnace = Pinnace(settings, world)
    try:
        for name, limit in case.known.semaphores.items():
            pinnace.store.locks.set_limit(name, limit)
        return [await _run_one(pinnace, case, workflow, plan) for workflow in plan.workflows]
    finally:
        pinnace.close()


async def _run_one(pinnace: Pinnace, case: Case, workflow: Workflow, plan: Plan) -> End:
    try:
        uid = pinnace.submit(workflow, plan.catalogue)
    except PinnaceError as error:
        return End(phase="refused", message=error.message)
    actions = case.known.actions
    during = [action for action in actions if action.when != "ended"]
    is_late = not await _drive(pinnace, uid, during, case.known.limit or LIMIT)
    for _ in range(len(actions) - len(during)):
        pinnace.retry(uid)
        is_late |= not await _drive(pinnace, uid, (), LIMIT)
    run = pinnace.load(uid)
    return End(
        phase=run.state.phase,
        message=_why(run),
        is_late=is_late,
        nodes=_lines(run),
        misfit=misfit(workflow_object(run)),
    )


async def _drive(pinnace: Pinnace, uid: str, actions: Sequence[Action], limit: float) -> bool:
    """Drive the run to its end, and return whether it came in time.

    Raises:
        TimeoutError: it does not even end when it is terminated.
    """
    watcher = users.Watcher()
    acting = asyncio.ensure_future(users.act(pinnace, uid, actions, watcher))
    driving = asyncio.ensure_future(pinnace.drive([uid], observer=watcher))
    try:
        done, _ = await asyncio.wait({driving}, timeout=limit)
        if not done:
            pinnace.shutdown(Shutdown.TERMINATE)
            await asyncio.wait_for(driving, _GRACE)
        await driving
        if acting.done():
            acting.result()
        return bool(done)
    finally:
        for task in (acting, driving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


def _why(run: Run) -> str:
    """Return what explains the end of a run that did not succeed, without the run's generated name."""
    if run.state.phase == "Succeeded":
        return ""
    bad = [node for node in run.nodes.values() if node.phase.is_bad and node.message]
    leaf = next((node for node in bad if node.type.is_leaf), bad[0] if bad else None)
    parts = [run.state.message]
    if leaf is not None and leaf.message != run.state.message:
        parts.append(f"{leaf.name}: {leaf.message}")
    text = "; ".join(part for part in parts if part).replace(run.info.name, "NAME")
    return _NODE_ID.sub("NAME-ID", text)


def _lines(run: Run) -> tuple[str, ...]:
    return tuple(
        f"{node.name} {node.type.value} {node.phase.value} {node.message}".rstrip()
        for node in run.nodes.values()
    )
