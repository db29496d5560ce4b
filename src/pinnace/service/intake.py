"""From files to workflows that may start: read, choose, override, check. Used by ``run``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pinnace.base.errors import UsageError
from pinnace.checks.check import check, with_found
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.problems import Problem, did_you_mean
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding
from pinnace.spec.workflow import Workflow


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """What the files hold. Nothing may start while ``problems`` holds an error."""

    workflows: tuple[Workflow, ...]
    """Those that were chosen, overrides applied, in the order of the files."""
    bundle: Bundle
    problems: tuple[Problem, ...]
    """All problems of all files, by file and place."""

    @property
    def catalogue(self) -> Catalogue:
        """Return the namespace that the runs see."""
        return self.bundle.catalogue

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
) -> Intake:
    """Return what to run of ``sources``, pairs of a file's name and its text.

    Args:
        sources: the files.
        overrides: what the command line changes in each workflow that is chosen.
        chosen: names of workflows; empty means all of them.
        namespace: where workflows run that do not say it themselves.
        strict: whether unknown fields are errors.
        workflow_defaults: what every workflow is laid over.

    Raises:
        UsageError: a chosen workflow is not in the files, or an override is wrong.
    """
    bundle = read_bundle(sources, strict=strict, workflow_defaults=workflow_defaults)
    # What cannot be read may hold the workflow that was chosen.
    can_tell = not any(problem.is_error for problem in bundle.problems)
    meant = _choose(bundle.workflows, chosen) if can_tell else bundle.workflows
    wanted = {id(workflow) for workflow in meant}  # by identity: comparing large manifests takes long
    workflows: list[Workflow] = []
    problems = _skipped(bundle)
    for template in bundle.workflow_templates:
        problems += check(template, bundle.document_of(template), bundle.catalogue)
    for workflow in bundle.workflows:
        document = bundle.document_of(workflow)
        if id(workflow) in wanted:
            changed = _with_namespace(apply_overrides(workflow, overrides), namespace)
            workflows.append(changed)
            problems += check(_as_written(changed, workflow), document, bundle.catalogue)
        else:
            problems += check(workflow, document, bundle.catalogue, lint=True)
    return Intake(workflows=tuple(workflows), bundle=bundle, problems=tuple(with_found(bundle, problems)))


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
