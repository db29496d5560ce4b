"""What is wrong in manifests, without running them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.checks.check import check_bundle, with_found
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.problems import Path, Problem, format_path
from pinnace.spec.repositories import resolve
from pinnace.spec.schedules import CronWorkflow
from pinnace.spec.workflow import Workflow, WorkflowSpec, WorkflowTemplate

#: The kinds by the words that argo has for them.
KINDS = {
    "workflows": "Workflow",
    "workflowtemplates": "WorkflowTemplate",
    "cronworkflows": "CronWorkflow",
    "clusterworkflowtemplates": "ClusterWorkflowTemplate",
}
#: What the files do not hold and a cluster may.
_MISSING = frozenset({"missing-template", "missing-secret", "missing-config-map"})


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """What lint found."""

    files: tuple[str, ...]
    """In the order given."""
    problems: tuple[Problem, ...]
    """By file and place."""
    is_empty: bool
    """Whether the files hold nothing that can be checked, so that nothing was found."""

    def fails(self, *, on_warnings: bool) -> bool:
        """Return whether there is an error; with ``on_warnings``, whether there is any problem."""
        return any(problem.is_error or on_warnings for problem in self.problems)


def lint(
    sources: Iterable[tuple[str, bytes]],
    *,
    strict: bool = True,
    kinds: Collection[str] = (),
    ignore_missing: bool = False,
    here: bool = False,
    workflow_defaults: Workflow | None = None,
) -> Linted:
    """Return what is wrong in ``sources``, pairs of a file's name and its text.

    Args:
        sources: the files; what one refers to is looked for in all.
        strict: whether unknown fields are errors.
        kinds: the kinds that are checked, as manifests write them; empty means all.
        ignore_missing: whether WorkflowTemplates, Secrets and ConfigMaps that no file holds are passed over.
        here: whether to say what a run on this machine does otherwise than a cluster.
        workflow_defaults: what every workflow is laid over.
    """
    bundle = read_bundle(sources, strict=strict, kinds=kinds, workflow_defaults=workflow_defaults)
    problems = check_bundle(bundle, lint=True, kinds=kinds)
    if here:
        problems = with_found(bundle, [*problems, *_differences(bundle)])
    # Objects for the cluster alone may stand among the manifests: nothing is wrong with them.
    passed_over = {"kind-skipped", *(_MISSING if ignore_missing else ())}
    problems = [problem for problem in problems if problem.code not in passed_over]
    return Linted(
        files=bundle.origins, problems=tuple(problems), is_empty=not problems and not bundle.has_objects
    )


def _differences(bundle: Bundle) -> Iterator[Problem]:
    """Yield what of each template is not honoured on this machine."""
    from pinnace.runtime.fidelity import notes_of_template, notes_of_workflow

    places: list[tuple[Workflow | WorkflowTemplate | CronWorkflow, WorkflowSpec, Path]] = []
    places += [(each, each.spec, ("spec",)) for each in bundle.workflow_templates]
    places += [(each, each.spec, ("spec",)) for each in bundle.workflows]
    places += [(each, each.spec.workflow_spec, ("spec", "workflowSpec")) for each in bundle.cron_workflows]
    for manifest, spec, root in places:
        document = bundle.document_of(manifest)
        parts = [(root, notes_of_workflow(spec, has_repository=_has_repository(spec, bundle)))]
        for index, template in enumerate(spec.templates):
            parts.append(((*root, "templates", index), notes_of_template(template)))
        for path, notes in parts:
            for note in notes:
                problem = Problem(
                    code="differs-here", message=note, path=format_path(path), severity="warning"
                )
                yield document.locate(problem, path, at_value=True)


def _has_repository(spec: WorkflowSpec, bundle: Bundle) -> bool:
    try:
        return resolve(spec.artifact_repository_ref, bundle.catalogue, "") is not None
    except ManifestError:
        return True  # it is there, and the checks say what is wrong with it
