"""What users do to a run while it goes on: the actions of a case, each when its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from conformance.cases import Action
from pinnace.bootstrap import Pinnace
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.service import control


class Watcher:
    """An observer that wakes who waits for a change of the run."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.said_last = ""
        self._changed = asyncio.Event()

    def run_changed(self, run: Run, _nodes: Sequence[Node]) -> None:
        """Keep the run and wake up."""
        self.run = run
        self._changed.set()

    def said(self, message: str) -> None:
        """Keep what was said last."""
        self.said_last = message

    async def wait_for(self, when: str) -> None:
        """Return as soon as the time of an action has come."""
        await self.wait_until(lambda: self.run is not None and has_come(when, self.run))

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition`` holds; it is asked again at every change of the run."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


def has_come(when: str, run: Run) -> bool:
    """Return whether the time of an action (``Action.when``) has come."""
    nodes = run.nodes.values()
    if when == "suspended":
        return any(each.type is NodeType.SUSPEND and each.phase is Phase.RUNNING for each in nodes)
    if when == "running":
        return any(each.type is NodeType.POD and each.phase is Phase.RUNNING for each in nodes)
    name, _, phase = when.partition("=")
    return any(each.name == name and each.phase.value == phase for each in nodes)


async def act(pinnace: Pinnace, uid: str, actions: Sequence[Action], watcher: Watcher) -> None:
    """Do what users do, one after the other, each through the store as another process would."""
    for action in actions:
        await watcher.wait_for(action.when)
        ask = _ask(pinnace.load(uid), action)
        number = pinnace.request(uid, ask.kind, ask.payload)
        await watcher.wait_until(partial(_is_done, pinnace, uid, number))


def _is_done(pinnace: Pinnace, uid: str, number: int) -> bool:
    """Return whether the run has taken in a request."""
    return all(request.id != number for request in pinnace.store.pending_requests([uid]))


def _ask(run: Run, action: Action) -> control.Ask:
    match action.do:
        case "resume":
            return control.resume(run, selector=action.selector)
        case "stop":
            return control.stop(run, selector=action.selector, message=action.message)
        case "terminate":
            return control.terminate(run)
        case "set":
            return control.node_set(run, selector=action.selector, parameters=action.parameters)
        case other:
            message = f"manifests.toml: there is no action {other!r}"
            raise ValueError(message)
