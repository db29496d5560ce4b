"""A run's beginning and end: the entry node, workflow hooks, the exit handler, the final phase.

Source: Argo operator.go operate.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.calling import Wish, call
from pinnace.engine.events import LocksAnswered
from pinnace.engine.garbage import is_collected
from pinnace.engine.globals import GlobalsLayer, workflow_status
from pinnace.engine.hooks import EXIT, exit_hook, filled_exit, filled_hook
from pinnace.engine.leaf import end
from pinnace.engine.limits import stopped_message
from pinnace.engine.locking import claim, wanted
from pinnace.engine.locks import LockState
from pinnace.engine.node import NOBODY, Node, Phase
from pinnace.engine.run import Shutdown
from pinnace.engine.scope import Chain
from pinnace.engine.substitute import holds
from pinnace.engine.turn import Turn
from pinnace.spec.templates import LifecycleHook


def start(turn: Turn) -> None:
    """Begin, once: claim the workflow's locks, or call the entry template."""
    if turn.state.phase:
        return
    declared = turn.run.workflow.spec.synchronization
    if declared is None:
        _call_entry(turn)
        return
    try:
        locks = wanted(turn, declared, Chain(GlobalsLayer(turn)))
    except PinnaceError as error:
        _no_locks(turn, error.message)
        return
    turn.state = replace(turn.state, phase="Pending", locks=LockState(locks, turn.now))
    turn.ask(claim(turn, locks, None))


def _no_locks(turn: Turn, message: str) -> None:
    turn.state = replace(turn.state, started_at=turn.now)
    _end(turn, "Failed", f"Failed to acquire the synchronization lock. {message}")


def locks_answered(turn: Turn, event: LocksAnswered) -> None:
    """Begin a workflow that has its locks, or say what it waits for. Source: Argo operator.go operate."""
    state = turn.state
    if state.phase != "Pending" or state.locks is None:
        return
    if event.error:
        _no_locks(turn, event.error)
    elif event.is_granted:
        held = replace(state.locks, is_held=True, waits_for="")
        turn.state = replace(state, message="", locks=held)
        _call_entry(turn)
    else:
        waits = replace(state.locks, waits_for=event.waits_for)
        turn.state = replace(state, message=event.message, locks=waits)


def stop_waiting(turn: Turn, shutdown: Shutdown) -> None:
    """End a workflow that waits for its locks."""
    message = stopped_message(shutdown)
    turn.state = replace(turn.state, started_at=turn.now, shutdown=shutdown)
    for node in open_nodes(turn):
        turn.settle(node, Phase.FAILED, message)
    _end(turn, "Failed", message)


def _call_entry(turn: Turn) -> None:
    """Call the entry template; in a run that was retried, go on with what there is."""
    turn.state = replace(turn.state, phase="Running", started_at=turn.now)
    turn.is_fresh = bool(turn.run.nodes)
    for node in open_nodes(turn):
        turn.assess(node.number)
    info = turn.run.info
    call(
        turn,
        Wish(
            name=info.name,
            key="",
            template=turn.run.workflow.spec.entrypoint,
            arguments=info.arguments,
        ),
    )
    turn.assess(NOBODY)


def assess(turn: Turn) -> None:
    """Run the exit handler when the entry node has ended, and end the run when all is done.

    A suspended run does not end before it is resumed.
    """
    turn.news.pop(NOBODY, None)
    if turn.state.phase == "Pending":
        if turn.is_fresh and turn.state.locks is not None:
            turn.ask(claim(turn, turn.state.locks.locks, None))
        return
    entry = turn.find(NOBODY, "")
    if entry is None or turn.state.is_finished or not entry.phase.is_fulfilled:
        return
    if turn.state.is_suspended:
        return
    if entry.is_call_error:  # with which Argo ends the workflow at once
        if _open_hooks(turn):
            end_leaves(turn, entry.message)
        if not _open_hooks(turn):
            _finish(turn, entry, None)
        return
    if run_hooks(turn) or _open_hooks(turn):
        return
    hook = exit_hook(turn.run.workflow.spec)
    handler = turn.find(NOBODY, "onExit")
    if hook is not None and handler is None and turn.state.shutdown is not Shutdown.TERMINATE:
        _begin_exit(turn, hook)
        return
    if handler is not None and not handler.phase.is_fulfilled:
        return
    _finish(turn, entry, handler)


