"""What is fixed about a DAG: who waits for whom, and which tasks are wanted. Computed once a template."""

from __future__ import annotations

from collections.abc import Callable

from pinnace.base.errors import ManifestError
from pinnace.engine.node import Node, Phase
from pinnace.language.depends import Depends, TaskResults, parse_depends
from pinnace.spec.templates import DAG, ContinueOn, DAGTask

_NEVER = ContinueOn()
#: What lets a task go on that waits: done and Running is a daemon at work.
_GOOD = frozenset({Phase.SUCCEEDED, Phase.SKIPPED, Phase.RUNNING})


class DagPlan:
    """The tasks of a DAG in order of their dependencies.

    Attributes:
        tasks: by name, as the manifest has them.
        dependencies: the tasks that a task names, in ``dependencies`` or ``depends``.
        dependents: the reverse, of those that are needed.
        targets: the tasks that are wanted: ``target``, or all that nobody depends on.
        needed: the targets and all that they depend on, each after what it depends on.
    """

    __slots__ = ("_depends", "dependencies", "dependents", "needed", "targets", "tasks")

    def __init__(self, dag: DAG, target: str) -> None:
        self.tasks: dict[str, DAGTask] = {task.name: task for task in dag.tasks}
        self._depends: dict[str, Depends] = {
            task.name: parse_depends(task.depends) for task in dag.tasks if task.depends
        }
        self.dependencies: dict[str, tuple[str, ...]] = {
            name: self._depends[name].tasks
            if name in self._depends
            else tuple(dict.fromkeys(task.dependencies))
            for name, task in self.tasks.items()
        }
        depended_on: set[str] = set()
        for name, needs in self.dependencies.items():
            for need in needs:
                if need not in self.tasks:
                    message = f"task '{name}' depends on '{need}', which is not a task of this dag"
                    raise ManifestError(message)
            depended_on.update(needs)
        if target.strip():
            self.targets = tuple(target.split(" "))
        else:
            self.targets = tuple([name for name in self.tasks if name not in depended_on])
        self.needed = self._ordered()
        self.dependents: dict[str, list[str]] = {name: [] for name in self.needed}
        for name in self.tasks:
            if name in self.dependents:
                for need in self.dependencies[name]:
                    self.dependents[need].append(name)

    def _ordered(self) -> tuple[str, ...]:
        """Return what the targets need, dependencies first; no recursion, DAGs are deep."""
        order: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(name, False) for name in reversed(self.targets)]
        open_: set[str] = set()
        while stack:
            name, is_left = stack.pop()
            if is_left:
                order[name] = None
                open_.discard(name)
            elif name not in order:
                if name not in self.tasks:
                    message = f"target '{name}' is not a task of this dag"
                    raise ManifestError(message)
                if name in open_:
                    message = f"dependency cycle detected at task '{name}'"
                    raise ManifestError(message)
                open_.add(name)
                stack.append((name, True))
                stack.extend((need, False) for need in reversed(self.dependencies[name]) if need not in order)
        return tuple(order)

    def ancestors(self, task: str) -> list[str]:
        """Return every task that ``task`` depends on, directly or not."""
        found: dict[str, None] = {}
        stack = list(self.dependencies.get(task, ()))
        while stack:
            name = stack.pop()
            if name not in found:
                found[name] = None
                stack.extend(self.dependencies[name])
        return list(found)

    def allows(self, task: str, results: Callable[[str], TaskResults], phase: Callable[[str], Phase]) -> bool:
        """Return whether the task is to run, given that all it depends on is done.

        Source: Argo dag.go evaluateDependsLogic, ancestry.go expandDependency.
        """
        depends = self._depends.get(task)
        if depends is not None:
            return depends.evaluate({name: results(name) for name in depends.tasks})
        return all(_is_good(phase(name), self.tasks[name].continue_on) for name in self.dependencies[task])


def _is_good(phase: Phase, continue_on: ContinueOn | None) -> bool:
    if phase in _GOOD:
        return True
    forgiven = continue_on or _NEVER
    return (phase is Phase.FAILED and forgiven.failed) or (phase is Phase.ERROR and forgiven.error)


def forgives(continue_on: ContinueOn | None, node: Node | Phase) -> bool:
    """Return whether an unhappy end does not count."""
    phase = node.phase if isinstance(node, Node) else node
    return phase.is_bad and _is_good(phase, continue_on)
