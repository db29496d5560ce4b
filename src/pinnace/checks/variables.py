"""Variables: every tag names one that exists where it stands, and every expression can be read.

A tag of an unknown root (``{{custom.x}}``) stays in the text, as in Argo; one of a known root must resolve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from pinnace.checks.context import CallSite, Context, Site, calls_of
from pinnace.checks.graph import ancestors_of
from pinnace.checks.reach import Reach
from pinnace.checks.scopes import Names, Siblings, is_leaf, item_names, template_names, workflow_names
from pinnace.language.conditions import evaluate_when
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import analyse
from pinnace.language.tags import mentions
from pinnace.spec.encode import encode
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.references import LOCAL
from pinnace.spec.templates import Template
from pinnace.spec.variables import CHECKED_PREFIXES, find_variable

#: Roots near which a misspelt root is probably meant as that one.
_ROOTS = ("inputs", "outputs", "steps", "tasks", "workflow")
#: In an expression: a variable one of whose names has a dash, and texts in quotes.
_DASHED = re.compile(r"\b(?:steps|tasks|(?:inputs|workflow)\.(?:parameters|artifacts))\.\w+(?:-\w+)+")
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`")


def check_variables(context: Context, reach: Reach) -> None:
    """Report tags that no value can take the place of, and expressions that cannot be read."""
    everywhere = workflow_names(context, reach)
    in_exit_handlers = Names(["workflow.failures"], outer=everywhere)
    for site in context.sites():
        if site.path[-1] == "inline":
            continue
        exits = not reach.in_main_tree(LOCAL, site.template.name)
        _check_template(context, site, in_exit_handlers if exits else everywhere)
    for field in ("hooks", "onExit", "workflowMetadata", "metrics"):
        value = encode(context.spec).get(field)
        if value is not None and not context.merged:
            _check_texts(context, _texts(value, ("spec", field)), in_exit_handlers)
    for (scope, name), (template, place) in reach.referred.items():
        if scope != LOCAL:
            names = everywhere if reach.in_main_tree(scope, name) else in_exit_handlers
            _check_called(context, f"template '{name}' of {scope}", template, place, names)


def _check_called(context: Context, owner: str, template: Template, place: Path, names: Names) -> None:
    """Report variables of a workflow that ``template`` of another document mentions and this one has not.

    All else that is wrong with it is told in its own document.
    """
    # Each document asks this of everything that it leads to: most templates are told at a glance.
    if b"workflow." not in msgspec.json.encode(template):
        return
    for text, _ in _texts(encode(template), ()):
        if "{{" not in text:
            continue
        try:
            tags = mentions(text)
        except ExpressionError:
            continue
        for tag in tags:
            key = tag.content
            if tag.kind == "simple" and key.startswith("workflow.") and not names.know(key):
                message = f"{owner} is called here: failed to resolve {{{{{key}}}}}"
                context.findings.error("unresolved-variable", message, place, _hint(key, names))


def _check_template(context: Context, site: Site, outer: Names) -> None:
    template, path = site
    names = template_names(template, outer)
    value = encode(template)
    calls = list(calls_of(site))
    value.pop("steps", None)
    tasks = value.get("dag", {})
    tasks.pop("tasks", None)
    if is_leaf(template) or not calls:
        _check_texts(context, _texts(value, path), names)
        return
    siblings = Siblings("steps" if template.steps is not None else "tasks", calls, context)
    outputs = value.pop("outputs", {})
    _check_texts(context, _texts(value, path), names)
    _check_texts(context, _texts(outputs, (*path, "outputs")), Names(outer=names, siblings=siblings))
    sees = _steps_seen(calls) if template.steps is not None else _tasks_seen(site)
    for position, place in enumerate(calls):
        _check_call(context, place, Names(outer=names, siblings=siblings, sees=sees(position)))


def _check_call(context: Context, place: CallSite, names: Names) -> None:
    call, path, _ = place
    inner = item_names(call, names)
    value = encode(call)
    value.pop("inline", None)
    _check_texts(context, _texts(value, path), inner)
    if call.inline is not None:
        _check_template(context, Site(call.inline, (*path, "inline")), inner)


def _steps_seen(calls: list[CallSite]) -> Callable[[int], Callable[[str], bool]]:
    """Return, for the position of a step, which it sees: those of earlier groups, itself in hooks."""
    groups = {call.name: group for call, _, group in calls}

    def of(position: int) -> Callable[[str], bool]:
        own, _, group = calls[position]
        return lambda name: groups.get(name, group) < group or (name == own.name and _has_hooks(own))

    return of


def _tasks_seen(site: Site) -> Callable[[int], Callable[[str], bool]]:
    """Return, for the position of a task, which it sees: its ancestors, itself in hooks."""
    tasks = site.template.dag.tasks if site.template.dag else ()
    ancestors = ancestors_of(tasks)

    def of(position: int) -> Callable[[str], bool]:
        own = tasks[position]
        return lambda name: ancestors.holds(own.name, name) or (name == own.name and _has_hooks(own))

    return of


def _has_hooks(call: Any) -> bool:
    return bool(call.hooks or call.on_exit)


def _texts(value: Any, path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the texts below ``value`` that may hold a tag or an expression, with their paths."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _check_texts(context: Context, texts: Iterator[tuple[str, Path]], names: Names) -> None:
    for text, path in texts:
        if "{{" in text:
            _check_tags(context, text, path, names)
        elif path[-1] in {"expression", "fromExpression"}:
            _check_expression(context, text, path, names)
        elif path[-1] == "when":
            _check_condition(context, text, path)


def _check_tags(context: Context, text: str, path: Path, names: Names) -> None:
    try:
        tags = mentions(text)
    except ExpressionError as error:
        context.findings.error("invalid-tag", error.message, path)
        return
    for tag in tags:
        if tag.kind == "expression":
            _check_expression(context, tag.content, path, names)
        elif tag.kind == "simple":
            _check_key(context, tag.content, path, names)


def _check_key(context: Context, key: str, path: Path, names: Names) -> None:
    if key.startswith(CHECKED_PREFIXES):
        if not names.know(key) and not (context.merged and not key.startswith("workflow.")):
            message = f"failed to resolve {{{{{key}}}}}"
            context.findings.error("unresolved-variable", message, path, _hint(key, names))
        return
    root, separator, _ = key.partition(".")
    if separator and find_variable(key) is None:
        meant = did_you_mean(root, _ROOTS)
        if meant:
            message = f"{{{{{key}}}}} names no variable and stays in the text as it is"
            context.findings.warn("unknown-variable", message, path, meant)
    elif key == "item" and not names.know(key):
        message = "{{item}} exists only in a step or task that is a loop; here it stays in the text"
        context.findings.warn("item-outside-loop", message, path)


def _check_expression(context: Context, expression: str, path: Path, names: Names) -> None:
    try:
        analysis = analyse(expression)
    except ExpressionError as error:
        context.findings.error("invalid-expression", error.message, path)
        return
    for match in _DASHED.finditer(_TEXT.sub("''", expression)):
        if names.know(match[0]) or names.below(match[0]):
            start, _, name = match[0].rpartition(".")
            message = f"in an expression {match[0]} is a subtraction"
            context.findings.warn("dash-in-expression", message, path, f"write {start}['{name}']")
    for key in analysis.required:
        if not key.startswith(CHECKED_PREFIXES) or find_variable(key) is None:
            continue
        if names.know(key) or names.below(key) or (context.merged and not key.startswith("workflow.")):
            continue
        message = f"the expression names {key}, which does not exist here"
        context.findings.warn("unresolved-in-expression", message, path, _hint(key, names))


def _check_condition(context: Context, text: str, path: Path) -> None:
    """Report a condition without tags, whose value is known already, that cannot be evaluated."""
    try:
        evaluate_when(text)
    except ExpressionError as error:
        context.findings.error("invalid-condition", error.message, path)


def _hint(key: str, names: Names) -> str:
    """Return why ``key`` does not exist here, and what would."""
    siblings = names.siblings
    while siblings is None and names.outer is not None:
        names = names.outer
        siblings = names.siblings
    asked = siblings.split(key) if siblings else None
    if siblings and asked and siblings.offers(*asked) and not names.sees(asked[0]):
        if siblings.root == "tasks":
            return f"missing dependency '{asked[0]}': add it to the task's dependencies"
        return f"step '{asked[0]}' has not ended by then: move this step to a later group"
    near: Iterator[str]
    if siblings and asked and asked[0] in siblings.facts:
        near = (f"{siblings.root}.{asked[0]}.{fact}" for fact in siblings.facts[asked[0]] or ())
    else:
        near = names.some(key.partition(".")[0])
    variable = find_variable(key)
    exists = f"it exists {variable.where}" if variable and variable.where != "everywhere" else ""
    if variable is not None and variable.key == key:
        return exists
    return did_you_mean(key, near) or exists