def _open_hooks(turn: Turn) -> bool:
    hooks = (turn.find(NOBODY, f"hooks.{name}") for name in turn.run.workflow.spec.hooks)
    return any(hook is not None and not hook.phase.is_fulfilled for hook in hooks)


def _scope(turn: Turn) -> Callable[[], Chain]:
    return lambda: Chain(GlobalsLayer(turn))


def _begin_exit(turn: Turn, hook: LifecycleHook) -> None:
    try:
        filled = filled_exit(turn, hook, _scope(turn))
    except PinnaceError as error:
        turn.state = replace(turn.state, message=f"error in exit template execution : {error.message}")
        _end(turn, "Error", turn.state.message)
        return
    call(
        turn,
        Wish(
            name=f"{turn.run.info.name}.onExit",
            key="onExit",
            template=filled.template,
            template_ref=filled.template_ref,
            arguments=filled.arguments,
            is_exit=True,
        ),
    )
    turn.assess(NOBODY)


def _finish(turn: Turn, entry: Node, handler: Node | None) -> None:
    status, message = workflow_status(entry), entry.message
    if entry.is_call_error:
        status, message = "Error", f"error in entry template execution: {message}"
    elif entry.phase.is_bad and turn.state.shutdown is not Shutdown.NONE:
        message = stopped_message(turn.state.shutdown)
    elif handler is not None and handler.is_call_error:
        status, message = "Error", f"error in exit template execution : {handler.message}"
    elif status == "Succeeded":
        message = ""
        if handler is not None and handler.phase.is_bad:
            status, message = handler.phase.value, handler.message
    _end(turn, status, message)


def _end(turn: Turn, phase: str, message: str) -> None:
    if not is_collected(turn):
        return
    turn.state = replace(turn.state, phase=phase, message=message, finished_at=turn.now)


def run_hooks(turn: Turn) -> bool:
    """Start the workflow's hooks whose time has come; return whether any was started.

    Asked at the end of every turn, as Argo asks at every reconciliation. A hook that cannot be started is an
    error of the entry node.
    """
    hooks = turn.run.workflow.spec.hooks
    if not hooks:
        return False
    entry = turn.find(NOBODY, "")
    if entry is None or turn.state.is_finished or turn.state.shutdown is not Shutdown.NONE:
        return False
    is_any = False
    for name, hook in hooks.items():
        key = f"hooks.{name}"
        if name == EXIT or turn.find(NOBODY, key) is not None:
            continue
        try:
            is_any |= _run_hook(turn, key, hook)
        except PinnaceError as error:
            fail_entry(turn, entry, error.message)
            return not entry.phase.is_fulfilled
    return is_any


def _run_hook(turn: Turn, key: str, hook: LifecycleHook) -> bool:
    name = f"{turn.run.info.name}.{key}"
    if not hook.expression:
        message = f"Expression required for hook {name}"
        raise ManifestError(message)
    scope = _scope(turn)
    if not holds(hook.expression, scope()):
        return False
    filled = filled_hook(hook, scope)
    call(
        turn,
        Wish(
            name=name,
            key=key,
            template=filled.template,
            template_ref=filled.template_ref,
            arguments=filled.arguments,
        ),
    )
    turn.assess(NOBODY)
    return True


def fail_entry(turn: Turn, entry: Node, message: str) -> None:
    """End the run's main part in error, and everything that still runs in it."""
    if entry.phase.is_fulfilled:
        return
    if entry.type.is_leaf:
        end(turn, entry, message, Phase.ERROR)
    else:
        turn.settle(entry, Phase.ERROR, message)
    end_leaves(turn, message)


def open_nodes(turn: Turn) -> list[Node]:
    """Return all nodes that are not fulfilled, oldest first."""
    numbers = sorted({*turn.run.nodes, *turn.nodes})
    return [node for number in numbers if not (node := turn.node(number)).phase.is_fulfilled]


def end_leaves(turn: Turn, message: str) -> None:
    """End every leaf that runs, exit handlers excepted."""
    for node in open_nodes(turn):
        if node.type.is_leaf and not node.is_exit:
            end(turn, node, message)
