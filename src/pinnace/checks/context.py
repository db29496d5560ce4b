"""What every check is given: one spec, where its parts are, how its calls resolve, and where to report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.documents import Document
from pinnace.spec.problems import Path, Problem, format_path
from pinnace.spec.references import LOCAL, Resolved, TemplateLookup
from pinnace.spec.templates import Call, LifecycleHook, Template
from pinnace.spec.workflow import ObjectMeta, WorkflowSpec

#: The paths of a workflow's templates and of its arguments.
TEMPLATES: Path = ("spec", "templates")
ARGUMENTS: Path = ("spec", "arguments")


class Findings:
    """The problems found in one document; the same one is kept once.

    Args:
        document: what is checked.
        spec: where the workflow's spec is in it, which paths begin with as ``("spec",)``.
    """

    def __init__(self, document: Document, spec: Path = ("spec",)) -> None:
        self._document = document
        self._spec = spec
        self._found: dict[tuple[str, str, Path], Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        """Everything found, in the order of the document."""
        return sorted(self._found.values(), key=lambda problem: (problem.line, problem.column))

    def error(self, code: str, message: str, path: Path, hint: str = "") -> None:
        """Record what keeps the workflow from starting."""
        self._record(Problem(code=code, message=message, hint=hint), path)

    def warn(self, code: str, message: str, path: Path, hint: str = "") -> None:
        """Record what runs, but probably not as it was meant."""
        self._record(Problem(code=code, message=message, hint=hint, severity="warning"), path)

    def _record(self, problem: Problem, path: Path) -> None:
        if path[:1] == ("spec",):
            path = (*self._spec, *path[1:])
        key = (problem.code, problem.message, path)
        if key not in self._found:
            problem = msgspec.structs.replace(problem, path=format_path(path))
            self._found[key] = self._document.locate(problem, path, at_value=True)


class Site(NamedTuple):
    """A template and where it is written."""

    template: Template
    path: Path


class CallSite(NamedTuple):
    """A step or task, where it is written, and the number of its group (always 0 in a DAG)."""

    call: Call
    path: Path
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One workflow or WorkflowTemplate under check."""

    spec: WorkflowSpec
    """With the spec of its workflowTemplateRef merged in."""
    metadata: ObjectMeta
    lookup: TemplateLookup
    catalogue: Catalogue
    is_template: bool
    """Whether it is a WorkflowTemplate, some of whose arguments come from who uses it."""
    lint: bool
    """Whether values that are only given at submission may be missing."""
    merged: bool
    """Whether the templates come from a WorkflowTemplate, whose own check says most about them."""
    findings: Findings

    def sites(self) -> Iterator[Site]:
        """Yield every template of the spec, inline ones after the template that holds them."""
        for index, template in enumerate(self.spec.templates):
            yield from _with_inline(Site(template, (*TEMPLATES, index)))

    def resolve(self, call: Call | LifecycleHook, scope: str = LOCAL) -> Resolved | None:
        """Return what ``call``, written in ``scope``, means; None when nothing or only the run knows."""
        if is_dynamic(call):
            return None
        try:
            return self.lookup.resolve(call, scope)
        except ManifestError:
            return None


def is_dynamic(call: Call | LifecycleHook) -> bool:
    """Return whether the template's name holds a tag, so that only the run knows it."""
    ref = call.template_ref
    names = (call.template, ref.name, ref.template) if ref is not None else (call.template,)
    return any("{{" in name for name in names)


def calls_of(site: Site) -> Iterator[CallSite]:
    """Yield the steps or tasks of a template, in the order written."""
    template, path = site
    for group_index, group in enumerate(template.steps or ()):
        for index, step in enumerate(group):
            yield CallSite(step, (*path, "steps", group_index, index), group_index)
    if template.dag is not None:
        for index, task in enumerate(template.dag.tasks):
            yield CallSite(task, (*path, "dag", "tasks", index), 0)


def _with_inline(site: Site) -> Iterator[Site]:
    yield site
    for call, path, _ in calls_of(site):
        if call.inline is not None:
            yield from _with_inline(Site(call.inline, (*path, "inline")))
