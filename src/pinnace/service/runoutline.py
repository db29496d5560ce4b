"""What a run looks like: its nodes as places, each with what it waited for and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.calling import template_of
from pinnace.engine.dagmemo import dag_plan
from pinnace.engine.naming import display_name
from pinnace.engine.node import NOBODY, Node, NodeType
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn
from pinnace.service.graph import is_shown
from pinnace.service.outline import MOST_PLACES, Place


def outline_of_run(run: Run) -> tuple[Place, ...]:
    """Return the places of the nodes that ``get`` shows: first the entrypoint's, last the exit handler's.

    What waits to be let in is not among them. Groups of steps are not either: their steps stand side by side.
    """
    return tuple(_Outline(run).places())


class _Outline:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._turn = Turn(run, 0.0)
        self._count = 0

    def places(self) -> Iterator[Place]:
        for number in sorted(self._run.nodes):
            node = self._run.nodes[number]
            if node.parent == NOBODY and is_shown(self._run, node):
                yield self._place(node, ())

    def _place(self, node: Node, follows: Iterable[NodeNumber]) -> Place:
        self._count += 1
        boundary = self._run.nodes[node.boundary].name if node.boundary >= 0 else ""
        notes = tuple(part for part in (node.phase.value, node.message) if part)
        is_cut = self._count > MOST_PLACES and bool(self._run.index.children.get(node.number))
        return Place(
            number=node.number,
            name=display_name(node, boundary),
            template=node.template,
            kind=node.type.value,
            notes=(*notes, "not drawn further") if is_cut else notes,
            inside=() if is_cut else tuple(self._inside(node)),
            follows=tuple(follows),
            phase=node.phase.value,
        )

    def _inside(self, node: Node) -> Iterator[Place]:
        before: Sequence[NodeNumber] = ()
        for child in self._children(node.number):
            if child.type is NodeType.STEP_GROUP:
                members = list(self._children(child.number))
                for member in members:
                    yield self._place(member, _hooked(member) or before)
                before = [each.number for each in members if each.hook_of < 0] or before
            else:
                yield self._place(child, _hooked(child) or self._waited_for(child, node, before))
                before = (child.number,) if node.type is NodeType.RETRY else ()

    def _waited_for(self, child: Node, parent: Node, before: Sequence[NodeNumber]) -> Sequence[NodeNumber]:
        """Return the nodes beside ``child`` that had to end before it could begin."""
        if parent.type is NodeType.DAG:
            try:
                plan = dag_plan(self._turn, parent, template_of(self._turn, parent).template)
            except PinnaceError:
                return ()  # a dag that cannot be planned has no tasks
            return self._made(parent, plan.dependencies.get(child.key, ()))
        if child.type is NodeType.CONTAINER:
            parts = template_of(self._turn, parent).parts
            return self._made(parent, next((part.needs for part in parts if part.name == child.key), ()))
        return before

    def _made(self, parent: Node, names: Iterable[str]) -> Sequence[NodeNumber]:
        called = (self._run.index.called.get((parent.number, name, -1)) for name in names)
        return [each for each in called if each is not None and is_shown(self._run, self._run.nodes[each])]

    def _children(self, number: NodeNumber) -> Iterator[Node]:
        for each in self._run.index.children.get(number, ()):
            if is_shown(self._run, self._run.nodes[each]):
                yield self._run.nodes[each]


def _hooked(node: Node) -> tuple[NodeNumber, ...]:
    return (node.hook_of,) if node.hook_of >= 0 else ()
