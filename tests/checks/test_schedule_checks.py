"""CronWorkflows and WorkflowEventBindings: what starts workflows can start them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]

WORKFLOW = "{entrypoint: main, templates: [{name: main, suspend: {}}]}"


def cron(fields: str, workflow: str = WORKFLOW, name: str = "nightly") -> str:
    head = f"apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {{name: {name}}}\n"
    return head + f"spec: {{{fields}, workflowSpec: {workflow}}}\n"


def binding(selector: str, event: str = "payload.a") -> str:
    head = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowEventBinding\nmetadata: {name: b}\n"
    arguments = f"{{parameters: [{{name: p, valueFrom: {{event: {event!r}}}}}]}}"
    submit = f"{{workflowTemplateRef: {{name: t}}, arguments: {arguments}}}"
    return head + f"spec: {{event: {{selector: {selector!r}}}, submit: {submit}}}\n"


@pytest.mark.parametrize(
    "fields",
    [
        "schedules: ['*/5 * * * *', '@daily', '@every 1h30m', 'TZ=Asia/Tokyo 0 1 * * MON-FRI']",
        "schedules: ['0 3 * * *'], timezone: America/New_York, concurrencyPolicy: Forbid",
        "schedules: ['0 3 * * *'], when: '{{= cronworkflow.lastScheduledTime == nil }}'",
        "schedules: ['0 3 * * *'], stopStrategy: {expression: cronworkflow.failed > 2}",
    ],
)
def test_a_schedule_that_ticks_is_fine(told: Told, fields: str) -> None:
    assert told(cron(fields)) == []
    assert told(cron(fields), warnings=True) == []


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ("suspend: true", "missing-field spec: cron workflow must have at least one schedule"),
        ("schedule: '@daily'",
         "unknown-field spec.schedule: unknown field 'schedule' (write 'schedules:' with a list)"),
        ("schedules: ['* * * *']", "invalid-schedule spec.schedules[0]: cron schedule * * * * is "),
        ("schedules: ['@daily', '61 * * * *']", "invalid-schedule spec.schedules[1]: "),
        ("schedules: ['@daily'], timezone: Mars/Olympus",
         'invalid-schedule spec.timezone: invalid timezone "Mars/Olympus" (write it as Europe/London)'),
        ("schedules: ['@daily'], concurrencyPolicy: Forbidden",
         "invalid-value spec.concurrencyPolicy: 'Forbidden' is not a valid concurrencyPolicy (did you"),
        ("schedules: ['@daily'], startingDeadlineSeconds: -1",
         "invalid-value spec.startingDeadlineSeconds: startingDeadlineSeconds must be positive"),
        ("schedules: ['@daily'], when: '{{= 1 + }}'", "invalid-expression spec.when: "),
        ("schedules: ['@daily'], when: '{{= 1'", "invalid-tag spec.when: "),
        ("schedules: ['@daily'], stopStrategy: {expression: 'cronworkflow.failed >'}",
         "invalid-expression spec.stopStrategy.expression: "),
    ],
)  # fmt: skip
def test_what_never_starts_anything_is_told(told: Told, fields: str, start: str) -> None:
    (line,) = told(cron(fields))
    assert line.startswith(start)


def test_a_day_that_never_comes_is_a_warning(told: Told) -> None:
    manifest = cron("schedules: ['0 0 30 2 *']")
    assert told(manifest) == []
    assert told(manifest, warnings=True) == [
        "schedule-never-ticks spec.schedules[0]: no day is ever '0 0 30 2 *'"
    ]


def test_the_name_leaves_room_for_the_time_of_a_run(told: Told) -> None:
    assert told(cron("schedules: ['@daily']", name="a" * 52)) == []
    (line,) = told(cron("schedules: ['@daily']", name="a" * 53))
    assert line.endswith("must not be more than 52 characters long (currently 53)")


def test_the_workflow_is_checked_where_it_stands(told: Told) -> None:
    workflow = "{entrypoint: main, templates: [{name: main, container: {image: x, args: ['{{item}}']}}]}"
    assert told(cron("schedules: ['@daily']", workflow.replace("image: x, ", ""))) == [
        "missing-field spec.workflowSpec.templates[0].container: container.image may not be empty"
    ]
    (line,) = told(cron("schedules: ['@daily']", workflow), warnings=True)
    assert line.startswith("item-outside-loop spec.workflowSpec.templates[0].container.args[0]: ")


def test_nobody_gives_arguments_at_a_tick(told: Told) -> None:
    workflow = WORKFLOW.replace("{entrypoint", "{arguments: {parameters: [{name: p}]}, entrypoint")
    (line,) = told(cron("schedules: ['@daily']", workflow), lint=True)
    assert line.startswith("missing-value spec.workflowSpec.arguments.parameters[0]: ")


def test_an_event_binding_has_expressions_that_can_be_read(told: Told) -> None:
    assert told(binding('payload.a == "b"')) == []
    (selector, event) = told(binding("payload.a ==", "payload."))
    assert selector.startswith("invalid-expression spec.event.selector: ")
    assert event.startswith("invalid-expression spec.submit.arguments.parameters[0].valueFrom.event: ")


def test_an_event_binding_names_a_template_that_is_there(told: Told) -> None:
    template = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: t}\n"
    (missing,) = told(binding(""), warnings=True)
    assert missing.startswith("missing-template spec.submit.workflowTemplateRef.name: ")
    assert told(binding(""), f"{template}spec: {WORKFLOW}\n", warnings=True) == []
