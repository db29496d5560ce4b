"""The templates of a run that came from elsewhere: ``status.storedTemplates``.

Source: Argo templateresolution/context.go; resolveTemplateReference.
"""

from __future__ import annotations

from collections.abc import Iterator

from pinnace.base.errors import ManifestError
from pinnace.engine.run import Run
from pinnace.spec.references import LOCAL
from pinnace.spec.templates import Call, Template, TemplateRef


def stored_templates(run: Run) -> dict[str, Template]:
    """Return the templates that came from elsewhere as they are written, by the names they were found by.

    Argo stores them as it validates: all that the workflow's templates lead to, called or not. What hooks
    call, and what is named by a tag, is stored when it is called.
    """
    found: dict[str, Template] = {}
    stack = [(template, LOCAL) for template in run.workflow.spec.templates]
    whole = run.written.spec.workflow_template_ref if run.written is not None else None
    if whole is not None:
        scope = _scope(whole.name, cluster_scope=whole.cluster_scope)
        for template, _ in tuple(stack):
            stack += _found(run, template.name, None, scope, found)
    for node in run.nodes.values():
        stack += _found(run, node.template, node.template_ref, node.scope, found)
    while stack:
        template, scope = stack.pop()
        for call in _calls(template):
            if call.inline is None:
                stack += _found(run, call.template, call.template_ref, scope, found)
            elif scope == LOCAL:
                stack.append((call.inline, scope))
            elif (key := f"{scope}/inline/{call.name}") not in found:
                found[key] = call.inline
                stack.append((call.inline, scope))
    return found


def _calls(template: Template) -> Iterator[Call]:
    for group in template.steps or ():
        yield from group
    if template.dag is not None:
        yield from template.dag.tasks


def _found(
    run: Run, name: str, ref: TemplateRef | None, scope: str, found: dict[str, Template]
) -> list[tuple[Template, str]]:
    """Note the template that is meant, if it came from elsewhere; return it with its scope if it is new."""
    if ref is not None:
        name, scope = ref.template, _scope(ref.name, cluster_scope=ref.cluster_scope)
    key = f"{scope}/{name}"
    if not name or scope == LOCAL or key in found:
        return []
    try:
        template = run.lookup.templates(scope).get(name)
    except ManifestError:
        return []  # a reference that leads nowhere, or is not known yet, has nothing to store
    if template is None:
        return []
    found[key] = template
    return [(template, scope)]


def _scope(name: str, *, cluster_scope: bool) -> str:
    return f"{'cluster' if cluster_scope else 'namespaced'}/{name}"
