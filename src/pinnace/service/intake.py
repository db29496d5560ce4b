"""From files to workflows that may start: read, choose, override, check. Used by ``run``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pinnace.base.errors import UsageError
from pinnace.checks.check import check, with_found
from pinnace.ports.objects import CLUSTER_KINDS, ObjectStore
from pinnace.service.crons import cron_of, submitted_by_hand
from pinnace.service.objects import catalogue_of, require
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.documents import Document, Positions
from pinnace.spec.encode import encode
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.problems import Problem, did_you_mean
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding
from pinnace.spec.workflow import ObjectMeta, Workflow, WorkflowSpec, WorkflowTemplateRef

#: What an object may be run from, by Kubernetes' words in small letters.
_KINDS = {
    **dict.fromkeys(("cronworkflow", "cronworkflows", "cronwf", "cwf"), "CronWorkflow"),
    **dict.fromkeys(("workflowtemplate", "workflowtemplates", "wftmpl"), "WorkflowTemplate"),
    **dict.fromkeys(
        ("clusterworkflowtemplate", "clusterworkflowtemplates", "cwftmpl", "cwft"), "ClusterWorkflowTemplate"
    ),
}


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What the files hold. Nothing may start while ``problems`` holds an error."""

    workflows: tuple[Workflow, ...]
    """Those that were chosen, overrides applied, in the order of the files."""
    bundle: Bundle
    problems: tuple[Problem, ...]
    """All problems of all files, by file and place."""
    seen: dict[str, Catalogue]
    """What runs see, by the namespace that their workflows name."""

    def catalogue_of(self, workflow: Workflow) -> Catalogue:
        """Return what the run of a workflow sees: the documents of the files, over what the store holds."""
        return self.seen[workflow.metadata.namespace]

    @property
    def is_sound(self) -> bool:
        """Return whether what was chosen may start."""
        return not any(problem.is_error for problem in self.problems)


def take_in(
    sources: Iterable[tuple[str, bytes]],
    overrides: Overrides,
    *,
    chosen: Sequence[str] = (),
    namespace: str = "",
    strict: bool = True,
    workflow_defaults: Workflow | None = None,
    objects: ObjectStore | None = None,
) -> Intake:
    """Return what to run of ``sources``, pairs of a file's name and its text.

    Args:
        sources: the files.
        overrides: what the command line changes in each workflow that is chosen.
        chosen: names of workflows; empty means all of them.
        namespace: where workflows run that do not say it themselves.
        strict: whether unknown fields are errors.
        workflow_defaults: what every workflow is laid over.
        objects: what workflows may refer to beside the files.

    Raises:
        UsageError: a chosen workflow is not in the files, or an override is wrong.
        ManifestError: one of the objects cannot be read.
    """
    bundle = read_bundle(sources, strict=strict, workflow_defaults=workflow_defaults)
    # What cannot be read may hold the workflow that was chosen.
    can_tell = not any(problem.is_error for problem in bundle.problems)
    meant = _choose(bundle.workflows, chosen) if can_tell else bundle.workflows
    wanted = {id(workflow) for workflow in meant}  # by identity: comparing large manifests takes long
    workflows: list[Workflow] = []
    problems = _skipped(bundle)
    seen: dict[str, Catalogue] = {}

    def seen_from(where: str) -> Catalogue:
        if where not in seen:
            own = bundle.catalogue
            seen[where] = own if objects is None else catalogue_of(objects, where or "default", own)
        return seen[where]

    for template in bundle.workflow_templates:
        where = template.metadata.namespace or namespace
        problems += check(template, bundle.document_of(template), seen_from(where))
    for workflow in bundle.workflows:
        document, where = bundle.document_of(workflow), workflow.metadata.namespace or namespace
        if id(workflow) in wanted:
            changed = _with_namespace(apply_overrides(workflow, overrides), namespace)
            workflows.append(changed)
            problems += check(_as_written(changed, workflow), document, seen_from(where))
        else:
            problems += check(workflow, document, seen_from(where), lint=True)
    found = tuple(with_found(bundle, problems))
    return Intake(workflows=tuple(workflows), bundle=bundle, problems=found, seen=seen)


