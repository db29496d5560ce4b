"""The graph of a DAG: its tasks exist, can be reached, and do not wait for each other in a circle.

Source: Argo validate.go, validateDAG and verifyNoCycles; common/ancestry.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from pinnace.checks.context import Context, Site
from pinnace.checks.names import untagged
from pinnace.language.depends import RESULTS, TaskResults, parse_depends
from pinnace.language.errors import ExpressionError
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.templates import DAGTask

#: What names a task in ``depends``, with its tags.
_WORD = re.compile(r"(?:\{\{.*?\}\}|[-\w])+", re.DOTALL)
_OF_ITEMS = frozenset(("AnySucceeded", "AllFailed"))


def dependencies_of(task: DAGTask) -> tuple[str, ...]:
    """Return the names of the tasks that ``task`` waits for, in the order written, as ``untagged``."""
    if task.depends:
        return parse_depends(untagged(task.depends)).tasks
    return tuple(untagged(name) for name in task.dependencies)


class Ancestors:
    """For every task of a DAG, the tasks that have ended before it starts."""

    def __init__(self, tasks: Iterable[DAGTask]) -> None:
        self._depends_on = {untagged(task.name): dependencies_of(task) for task in tasks}
        self._index = {name: index for index, name in enumerate(self._depends_on)}

    def holds(self, task: str, ancestor: str) -> bool:
        """Return whether ``ancestor`` has ended before ``task`` starts."""
        task, ancestor = untagged(task), untagged(ancestor)
        if ancestor not in self._index or task not in self._index:
            return False
        # Most that is asked for is what the task waits for itself.
        return ancestor in self._depends_on[task] or bool(self._all[task] >> self._index[ancestor] & 1)

    @cached_property
    def _all(self) -> dict[str, int]:
        """One integer a task, a bit an ancestor: the union of a thousand sets stays cheap."""
        ancestors: dict[str, int] = {}
        for name in _dependencies_first(self._depends_on):
            found = 0
            for other in self._depends_on[name]:
                if other in self._index:
                    found |= 1 << self._index[other] | ancestors.get(other, 0)
            ancestors[name] = found
        return ancestors


def ancestors_of(tasks: Iterable[DAGTask]) -> Ancestors:
    """Return which tasks come before which."""
    return Ancestors(tasks)


def check_graph(context: Context) -> None:
    """Report what keeps the tasks of a DAG from being put in an order."""
    for site in context.sites():
        if site.template.dag is not None:
            _check_dag(context, site)
        if site.template.container_set is not None:
            _check_containers(context, site)


def _check_dag(context: Context, site: Site) -> None:
    dag = site.template.dag
    assert dag is not None
    path = (*site.path, "dag")
    if not dag.tasks:
        context.findings.error("no-tasks", "must have at least one task", path)
    tasks = {untagged(task.name): task for task in dag.tasks}
    uses_depends = any(task.depends for task in dag.tasks)
    places = {untagged(task.name): (*path, "tasks", index) for index, task in enumerate(dag.tasks)}
    for index, task in enumerate(dag.tasks):
        place = (*path, "tasks", index)
        _check_style(context, task, place, uses_depends)
        _check_dependencies(context, task, place, tasks)
    _check_cycles(context, {name: dependencies_of(task) for name, task in tasks.items()}, places)
    for name in dag.target.split(" ") if dag.target else ():
        if name not in tasks and "{{" not in dag.target:
            message = f"target '{name}' is not defined"
            context.findings.error("unknown-task", message, (*path, "target"), did_you_mean(name, tasks))


def _check_containers(context: Context, site: Site) -> None:
    """Report what keeps the containers of a set from being put in an order."""
    container_set = site.template.container_set
    assert container_set is not None
    path = (*site.path, "containerSet", "containers")
    places = {item.name: (*path, index) for index, item in enumerate(container_set.containers)}
    for container in container_set.containers:
        for index, name in enumerate(container.dependencies):
            if name not in places:
                message = f"dependency '{name}' not defined"
                place = (*places[container.name], "dependencies", index)
                context.findings.error("unknown-task", message, place, did_you_mean(name, places))
    if not container_set.containers:
        context.findings.error("no-tasks", "containers must have at least one container", path)
    _check_cycles(context, {item.name: item.dependencies for item in container_set.containers}, places)


def _check_style(context: Context, task: DAGTask, place: Path, uses_depends: bool) -> None:
    if (uses_depends or task.dependencies) and task.name[:1].isdigit():
        message = "name cannot begin with a digit when using either 'depends' or 'dependencies'"
        context.findings.error("invalid-name", message, (*place, "name"))
    if uses_depends and task.dependencies:
        message = "cannot use both 'depends' and 'dependencies' in the same DAG template"
        context.findings.error("mixed-dependencies", message, (*place, "dependencies"))
    if uses_depends and task.continue_on is not None:
        message = "cannot use 'continueOn' when using 'depends'"
        hint = "instead use 'dep-task.Failed'/'dep-task.Errored'"
        context.findings.error("mixed-dependencies", message, (*place, "continueOn"), hint)


def _check_dependencies(context: Context, task: DAGTask, place: Path, tasks: Mapping[str, DAGTask]) -> None:
    words = _WORD.findall(task.depends) if task.depends else task.dependencies
    written = {untagged(word): word for word in words}
    for index, name in enumerate(dependencies_of(task)):
        if name not in tasks:
            at = (*place, "depends") if task.depends else (*place, "dependencies", index)
            word = written.get(name, name)
            hint = did_you_mean(word, (each.name for each in tasks.values()))
            context.findings.error("unknown-task", f"dependency '{word}' not defined", at, hint)
    if task.depends:
        _check_depends(context, task, place, tasks)


def _check_depends(context: Context, task: DAGTask, place: Path, tasks: Mapping[str, DAGTask]) -> None:
    path = (*place, "depends")
    depends = parse_depends(untagged(task.depends))
    for name, result in depends.results:
        if result not in RESULTS:
            message = f"task result '{result}' for task '{name}' is invalid"
            context.findings.error("invalid-depends", message, path, did_you_mean(result, RESULTS))
            return
        if name in tasks and result in _OF_ITEMS and not tasks[name].is_loop:
            message = (
                f"dependency '{name}' uses an items-based condition such as .AnySucceeded or .AllFailed"
                " but does not contain any items"
            )
            context.findings.error("invalid-depends", message, path)
    try:
        # Whatever the results, a condition that can be evaluated for one can be for all.
        depends.evaluate({name: TaskResults() for name in depends.tasks})
    except ExpressionError as error:
        context.findings.error("invalid-depends", error.message, path)


def _check_cycles(
    context: Context, dependencies: Mapping[str, Sequence[str]], places: Mapping[str, Path]
) -> None:
    depends_on = {
        name: [other for other in others if other in dependencies] for name, others in dependencies.items()
    }
    reported: set[str] = set()
    for cycle in _cycles(depends_on):
        if reported.isdisjoint(cycle):
            message = f"dependency cycle detected: {'->'.join([*cycle, cycle[0]])}"
            context.findings.error("dependency-cycle", message, places[cycle[0]])
        reported.update(cycle)


def _cycles(depends_on: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield the circles that a walk along the dependencies closes, each from its first task on."""
    done: set[str] = set()
    for start in depends_on:
        trail: list[str] = []
        on_trail: dict[str, int] = {}
        waiting: list[tuple[str, bool]] = [(start, True)]
        while waiting:
            name, entering = waiting.pop()
            if not entering:
                done.add(name)
                del on_trail[trail.pop()]
            elif name in on_trail:
                yield trail[on_trail[name] :]
            elif name not in done:
                on_trail[name] = len(trail)
                trail.append(name)
                waiting.append((name, False))
                waiting += [(other, True) for other in reversed(depends_on[name])]


def _dependencies_first(depends_on: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield every task after those it depends on; in a circle, in some order."""
    seen: set[str] = set()
    for start in depends_on:
        waiting: list[tuple[str, bool]] = [(start, True)]
        while waiting:
            name, entering = waiting.pop()
            if not entering:
                yield name
            elif name not in seen and name in depends_on:
                seen.add(name)
                waiting.append((name, False))
                waiting += [(other, True) for other in depends_on[name]]
