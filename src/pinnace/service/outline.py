"""What a workflow looks like before it runs: its calls as a tree, with what waits for what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pinnace.base.errors import ManifestError
from pinnace.checks.graph import dependencies_of
from pinnace.language.errors import ExpressionError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.merge import with_template_ref
from pinnace.spec.references import LOCAL, TemplateLookup
from pinnace.spec.templates import Call, DAGTask, LifecycleHook, Template
from pinnace.spec.workflow import Workflow

#: A template that calls others many times over is not drawn beyond this many places.
MOST_PLACES = 2_000
#: Nor deeper than a run goes. Source: Argo operator.go, maxAllowedStackDepth.
DEEPEST = 100

#: A condition that says no more than what is waited for.
_ALL_OF = re.compile(r"\s*[\w-]+(\s*&&\s*[\w-]+)*\s*")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One call, as it will be: which template, how often, when, and what it calls in turn."""

    number: int
    """Unlike that of every other place of the outline."""
    name: str
    template: str
    kind: str
    """The type of the template: ``container``, ``steps`` …; ``?`` if only the run knows it."""
    notes: tuple[str, ...] = ()
    """Loop, condition, and what else decides whether it runs; also why nothing is drawn below it."""
    inside: tuple[Place, ...] = ()
    follows: tuple[int, ...] = ()
    """The numbers of the places beside it that end before it starts."""
    phase: str = ""
    """Of a node of a run: how it stands."""


@dataclass(kw_only=True)
class _Drawing:
    """What is being drawn: the lookup, the calls that lead here, and the numbers given."""

    lookup: TemplateLookup
    count: int = 0
    open: list[tuple[str, str]] = field(default_factory=list)

    def number(self) -> int:
        self.count += 1
        return self.count


def outline(workflow: Workflow, catalogue: Catalogue) -> tuple[Place, ...]:
    """Return the places of ``workflow``: its entrypoint, then its hooks and its exit handler.

    Raises:
        ManifestError: it refers to a WorkflowTemplate that is not known, or has no entrypoint.
    """
    whole = with_template_ref(workflow, catalogue)
    spec = whole.spec
    if not spec.entrypoint:
        raise ManifestError("spec.entrypoint is required", remedy="There is nothing to begin with.")
    drawing = _Drawing(lookup=TemplateLookup(whole, catalogue))
    places = [_place(drawing, LifecycleHook(template=spec.entrypoint), spec.entrypoint, LOCAL, (), ())]
    for name, hook in spec.hooks.items():
        if name == "exit" and spec.on_exit:
            continue
        note = "when the workflow ends" if name == "exit" else f"when {hook.expression}"
        places.append(_place(drawing, hook, f"hook {name}", LOCAL, (note,), ()))
    if spec.on_exit:
        handler = LifecycleHook(template=spec.on_exit)
        places.append(_place(drawing, handler, "onExit", LOCAL, ("when the workflow ends",), ()))
    return tuple(places)


def _place(
    drawing: _Drawing,
    call: Call | LifecycleHook,
    name: str,
    scope: str,
    notes: tuple[str, ...],
    follows: tuple[int, ...],
) -> Place:
    number = drawing.number()
    try:
        template, inner = drawing.lookup.resolve(call, scope)
    except ManifestError:
        wanted = call.template_ref.template if call.template_ref is not None else call.template
        return Place(number=number, name=name, template=wanted, kind="?", notes=notes, follows=follows)
    key = (inner, template.name)
    inside: tuple[Place, ...] = ()
    is_inline = isinstance(call, Call) and call.inline is not None
    if not is_inline and key in drawing.open:
        notes = (*notes, "calls itself again")
    elif drawing.count > MOST_PLACES or len(drawing.open) > DEEPEST:
        notes = (*notes, "not drawn further")
    else:
        drawing.open.append(key)
        inside = tuple(_inside(drawing, template, inner))
        drawing.open.pop()
    return Place(
        number=number,
        name=name,
        template="inline" if is_inline else template.name,
        kind=next(iter(template.body_types), "?"),
        notes=notes,
        inside=inside,
        follows=follows,
    )


def _inside(drawing: _Drawing, template: Template, scope: str) -> Iterator[Place]:
    before: tuple[int, ...] = ()
    for group in template.steps or ():
        members = [_place(drawing, step, step.name, scope, tuple(_notes(step)), before) for step in group]
        before = tuple(member.number for member in members)
        yield from members
    if template.dag is not None:
        yield from _tasks(drawing, template.dag.tasks, scope)


def _tasks(drawing: _Drawing, tasks: tuple[DAGTask, ...], scope: str) -> Iterator[Place]:
    """Yield the tasks in the order written; what they follow is known once all have numbers."""
    drawn = [_place(drawing, task, task.name, scope, tuple(_notes(task)), ()) for task in tasks]
    numbers = {place.name: place.number for place in drawn}
    for task, place in zip(tasks, drawn, strict=True):
        follows = tuple(numbers[name] for name in _dependencies(task) if name in numbers)
        yield replace(place, follows=follows)


def _dependencies(task: DAGTask) -> tuple[str, ...]:
    try:
        return dependencies_of(task)
    except ExpressionError:
        return ()  # lint says why


def _notes(call: Call) -> Iterator[str]:
    if call.with_items is not None:
        yield f"{len(call.with_items)} times"
    elif call.with_param:
        yield f"for each of {call.with_param}"
    elif call.with_sequence is not None:
        sequence = call.with_sequence
        yield f"{sequence.count} times" if sequence.count else f"from {sequence.start or 0} to {sequence.end}"
    if call.when:
        yield f"when {call.when}"
    depends = getattr(call, "depends", "")
    if depends and not _ALL_OF.fullmatch(depends):
        yield f"depends {depends}"
    if call.on_exit:
        yield f"then {call.on_exit}"
    for name, hook in call.hooks.items():
        yield f"hook {name}: {hook.template or 'another template'}"
