"""What starts workflows: schedules that tick, and expressions that can be read.

Source: Argo validate.go, CronWorkflow; cron/operator.go, evalWhen; api/event_types.go.
"""

from __future__ import annotations

from pinnace.checks.context import Findings
from pinnace.language.cron import parse_schedule
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import analyse
from pinnace.language.tags import mentions
from pinnace.spec.catalogue import Catalogue, MissingTemplateError
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.schedules import CronWorkflow, WorkflowEventBinding

#: A run is named after its CronWorkflow, a dash and its time in seconds.
LONGEST_CRON_NAME = 52
_POLICIES = ("", "Allow", "Forbid", "Replace")


def check_cron_workflow(cron: CronWorkflow, findings: Findings) -> None:
    """Report a schedule that never starts anything; what it starts is checked as a workflow is."""
    name, spec = cron.metadata.name, cron.spec
    if len(name) > LONGEST_CRON_NAME:
        message = (
            f'cron workflow name "{name}" must not be more than {LONGEST_CRON_NAME} characters long'
            f" (currently {len(name)})"
        )
        findings.error("name-too-long", message, ("metadata", "name"))
    if not spec.schedules:
        findings.error("missing-field", "cron workflow must have at least one schedule", ("spec",))
    for index, schedule in enumerate(spec.schedules):
        place: Path = ("spec", "schedules", index)
        try:
            ticks = parse_schedule(schedule).next(0)
        except ExpressionError as error:
            message = f"cron schedule {schedule} is malformed: {error.message}"
            findings.error("invalid-schedule", message, place)
            continue
        if ticks is None:
            findings.warn("schedule-never-ticks", f"no day is ever {schedule!r}", place)
    if spec.timezone:
        try:
            parse_schedule("@daily", spec.timezone)
        except ExpressionError:
            message = f'invalid timezone "{spec.timezone}"'
            findings.error("invalid-schedule", message, ("spec", "timezone"), "write it as Europe/London")
    if spec.concurrency_policy not in _POLICIES:
        message = f"'{spec.concurrency_policy}' is not a valid concurrencyPolicy"
        hint = did_you_mean(spec.concurrency_policy, _POLICIES) or "one of Allow, Forbid, Replace"
        findings.error("invalid-value", message, ("spec", "concurrencyPolicy"), hint)
    deadline = spec.starting_deadline_seconds
    if deadline is not None and deadline < 0:
        message = "startingDeadlineSeconds must be positive"
        findings.error("invalid-value", message, ("spec", "startingDeadlineSeconds"))
    _check_when(spec.when, ("spec", "when"), findings)
    if spec.stop_strategy is not None:
        _check_expression(spec.stop_strategy.expression, ("spec", "stopStrategy", "expression"), findings)


def check_event_binding(binding: WorkflowEventBinding, catalogue: Catalogue, findings: Findings) -> None:
    """Report expressions of an event binding that cannot be read, and a template that is not there."""
    _check_expression(binding.spec.event.selector, ("spec", "event", "selector"), findings)
    submit = binding.spec.submit
    if submit is not None:
        ref = submit.workflow_template_ref
        try:
            catalogue.require_workflow_template(ref.name, cluster_scope=ref.cluster_scope)
        except MissingTemplateError as error:
            named = ("spec", "submit", "workflowTemplateRef", "name")
            findings.warn("missing-template", error.message, named, error.remedy)
    arguments = submit.arguments if submit is not None else None
    for index, parameter in enumerate(arguments.parameters if arguments is not None else ()):
        if parameter.value_from is not None and parameter.value_from.event:
            path = ("spec", "submit", "arguments", "parameters", index, "valueFrom", "event")
            _check_expression(parameter.value_from.event, path, findings)


def _check_when(text: str, path: Path, findings: Findings) -> None:
    try:
        tags = mentions(text)
    except ExpressionError as error:
        findings.error("invalid-tag", error.message, path)
        return
    for tag in tags:
        if tag.kind == "expression":
            _check_expression(tag.content, path, findings)


def _check_expression(text: str, path: Path, findings: Findings) -> None:
    if not text:
        return
    try:
        analyse(text)
    except ExpressionError as error:
        findings.error("invalid-expression", error.message, path)
