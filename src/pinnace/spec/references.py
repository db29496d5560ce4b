"""Which template a call means.

Names resolve in the object that holds the call: the workflow, or the WorkflowTemplate that a templateRef led
into. Source: Argo templateresolution/context.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pinnace.base.errors import ManifestError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.merge import with_pod_metadata, with_template_defaults
from pinnace.spec.problems import did_you_mean
from pinnace.spec.templates import Call, LifecycleHook, Template, TemplateRef
from pinnace.spec.workflow import Workflow, WorkflowSpec

__all__ = ["LOCAL", "Catalogue", "Resolved", "TemplateLookup"]

#: The scope of the workflow's own templates; others are ``namespaced/NAME`` and ``cluster/NAME``.
LOCAL = ""


class Resolved(NamedTuple):
    """A template, and the scope in which the names inside it resolve."""

    template: Template
    scope: str


class TemplateLookup:
    """Finds templates for one workflow, its ``templateDefaults`` and what labels their pods applied.

    The same call always gives the same object. ``workflow`` has no ``workflowTemplateRef`` any more: see
    ``merge.with_template_ref``.
    """

    def __init__(self, workflow: Workflow, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._workflow = workflow.spec
        self._templates: dict[str, Mapping[str, Template]] = {}
        self._resolved: dict[tuple[str, str], Resolved] = {}
        self._inline: dict[int, tuple[Template, Template]] = {}

    def resolve(self, call: Call | LifecycleHook, scope: str = LOCAL) -> Resolved:
        """Return the template that ``call``, written in ``scope``, means.

        Raises:
            ManifestError: there is no such template, or the call does not say which.
        """
        if isinstance(call, Call) and call.inline is not None:
            return Resolved(self._of_inline(call.inline), scope)
        if call.template_ref is not None:
            if call.template:
                raise ManifestError("template name cannot be specified with templateRef")
            return self._from_ref(call.template_ref)
        if not call.template:
            message = "no template: neither template, templateRef nor inline is given"
            raise ManifestError(message, remedy="Name the template to call.")
        return self.find(call.template, scope)

    def entrypoint(self, name: str) -> Resolved:
        """Return the workflow's own template ``name``.

        Raises:
            ManifestError: there is none.
        """
        return self.find(name, LOCAL)

    def find(self, name: str, scope: str) -> Resolved:
        """Return the template ``name`` of ``scope``.

        Raises:
            ManifestError: there is none.
        """
        found = self._resolved.get((scope, name))
        if found is None:
            templates = self.templates(scope)
            if name not in templates:
                hint = did_you_mean(name, templates)
                raise ManifestError(f"template name '{name}' undefined", remedy=hint)
            template = with_pod_metadata(templates[name], self._spec(scope).pod_metadata)
            found = self._resolved[scope, name] = Resolved(self._completed(template), scope)
        return found

    def templates(self, scope: str) -> Mapping[str, Template]:
        """Return the templates of ``scope`` by name, as they are written.

        Raises:
            ManifestError: the scope is of a WorkflowTemplate that does not exist.
        """
        if scope not in self._templates:
            self._templates[scope] = _by_name(self._spec(scope).templates)
        return self._templates[scope]

    def _spec(self, scope: str) -> WorkflowSpec:
        if scope == LOCAL:
            return self._workflow
        kind, _, name = scope.partition("/")
        return self.catalogue.require_workflow_template(name, cluster_scope=kind == "cluster").spec

    def _completed(self, template: Template) -> Template:
        """Return the template with what the workflow says about all."""
        completed = with_template_defaults(template, self._workflow.template_defaults)
        return with_pod_metadata(completed, self._workflow.pod_metadata)

    def _from_ref(self, ref: TemplateRef) -> Resolved:
        if not ref.name:
            raise ManifestError(
                "resource name is required", remedy="Name the WorkflowTemplate in templateRef.name."
            )
        if not ref.template:
            raise ManifestError(
                "template name is required", remedy="Name the template in templateRef.template."
            )
        scope = f"{'cluster' if ref.cluster_scope else 'namespaced'}/{ref.name}"
        templates = self.templates(scope)
        if ref.template not in templates:
            hint = did_you_mean(ref.template, templates)
            raise ManifestError(f"template reference {ref.name}.{ref.template} not found", remedy=hint)
        return self.find(ref.template, scope)

    def _of_inline(self, inline: Template) -> Template:
        """Return an inline template completed, always the same one."""
        # The original is kept too: while it lives, no other object can get its id.
        if id(inline) not in self._inline:
            self._inline[id(inline)] = (inline, self._completed(inline))
        return self._inline[id(inline)][1]


def _by_name(templates: tuple[Template, ...]) -> Mapping[str, Template]:
    """Return the templates by name; the first of two with one name counts, as in Argo."""
    return {template.name: template for template in reversed(templates)}
