"""Calling a template: the one place where nodes for templates are made.

A call makes a node at once, ``WAITING``, and has it assessed; nothing is executed here and no kind is known,
so that kinds do not know one another and recursion in a manifest is not recursion in Python.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.globals import GlobalsLayer
from pinnace.engine.inputs import bind
from pinnace.engine.naming import pod_name
from pinnace.engine.node import NOBODY, Node, NodeType, Phase
from pinnace.engine.scope import Chain, InputsLayer, Values
from pinnace.engine.turn import Turn
from pinnace.language.tags import MISSING
from pinnace.spec.parameters import Arguments
from pinnace.spec.policies import RetryStrategy
from pinnace.spec.references import Resolved
from pinnace.spec.templates import BODY_FIELDS, Call, Template, TemplateRef

#: So many templates, each called by the one before, are one too many. Source: Argo controller maxStackDepth.
MAX_DEPTH = 100
_TOO_DEEP = (
    "Maximum recursion depth exceeded. "
    "See https://argo-workflows.readthedocs.io/en/latest/template-recursion/#maximum-recursion-depth"
)

#: Which node a body makes. A new template type needs a row here and one in ``kinds``.
NODE_TYPE: dict[str, NodeType] = {
    "container": NodeType.POD,
    "script": NodeType.POD,
    "http": NodeType.HTTP,
    "suspend": NodeType.SUSPEND,
    "steps": NodeType.STEPS,
    "dag": NodeType.DAG,
}


class Wish(Struct, frozen=True, kw_only=True, gc=False):
    """A call that somebody wants made; all values in it are final."""

    name: str
    """The name of the node to be."""
    key: str
    index: int = -1
    parent: NodeNumber = NOBODY
    boundary: NodeNumber = NOBODY
    hook_of: NodeNumber = NOBODY
    template: str = ""
    template_ref: TemplateRef | None = None
    inline: Template | None = None
    scope: str = ""
    """Where the template's name is looked up."""
    arguments: Arguments = Arguments()
    is_exit: bool = False


def call(turn: Turn, wish: Wish) -> Node:
    """Return the node of the call, made now unless it is there already.

    A call that cannot be made (unknown template, missing input, too deep) is a node of type Skipped in phase
    Error, as in Argo.
    """
    known = turn.find(wish.parent, wish.key, wish.index)
    if known is not None:
        return known
    caller = turn.node(wish.boundary) if wish.boundary >= 0 else None
    node = Node(
        number=turn.number(),
        name=wish.name,
        type=NodeType.SKIPPED,
        key=wish.key,
        index=wish.index,
        parent=wish.parent,
        boundary=wish.boundary,
        hook_of=wish.hook_of,
        depth=caller.depth + 1 if caller is not None else 0,
        template=wish.template if wish.template_ref is None else "",
        template_ref=wish.template_ref,
        inline=wish.inline,
        scope=wish.scope,
        is_hook=wish.hook_of >= 0 or wish.key == "onExit" or wish.key.startswith("hooks."),
        is_exit=wish.is_exit or (caller is not None and caller.is_exit),
        generation=turn.state.generation,
    )
    try:
        template = template_of(turn, node).template
        kind = NODE_TYPE.get(body_name(template))
        if kind is None:
            return _refused(turn, node, f"template type {body_name(template)!r} is not supported here")
        node = replace(node, type=NodeType.RETRY if retry_strategy(turn, template) is not None else kind)
        scope = Chain(NamesLayer(turn, node, template), GlobalsLayer(turn))
        catalogue = turn.run.lookup.catalogue
        node = replace(node, inputs=bind(template, wish.arguments, scope, catalogue, turn.run.memo))
    except PinnaceError as error:
        return _refused(turn, replace(node, type=NodeType.SKIPPED), error.message)
    if node.depth + 1 >= MAX_DEPTH:
        return _refused(turn, replace(node, type=NodeType.SKIPPED), _TOO_DEEP)
    turn.put(node)
    turn.assess(node.number)
    return node