def take_stored(
    resource: str,
    objects: ObjectStore,
    overrides: Overrides,
    *,
    now: float,
    namespace: str = "",
    workflow_defaults: Workflow | None = None,
) -> Intake:
    """Return what to run of an object of the store: ``cronwf/NAME``, ``wftmpl/NAME``, ``cwft/NAME``.

    Source: Argo server/workflow/workflow_server.go, SubmitWorkflow.

    Raises:
        UsageError: ``resource`` is not of that form, or of another kind.
        NotFoundError: there is no such object.
        ManifestError: an object of the store cannot be read.
    """
    word, slash, name = resource.partition("/")
    if not slash:
        message = f"resource identifier '{resource}' is malformed"
        raise UsageError(message, remedy="Write kind/name, as cronwf/hello-world-cwf.")
    kind = _KINDS.get(word.lower())
    if kind is None:
        message = f"Resource kind '{word}' is not supported for submitting"
        raise UsageError(message, remedy=did_you_mean(word, _KINDS) or f"One of {', '.join(_KINDS)}.")
    kept = require(objects, kind, namespace or "default", name)
    if kind == "CronWorkflow":
        workflow = submitted_by_hand(cron_of(kept), now)
    else:
        ref = WorkflowTemplateRef(name=name, cluster_scope=kind in CLUSTER_KINDS)
        metadata = ObjectMeta(generate_name=f"{name}-")
        workflow = Workflow(metadata=metadata, spec=WorkflowSpec(workflow_template_ref=ref))
    changed = _with_namespace(apply_overrides(workflow, overrides), namespace)
    if overrides.generate_name and not overrides.name:
        changed = msgspec.structs.replace(
            changed, metadata=msgspec.structs.replace(changed.metadata, name="")
        )
    bundle = read_bundle(())
    seen = catalogue_of(objects, namespace or "default", bundle.catalogue, workflow_defaults)
    value = encode(changed)
    document = Document(value, Positions(value, {}), resource, 0)
    problems = tuple(check(changed, document, seen))
    return Intake(
        workflows=(changed,),
        bundle=bundle,
        problems=problems,
        seen={changed.metadata.namespace: seen},
    )


def _skipped(bundle: Bundle) -> list[Problem]:
    """Return a warning for each document that starts workflows but is none."""
    problems: list[Problem] = []
    skipped: list[CronWorkflow | WorkflowEventBinding] = [*bundle.cron_workflows, *bundle.event_bindings]
    for item in skipped:
        what = "a schedule" if isinstance(item, CronWorkflow) else "something that waits for events"
        problem = Problem(
            code="kind-skipped",
            message=f"a {item.kind} is {what}, not a run: it is skipped here",
            path="kind",
            severity="warning",
        )
        problems.append(bundle.document_of(item).locate(problem, ("kind",), at_value=True))
    return problems


def _choose(workflows: Sequence[Workflow], chosen: Sequence[str]) -> Sequence[Workflow]:
    if not chosen:
        return workflows
    names = {name_of(workflow): workflow for workflow in workflows}
    for name in chosen:
        if name not in names:
            known = ", ".join(names) or "none"
            message = f"the files hold no workflow {name!r}"
            raise UsageError(message, remedy=did_you_mean(name, names) or f"They hold: {known}.")
    return [names[name] for name in dict.fromkeys(chosen)]


def name_of(workflow: Workflow) -> str:
    """Return what a workflow of a file is called: its name, or what its generated name begins with."""
    return workflow.metadata.name or workflow.metadata.generate_name


def _with_namespace(workflow: Workflow, namespace: str) -> Workflow:
    if workflow.metadata.namespace or not namespace:
        return workflow
    metadata = msgspec.structs.replace(workflow.metadata, namespace=namespace)
    return msgspec.structs.replace(workflow, metadata=metadata)


def _as_written(changed: Workflow, original: Workflow) -> Workflow:
    """Return ``changed`` with its parameters where the file has them, so that problems name its lines."""
    given = {parameter.name: parameter for parameter in changed.spec.arguments.parameters}
    names = [parameter.name for parameter in original.spec.arguments.parameters]
    # A name may be written twice; the checks say so.
    added = [parameter for name, parameter in given.items() if name not in names]
    parameters = (*(given[name] for name in names), *added)
    arguments = msgspec.structs.replace(changed.spec.arguments, parameters=parameters)
    return msgspec.structs.replace(changed, spec=msgspec.structs.replace(changed.spec, arguments=arguments))
