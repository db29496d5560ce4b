"""Calling a template: the one place where nodes for templates are made.

A call makes a node at once, ``WAITING``, and has it assessed; nothing is executed here and no kind is known,
so that kinds do not know one another and recursion in a manifest is not recursion in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.engine.globals import GlobalsLayer
from pinnace.engine.inputs import bind
from pinnace.engine.naming import pod_name
from pinnace.engine.node import NOBODY, Node, NodeInputs, NodeType, Phase
from pinnace.engine.reuse import unless_reused
from pinnace.engine.scope import Chain, InputsLayer, Layer, Values
from pinnace.engine.templateplan import TemplatePlan, named
from pinnace.engine.turn import Turn
from pinnace.language.tags import MISSING, substitute
from pinnace.spec.parameters import Arguments
from pinnace.spec.references import Resolved
from pinnace.spec.templates import Call, Template, TemplateRef

#: So many templates, each called by the one before, are one too many. Source: Argo controller maxStackDepth.
MAX_DEPTH = 100
#: The annotation of a template that says how its nodes are shown.
_DISPLAY_NAME = "workflows.argoproj.io/display-name"
_SHOWN = re.compile("[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]")
_TOO_DEEP = (
    "Maximum recursion depth exceeded. "
    "See https://argo-workflows.readthedocs.io/en/latest/template-recursion/#maximum-recursion-depth"
)


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
    is_watched: bool = False
    """The call has hooks."""
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
        turn.number(),
        wish.name,
        NodeType.SKIPPED,
        Phase.WAITING,
        wish.key,
        wish.index,
        wish.parent,
        wish.boundary,
        hook_of=wish.hook_of,
        depth=caller.depth + 1 if caller is not None else 0,
        template=wish.template if wish.template_ref is None else "",
        template_ref=wish.template_ref,
        inline=wish.inline,
        scope=wish.scope,
        is_watched=wish.is_watched,
        is_hook=wish.hook_of >= 0 or wish.key == "onExit" or wish.key.startswith("hooks."),
        is_exit=wish.is_exit or (caller is not None and caller.is_exit),
        generation=turn.state.generation,
    )
    try:
        plan = template_of(turn, node)
        if plan.node_type is None:
            return fail_call(turn, node, f"template type {plan.body_name!r} is not supported here")
        made = replace(node, type=plan.node_type, inputs=_inputs(turn, node, plan, wish.arguments))
        if _DISPLAY_NAME in plan.template.annotations:
            made = replace(made, display_name=_display_name(turn, made, plan))
        if plan.has_tagged_names:
            plan = template_of(turn, made)  # whose names it is given now
    except PinnaceError as error:
        return fail_call(turn, node, error.message)
    if node.depth + 1 >= MAX_DEPTH:
        return turn.put(_over(turn, replace(made, type=NodeType.SKIPPED), Phase.ERROR, _TOO_DEEP))
    made = turn.put(unless_reused(turn, made, plan))
    if not made.phase.is_fulfilled:
        turn.assess(made.number)
    return made


def _display_name(turn: Turn, node: Node, plan: TemplatePlan) -> str:
    """Return what the template's annotation has people see. Source: Argo operator.go executeTemplate.

    Raises:
        ManifestError: it is no name.
    """
    written = plan.template.annotations[_DISPLAY_NAME]
    name = substitute(written, body_scope(turn, node, plan.template))
    if name and not _SHOWN.fullmatch(name):
        message = f"displayName must match the regex ^{_SHOWN.pattern}$"
        raise ManifestError(message)
    return name


def _inputs(turn: Turn, node: Node, plan: TemplatePlan, arguments: Arguments) -> NodeInputs:
    """Return what the node is given; its defaults may name the node and ``workflow.*``."""

    def scope() -> Chain:
        typed = replace(node, type=plan.node_type)
        return Chain(NamesLayer(turn, typed, plan.template), GlobalsLayer(turn))

    return bind(plan.template, arguments, scope, turn.run.lookup.catalogue, turn.run.memo)


def fail_call(turn: Turn, node: Node, message: str, phase: Phase = Phase.ERROR) -> Node:
    """Return the node, new or open, ended because its call went wrong, which ends its caller with it.

    Source: Argo operator.go executeTemplate, where it returns an error; dag.go executeDAGTask names the task.
    """
    caller = turn.node(node.boundary) if node.boundary >= 0 else None
    is_task = caller is not None and caller.type is NodeType.DAG and not (node.is_attempt or node.is_hook)
    if is_task and phase is Phase.ERROR:
        message = f"task '{node.name}' errored: {message}"
    return turn.put(replace(_over(turn, node, phase, message), is_call_error=True))


def _over(turn: Turn, node: Node, phase: Phase, message: str) -> Node:
    started_at = node.started_at if node.started_at is not None else turn.now
    return replace(
        node, phase=phase, message=message, started_at=started_at, finished_at=turn.now, wake_at=None
    )


def ended(turn: Turn, wish: Wish, phase: Phase, message: str) -> Node:
    """Return a node that never ran: skipped, omitted, or in error before it was made."""
    known = turn.find(wish.parent, wish.key, wish.index)
    if known is not None:
        return known
    return turn.put(
        Node(
            turn.number(),
            wish.name,
            NodeType.SKIPPED,
            phase,
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


def template_of(turn: Turn, node: Node) -> TemplatePlan:
    """Return a node's template, with what is fixed about it.

    Raises:
        ManifestError: there is no such template.
        ExpressionError: a name in it cannot be read; ``call`` has looked before the node was made.
    """
    if node.inline is not None:
        plan = _plan_of(turn, turn.run.lookup.resolve(Call(inline=node.inline), node.scope))
    else:
        known = turn.run.templates.get((node.template, node.template_ref, node.scope))
        plan = known or find_template(turn, node.template, node.template_ref, node.scope)
    return _named(turn, node, plan) if plan.has_tagged_names and node.inputs is not None else plan


def _named(turn: Turn, node: Node, plan: TemplatePlan) -> TemplatePlan:
    """Return the plan with the names that steps and tasks have in this node, given its inputs."""
    key = ("named", node.number)
    known = turn.run.memo.get(key)
    if known is None or known[0] is not plan:
        scope = body_scope(turn, node, plan.template)
        known = turn.run.memo[key] = (plan, named(plan, turn.run.workflow, scope))
    found: TemplatePlan = known[1]
    return found


def find_template(turn: Turn, name: str, ref: TemplateRef | None, scope: str) -> TemplatePlan:
    """Return the template that a name or a reference means when looked up in ``scope``."""
    key = (name, ref, scope)
    found = turn.run.templates.get(key)
    if found is None:
        resolved = turn.run.lookup.resolve(Call(template=name, template_ref=ref), scope)
        found = turn.run.templates[key] = _plan_of(turn, resolved)
    return found


def _plan_of(turn: Turn, resolved: Resolved) -> TemplatePlan:
    key = ("plan", id(resolved.template), resolved.scope)
    known: TemplatePlan | None = turn.run.memo.get(key)
    if known is None or known.template is not resolved.template:
        known = turn.run.memo[key] = TemplatePlan(resolved, turn.run.workflow)
    return known


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
        if key in {"steps.name", "tasks.name"}:
            return self._call_name(key)
        return MISSING

    def _call_name(self, key: str) -> object:
        """Return what the step or task is called; Argo takes what nobody calls for a step without a name."""
        node = self.turn.node(self.node.parent) if self.node.is_attempt else self.node
        is_called = node.boundary >= 0 and not node.is_hook
        caller = self.turn.node(node.boundary) if is_called else None
        if key != ("tasks.name" if caller is not None and caller.type is NodeType.DAG else "steps.name"):
            return MISSING
        if caller is None:
            return ""
        rest = node.name.removeprefix(caller.name)
        return rest.removeprefix(".") if caller.type is NodeType.DAG else rest.partition("].")[2]

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return those whose first segment is asked for."""
        for key in ("node.name", "pod.name", "steps.name", "tasks.name"):
            if key.partition(".")[0] in roots or "$env" in roots:
                value = self.get(key)
                if value is not MISSING:
                    yield key, value


def body_scope(turn: Turn, node: Node, template: Template, extra: dict[str, object] | None = None) -> Chain:
    """Return what the template's body sees: its own names, its inputs, ``workflow.*``."""
    others: list[Layer] = [NamesLayer(turn, node, template), GlobalsLayer(turn)]
    if extra:
        others.insert(0, Values(extra))
    return Chain(InputsLayer(template, node.inputs, *others), *others)
