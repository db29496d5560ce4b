"""The one entry to the checks: everything that is wrong with a manifest, all of it, before anything starts.

What these checks accept starts; what they reject with an error does not. Problems say what, where and what to
write instead; Argo's own words are used where Argo has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pinnace.base.errors import ManifestError
from pinnace.checks.arguments import check_arguments
from pinnace.checks.bodies import check_bodies
from pinnace.checks.cluster import check_cluster
from pinnace.checks.conditions import check_conditions
from pinnace.checks.context import Context, Findings
from pinnace.checks.data import check_data
from pinnace.checks.graph import check_graph
from pinnace.checks.locations import check_locations
from pinnace.checks.loops import check_loops
from pinnace.checks.names import check_names
from pinnace.checks.outputs import check_outputs
from pinnace.checks.pods import check_pods
from pinnace.checks.reach import Reach
from pinnace.checks.retries import check_retries
from pinnace.checks.schedules import check_cron_workflow, check_event_binding
from pinnace.checks.sharing import check_sharing
from pinnace.checks.skipped import check_skipped
from pinnace.checks.traps import check_traps
from pinnace.checks.unheard import check_unheard
from pinnace.checks.unsupported import check_unsupported
from pinnace.checks.variables import check_variables
from pinnace.spec.bundle import Bundle
from pinnace.spec.catalogue import Catalogue, MissingTemplateError
from pinnace.spec.documents import Document
from pinnace.spec.merge import with_template_ref
from pinnace.spec.problems import Problem
from pinnace.spec.references import TemplateLookup
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding
from pinnace.spec.workflow import Workflow, WorkflowTemplate

#: The kinds that the checks know; the others are data.
Checked = Workflow | WorkflowTemplate | CronWorkflow | WorkflowEventBinding

#: What looks at nothing but the templates of one document.
_OF_TEMPLATES = (
    check_pods,
    check_locations,
    check_outputs,
    check_graph,
    check_loops,
    check_conditions,
    check_skipped,
    check_traps,
)


def check(
    manifest: Checked, document: Document, catalogue: Catalogue, *, lint: bool = False
) -> list[Problem]:
    """Return everything that is wrong with ``manifest``, which was read from ``document``, in its order.

    ``lint`` forgives what is only given at submission: the values of workflow arguments. The templates of
    other documents that it refers to are checked with those documents. Never raises for any manifest.
    """
    findings = Findings(document)
    check_data(document, catalogue, findings)
    if isinstance(manifest, WorkflowEventBinding):
        check_event_binding(manifest, catalogue, findings)
        return findings.problems
    if isinstance(manifest, CronWorkflow):
        check_cron_workflow(manifest, findings)
        # Nobody gives arguments at a tick: there is nothing to forgive.
        inside = Findings(document, ("spec", "workflowSpec"))
        workflow = manifest.as_workflow()
        return findings.problems + _check_workflow(workflow, workflow, inside, catalogue, lint=False)
    return _check_workflow(manifest, _as_workflow(manifest), findings, catalogue, lint=lint)


def _check_workflow(
    manifest: Workflow | WorkflowTemplate,
    workflow: Workflow,
    findings: Findings,
    catalogue: Catalogue,
    *,
    lint: bool,
) -> list[Problem]:
    """Return what is wrong with ``workflow``, which stands for ``manifest``."""
    try:
        whole = with_template_ref(workflow, catalogue)
    except ManifestError as error:
        code = "missing-template" if isinstance(error, MissingTemplateError) else "misplaced-field"
        path = ("spec", "templates") if error.path else ("spec", "workflowTemplateRef", "name")
        findings.error(code, error.message.removeprefix(f"{error.path}: "), path, error.remedy)
        return findings.problems
    context = Context(
        spec=whole.spec,
        metadata=whole.metadata,
        lookup=TemplateLookup(whole, catalogue),
        catalogue=catalogue,
        is_template=isinstance(manifest, WorkflowTemplate),
        lint=lint,
        merged=workflow.spec.workflow_template_ref is not None,
        findings=findings,
    )
    reach = Reach(context)
    check_names(context)
    check_cluster(context)
    check_bodies(context)
    check_arguments(context)
    check_variables(context, reach)
    check_retries(context)
    check_sharing(context)
    check_unsupported(context, reach)
    if not context.merged:
        # Templates of a workflowTemplateRef are told about in their own document.
        for family in _OF_TEMPLATES:
            family(context)
        check_unheard(context, reach)
    return findings.problems


def check_bundle(bundle: Bundle, *, lint: bool = False, kinds: Collection[str] = ()) -> list[Problem]:
    """Return what is wrong in all files of ``bundle``: what reading them told and what the checks find.

    Sorted by file, as the bundle has them, and place in the file. Given ``kinds``, only those are checked.
    """
    manifests: list[Checked] = [*bundle.workflow_templates, *bundle.workflows]
    manifests += [*bundle.cron_workflows, *bundle.event_bindings]
    found: list[Problem] = []
    for manifest in manifests:
        if not kinds or manifest.kind in kinds:
            found += check(manifest, bundle.document_of(manifest), bundle.catalogue, lint=lint)
    return with_found(bundle, found)


def with_found(bundle: Bundle, found: Iterable[Problem]) -> list[Problem]:
    """Return what reading ``bundle`` told and what checks ``found`` in it, by file and place, each once.

    The reader has already told about a field that is missing at a place: there the checks need not.
    """
    told = {_what_and_where(problem) for problem in bundle.problems}
    added = [problem for problem in found if _what_and_where(problem) not in told]
    files = {origin: index for index, origin in enumerate(bundle.origins)}
    return sorted(
        dict.fromkeys([*bundle.problems, *added]),
        key=lambda problem: (files.get(problem.file, -1), problem.line, problem.column),
    )


def _what_and_where(problem: Problem) -> tuple[str, str, int, str]:
    return problem.code, problem.file, problem.line, problem.path


def _as_workflow(manifest: Workflow | WorkflowTemplate) -> Workflow:
    """Return the manifest as a workflow, so that one set of checks serves both."""
    if isinstance(manifest, Workflow):
        return manifest
    return Workflow(metadata=manifest.metadata, spec=manifest.spec)
