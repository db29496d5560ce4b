"""Mutexes and semaphores: the gate before a node, and the wait before a whole workflow.

A node claims its locks when nothing else keeps it from starting, and stays waiting until the answer comes.
What it then cannot use at once it gives back: nobody holds a lock and waits for a place. A node with a retry
strategy holds its locks over all attempts. Source: Argo workflow/sync sync_manager.go, operator.go
executeTemplate.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.quantities import parse_duration
from pinnace.engine.calling import body_scope, fail_call, template_of
from pinnace.engine.commands import ClaimLocks, ReleaseLocks
from pinnace.engine.events import LocksAnswered
from pinnace.engine.limits import STEP_DEADLINE, may_run, stopped_message, workflow_deadline
from pinnace.engine.locks import Lock, LockState
from pinnace.engine.naming import attempt_id, node_id
from pinnace.engine.node import NOBODY, Node, Phase
from pinnace.engine.substitute import fill
from pinnace.engine.turn import Turn
from pinnace.engine.verdicts import Ask, Refuse, Verdict
from pinnace.language.tags import Scope, substitute
from pinnace.spec.policies import Semaphore, Synchronization
from pinnace.spec.templates import Template

TIMEOUT = "timeout"
_INVALID = "requested configuration is invalid"


def lock_gate(turn: Turn, node: Node) -> Verdict:
    """Let nothing start without the locks that its template asks for."""
    template = template_of(turn, node).template
    if template.synchronization is None or node.is_attempt:
        return None
    if node.locks is None:
        try:
            scope = body_scope(turn, node, template)
            locks = wanted(turn, template.synchronization, scope)
            wake_at = _timeout(turn, template, scope)
        except PinnaceError as error:
            return Refuse(Phase.ERROR, error.message, is_call_error=True)
        node = turn.put(replace(node, locks=LockState(locks, turn.now), wake_at=wake_at))
        refusal = _over(turn, node)
        return refusal or Ask(None if turn.is_fresh else claim(turn, locks, node))
    if node.locks.is_held:
        return None
    return _over(turn, node) or Ask()


def _over(turn: Turn, node: Node) -> Refuse | None:
    """Return why a node that would wait for its locks need not wait: what it calls could not run."""
    if not may_run(turn.state.shutdown, node):
        return Refuse(Phase.FAILED, stopped_message(turn.state.shutdown))
    end = workflow_deadline(turn)
    if end is not None and turn.now >= end and not node.is_exit:
        return Refuse(Phase.FAILED, STEP_DEADLINE)
    if node.wake_at is not None and node.wake_at <= turn.now:
        return Refuse(Phase.FAILED, TIMEOUT, is_call_error=True)
    return None


def _timeout(turn: Turn, template: Template, scope: Scope) -> float | None:
    """Return when the wait is over (Unix seconds). Source: Argo operator.go checkTemplateTimeouts."""
    texts = (template.timeout, template.pending_timeout)
    ends = [turn.now + parse_duration(substitute(text, scope)) for text in texts if text]
    return min(ends) if ends else None


def claim(turn: Turn, locks: tuple[Lock, ...], node: Node | None) -> ClaimLocks:
    """Return the command that claims ``locks`` for a node, or for the run as a whole."""
    info = turn.run.info
    own = f"{info.namespace}/{info.name}"
    return ClaimLocks(
        node=node.number if node is not None else NOBODY,
        attempt_id=attempt_id(info.uid, node) if node is not None else f"{info.uid[:8]}.",
        locks=locks,
        holder=f"{own}/{node_id(info.name, node.name)}" if node is not None else own,
        priority=turn.run.workflow.spec.priority or 0,
        created_at=info.created_at,
    )


def kept_out(turn: Turn, node: Node) -> None:
    """Give back what a node that may not start was granted; after a crash, claim again what it waits for."""
    node = turn.node(node.number)
    if node.phase is not Phase.WAITING or node.locks is None:
        return
    if node.locks.is_held:
        turn.ask(ReleaseLocks(node=node.number, attempt_id=attempt_id(turn.run.info.uid, node)))
        turn.put(replace(node, locks=None, wake_at=None))
    elif turn.is_fresh:
        turn.ask(claim(turn, node.locks.locks, node))


def let_daemons_go(turn: Turn) -> None:
    """Give back what nodes hold that became daemons: Argo counts them as done."""
    for node in turn.nodes.values():
        if node.daemoned and node.locks is not None and node.phase is Phase.RUNNING:
            before = turn.run.nodes.get(node.number)
            if before is None or not before.daemoned:
                turn.ask(ReleaseLocks(node=node.number, attempt_id=attempt_id(turn.run.info.uid, node)))


def answered(turn: Turn, node: Node, event: LocksAnswered) -> None:
    """Let a node go on that has its locks; else say what it waits for."""
    locks = node.locks
    if node.phase is not Phase.WAITING or locks is None:
        return
    if event.error:
        fail_call(turn, node, event.error)
    elif event.is_granted:
        held = replace(locks, is_held=True, waits_for="")
        turn.put(replace(node, message="", locks=held, wake_at=None))
        turn.assess(node.number)
    else:
        waits = replace(locks, waits_for=event.waits_for)
        turn.put(replace(node, message=event.message, locks=waits))


# What is wanted --------------------------------------------------------------------------------------------


def wanted(turn: Turn, declared: Synchronization, scope: Scope) -> tuple[Lock, ...]:
    """Return the locks that a template or workflow asks for, semaphores first, as Argo does.

    Raises:
        PinnaceError: a tag in it, or what it asks for, is wrong.
    """
    filled = fill(turn.run.memo, declared, scope)
    everything: list[object] = [*filled.semaphores, *filled.mutexes]
    if any(each in everything[:place] for place, each in enumerate(everything)):
        message = f"{_INVALID}: duplicate synchronization item found"
        raise ManifestError(message)
    return tuple(_locks(turn, filled))


def _locks(turn: Turn, declared: Synchronization) -> Iterator[Lock]:
    own = turn.run.info.namespace
    for semaphore in declared.semaphores:
        yield _semaphore(turn, semaphore, semaphore.namespace or own)
    for mutex in declared.mutexes:
        kind = "Database" if mutex.database else "Mutex"
        yield Lock(_named(f"{mutex.namespace or own}/{kind}/{mutex.name}", mutex.name), is_mutex=True)


def _semaphore(turn: Turn, semaphore: Semaphore, namespace: str) -> Lock:
    source, database = semaphore.config_map_key_ref, semaphore.database
    if source is not None and database is not None:
        message = f"{_INVALID}: invalid semaphore with both ConfigMapKeyRef and Database"
        raise ManifestError(message)
    if database is not None:
        return Lock(_named(f"{namespace}/Database/{database.key}", database.key), limit=None)
    if source is None:
        message = f"{_INVALID}: cannot get LockName for a Semaphore without a ConfigMapRef or Database"
        raise ManifestError(message)
    name = _named(f"{namespace}/ConfigMap/{source.name}/{source.key}", source.name, source.key)
    text = turn.run.lookup.catalogue.config_map_value(source.name, source.key)
    if text is None:
        missing = f"there is no key '{source.key}' in a ConfigMap '{source.name}'"
        message = f"failed to initialize semaphore {name} with limit: {missing}"
        raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {source.name}.")
    try:
        limit = int(text)
    except ValueError:
        limit = 0
    if limit <= 0:
        message = f"failed to initialize semaphore {name} with limit: {text!r} is not a number above 0"
        raise ManifestError(message)
    return Lock(name, limit)


def _named(name: str, *parts: str) -> str:
    """Return the name of a lock. Source: Argo workflow/sync lock_name.go validate."""
    if not all(parts):
        message = f"{_INVALID}: a part of the lock's name is empty: {name}"
        raise ManifestError(message)
    return name
