"""Who holds which lock and who waits for it, as ``status`` and lists show it.

Source: Argo api/workflow_types.go SynchronizationStatus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pinnace.engine.locks import Claim, LockState
from pinnace.engine.naming import node_id
from pinnace.engine.node import Phase
from pinnace.engine.run import Run

#: So many of those that wait are named.
_MOST = 10


def synchronization(run: Run, claims: Sequence[Claim] = ()) -> dict[str, Any]:
    """Return ``status.synchronization`` of a run that has not ended; empty when it has no locks.

    Args:
        run: the run.
        claims: all claims of the store; without them only holders of this run are named to those that wait.
    """
    if run.state.is_finished:
        return {}
    held: dict[str, list[str]] = {}
    waited: dict[str, None] = {}
    mutexes: set[str] = set()
    for holder, state in _states(run):
        for lock in state.locks:
            if lock.is_mutex:
                mutexes.add(lock.name)
            if state.is_held:
                held.setdefault(lock.name, []).append(holder)
            else:
                waited[lock.name] = None
    holders = {name: [c.holder for c in claims if c.lock == name and c.is_held] for name in waited}
    found: dict[str, Any] = {}
    _put(found, "holding", held.items(), mutexes)
    _put(found, "waiting", ((name, holders[name] or held.get(name, [])) for name in waited), mutexes)
    return found


def lock_lines(run: Run, claims: Sequence[Claim]) -> Iterator[str]:
    """Yield lines about the locks that the run has to do with, none when there are none."""
    own = {claim.lock for claim in claims if claim.uid == run.info.uid}
    if own:
        yield "Locks:"
    for line in queue_lines([claim for claim in claims if claim.lock in own]):
        yield f"  {line}"


def queue_lines(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield a line for each lock: who holds it, and who waits, in their order."""
    for name in sorted({claim.lock for claim in claims}):
        held = [claim.holder for claim in claims if claim.lock == name and claim.is_held]
        queue = [claim.holder for claim in claims if claim.lock == name and not claim.is_held]
        more = f" and {len(queue) - _MOST} more" if len(queue) > _MOST else ""
        waits = f"; waiting: {', '.join(queue[:_MOST])}{more}" if queue else ""
        yield f"{name}: {'held by ' + ', '.join(held) if held else 'free'}{waits}"


def _states(run: Run) -> Iterator[tuple[str, LockState]]:
    """Yield holder keys with what they have to do with locks."""
    own = f"{run.info.namespace}/{run.info.name}"
    if run.state.locks is not None:
        yield own, run.state.locks
    for node in run.nodes.values():
        if node.locks is not None and not node.phase.is_fulfilled and not node.daemoned:
            yield f"{own}/{node_id(run.info.name, node.name)}", node.locks


def _put(
    found: dict[str, Any], side: str, rows: Iterable[tuple[str, Sequence[str]]], mutexes: set[str]
) -> None:
    for name, holders in rows:
        if name in mutexes:
            if not holders:
                continue
            row: dict[str, Any] = {"mutex": name, "holder": holders[0]}
            found.setdefault("mutex", {}).setdefault(side, []).append(row)
        else:
            row = {"semaphore": name, **({"holders": list(holders)} if holders else {})}
            found.setdefault("semaphore", {}).setdefault(side, []).append(row)


def node_fields(state: LockState | None, phase: Phase) -> dict[str, Any]:
    """Return what a node's status says of the lock that it waits for."""
    if state is None or phase is not Phase.WAITING or not state.waits_for:
        return {}
    return {"synchronizationStatus": {"waiting": state.waits_for}}
