"""Lifecycle hooks and exit handlers of steps, tasks and workflows.

Source: Argo hooks.go and exit_handler.go.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.artifacts import resolve_artifacts
from pinnace.engine.calling import Wish, call
from pinnace.engine.inputs import mark_absent
from pinnace.engine.leaf import end, end_below
from pinnace.engine.node import Node, Phase
from pinnace.engine.run import Shutdown
from pinnace.engine.scope import Chain
from pinnace.engine.substitute import fill, has_tags, holds
from pinnace.engine.turn import Turn
from pinnace.spec.parameters import Arguments
from pinnace.spec.templates import Call, LifecycleHook
from pinnace.spec.workflow import WorkflowSpec

EXIT = "exit"


def exit_hook(declared: Call | WorkflowSpec) -> LifecycleHook | None:
    """Return the exit handler of a step, a task or the workflow: ``onExit``, else ``hooks.exit``."""
    return LifecycleHook(template=declared.on_exit) if declared.on_exit else declared.hooks.get(EXIT)


def run_hooks(
    turn: Turn, declared: Call, node: Node, caller: Node, names_scope: str, scope: Callable[[Node], Chain]
) -> None:
    """Start the hooks of ``node`` whose time has come.

    Args:
        turn: the turn.
        declared: the step or task.
        node: its node: Running, or fulfilled.
        caller: the node of the steps or dag template.
        names_scope: where template names are looked up.
        scope: what the hooks of a node see; asked only when there are hooks.

    A hook that cannot be started is an error of ``node``, as in Argo.
    """
    if node.phase in {Phase.WAITING, Phase.PENDING} or turn.state.shutdown is Shutdown.TERMINATE:
        return

    def own_scope() -> Chain:
        return scope(node)

    try:
        for name, hook in declared.hooks.items():
            if name != EXIT and turn.state.shutdown is Shutdown.NONE:
                _run(turn, hook, f"hooks.{name}", node, caller, names_scope, own_scope, needs_expression=True)
        if node.phase.is_completed:
            last = exit_hook(declared)
            if last is not None:
                _run(turn, last, "onExit", node, caller, names_scope, own_scope, needs_expression=False)
    except PinnaceError as error:
        _fail(turn, turn.node(node.number), error.message)


def _fail(turn: Turn, node: Node, message: str) -> None:
    """Make the owner of a hook that cannot be started one in error, over or not."""
    if node.phase.is_fulfilled:
        turn.put(replace(node, phase=Phase.ERROR, message=message))
        return
    if node.type.is_leaf:
        end(turn, node, message, Phase.ERROR)
    else:
        turn.settle(node, Phase.ERROR, message)
        end_below(turn, node, message)


def _run(
    turn: Turn,
    hook: LifecycleHook,
    key: str,
    node: Node,
    caller: Node,
    names_scope: str,
    scope: Callable[[], Chain],
    *,
    needs_expression: bool,
) -> None:
    own = hook_key(node, key)
    if turn.find(node.parent, own, node.index) is not None:
        return
    name = f"{node.name}.{key}"
    if hook.expression:
        if not holds(hook.expression, scope()):
            return
    elif needs_expression:
        message = f"Expression required for hook {name}"
        raise ManifestError(message)
    filled = filled_hook(hook, scope) if needs_expression else filled_exit(turn, hook, scope)
    call(
        turn,
        Wish(
            name=name,
            key=own,
            index=node.index,
            parent=node.parent,
            boundary=caller.number,
            hook_of=node.number,
            template=filled.template,
            template_ref=filled.template_ref,
            scope=names_scope,
            arguments=filled.arguments,
            is_exit=key == "onExit",
        ),
    )


def hook_key(node: Node, key: str) -> str:
    """Return what the parent of ``node`` calls the hook ``key`` of it."""
    return f"{node.key}.{key}"


def filled_hook(hook: LifecycleHook, scope: Callable[[], Chain]) -> LifecycleHook:
    """Return ``hook`` with its tags replaced, in whom it calls and with what; unknown ones stay as they are.

    Raises:
        PinnaceError: an artifact is not there, or an output was never produced.
    """
    called = replace(hook, arguments=Arguments(), expression="")
    if has_tags(called):
        called = fill({}, called, scope())
    return replace(called, arguments=_filled_arguments(hook, scope))


def filled_exit(turn: Turn, hook: LifecycleHook, scope: Callable[[], Chain]) -> LifecycleHook:
    """Return an exit handler as ``filled_hook`` does; without arguments of its own it gets the workflow's.

    Raises:
        PinnaceError: as ``filled_hook``.
    """
    filled = filled_hook(hook, scope)
    own = filled.arguments
    if own.parameters or own.artifacts:
        return filled
    return replace(filled, arguments=turn.run.info.arguments)


def _filled_arguments(hook: LifecycleHook, scope: Callable[[], Chain]) -> Arguments:
    written = hook.arguments
    if not written.parameters and not written.artifacts:
        return written
    seen = scope()
    bare = replace(
        written,
        artifacts=tuple(
            replace(each, from_="", from_expression="", sub_path="") for each in written.artifacts
        ),
    )
    filled = fill({}, mark_absent(bare, seen), seen)
    return replace(filled, artifacts=resolve_artifacts(filled.artifacts, written.artifacts, seen))


def hooks_done(turn: Turn, node: Node) -> bool:
    """Return whether nothing of the node's hooks is left to run."""
    return turn.tally(node.number).hooks == 0


def owner_of(turn: Turn, number: NodeNumber) -> Node:
    """Return the node that a piece of news is about: a hook's owner, or the node itself."""
    node = turn.node(number)
    return turn.node(node.hook_of) if node.hook_of >= 0 else node