def _refused(turn: Turn, node: Node, message: str) -> Node:
    return turn.put(
        replace(node, phase=Phase.ERROR, message=message, started_at=turn.now, finished_at=turn.now)
    )


def ended(turn: Turn, wish: Wish, phase: Phase, message: str) -> Node:
    """Return a node that never ran: skipped, omitted, or in error before it was made."""
    known = turn.find(wish.parent, wish.key, wish.index)
    if known is not None:
        return known
    return turn.put(
        Node(
            number=turn.number(),
            name=wish.name,
            type=NodeType.SKIPPED,
            phase=phase,
            key=wish.key,
            index=wish.index,
            parent=wish.parent,
            boundary=wish.boundary,
            template=wish.template if wish.template_ref is None else "",
            template_ref=wish.template_ref,
            scope=wish.scope,
            message=message,
            started_at=turn.now,
            finished_at=turn.now,
            generation=turn.state.generation,
        )
    )


def template_of(turn: Turn, node: Node) -> Resolved:
    """Return a node's template and the scope in which the names inside it are looked up.

    Raises:
        ManifestError: there is no such template.
    """
    if node.inline is not None:
        return turn.run.lookup.resolve(Call(inline=node.inline), node.scope)
    return find_template(turn, node.template, node.template_ref, node.scope)


def find_template(turn: Turn, name: str, ref: TemplateRef | None, scope: str) -> Resolved:
    """Return the template that a name or a reference means when looked up in ``scope``."""
    key = ("template", scope, name, ref)
    found: Resolved | None = turn.run.memo.get(key)
    if found is None:
        found = turn.run.lookup.resolve(Call(template=name, template_ref=ref), scope)
        turn.run.memo[key] = found
    return found


def body_name(template: Template) -> str:
    """Return the name of the field that holds the template's body, or ""."""
    for name, attribute in BODY_FIELDS.items():
        if getattr(template, attribute) is not None:
            return name
    return ""


def body_type(template: Template) -> NodeType:
    """Return the type of the node that runs the template's body."""
    return NODE_TYPE[body_name(template)]


def retry_strategy(turn: Turn, template: Template) -> RetryStrategy | None:
    """Return the template's retry strategy, or the workflow's default for all."""
    return template.retry_strategy or turn.run.workflow.spec.retry_strategy


class NamesLayer:
    """What is known of one node: its names. Source: Argo operator.go executeTemplate."""

    __slots__ = ("node", "template", "turn")

    def __init__(self, turn: Turn, node: Node, template: Template) -> None:
        self.turn = turn
        self.node = node
        self.template = template

    def get(self, key: str, /) -> object:
        """Return the name of the node, of its pod, or of its step or task."""
        if key == "node.name":
            return self.node.name
        if key == "pod.name" and self.node.type is NodeType.POD:
            return pod_name(self.turn.run.info.name, self.node.name, self.template.name)
        if key in {"steps.name", "tasks.name"} and self.node.boundary >= 0:
            return self._call_name(key)
        return MISSING

    def _call_name(self, key: str) -> object:
        caller = self.turn.node(self.node.boundary)
        if key != ("tasks.name" if caller.type is NodeType.DAG else "steps.name"):
            return MISSING
        return self.node.name.removeprefix(caller.name).rpartition("].")[2].removeprefix(".")

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return those whose first segment is asked for."""
        for key in ("node.name", "pod.name", "steps.name", "tasks.name"):
            if key.partition(".")[0] in roots or "$env" in roots:
                value = self.get(key)
                if value is not MISSING:
                    yield key, value


def body_scope(turn: Turn, node: Node, template: Template, extra: dict[str, object] | None = None) -> Chain:
    """Return what the template's body sees: its own names, its inputs, ``workflow.*``."""
    names = NamesLayer(turn, node, template)
    inputs = InputsLayer(template, node.inputs)
    if extra:
        return Chain(Values(extra), names, inputs, GlobalsLayer(turn))
    return Chain(names, inputs, GlobalsLayer(turn))
