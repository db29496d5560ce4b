"""CronWorkflows and templates of the store, on the command line."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from terminals import Cli, started, wait_until

from pinnace.ports.objects import KeptObject
from pinnace.service.objects import new_object
from pinnace.stores.sqlite import SqliteStore
from processes import PATIENCE

CRON = """
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: tick, labels: {team: a}}
spec:
  schedules: ["0 3 * * *", "30 4 1 1 *"]
  timezone: Europe/Berlin
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 60
  workflowSpec:
    entrypoint: main
    arguments: {parameters: [{name: greeting, value: hello}]}
    templates:
    - name: main
      container: {image: busybox, command: [echo, "{{workflow.parameters.greeting}}"]}
"""
#: Ends by itself: two runs succeed, and it stops for good.
OFTEN = """
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: often}
spec:
  schedules: ["@every 1s"]
  concurrencyPolicy: Forbid
  stopStrategy: {expression: cronworkflow.succeeded >= 2}
  workflowSpec: {workflowTemplateRef: {name: say}}
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: say}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo, "{{workflow.scheduledTime}}"]}
"""
TEMPLATE = OFTEN.partition("---\n")[2]


def written(tmp_path: Path, text: str, name: str = "manifest.yaml") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_a_cron_workflow_is_created_and_shown_as_argo_shows_it(cli: Cli, tmp_path: Path) -> None:
    status, out, err = cli("cron", "create", written(tmp_path, CRON), "-p", "greeting=bye", "-n", "argo")
    assert (status, err) == (0, "")
    lines = dict(line.split(":", 1) for line in out.splitlines())
    assert {
        name: value.strip() for name, value in lines.items() if name not in ("Created", "NextScheduledTime")
    } == {
        "Name": "tick",
        "Namespace": "argo",
        "Schedules": "0 3 * * *,30 4 1 1 *",
        "Suspended": "false",
        "Timezone": "Europe/Berlin",
        "StartingDeadlineSeconds": "60",
        "ConcurrencyPolicy": "Forbid",
        "Workflow Parameters": "",
        "  greeting": "bye",
    }
    assert cli("cron", "get", "tick", "-n", "argo")[1].splitlines()[3:] == out.splitlines()[3:]


def test_cron_workflows_are_listed_by_namespace_and_labels(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, CRON)
    cli("cron", "create", path)
    cli("cron", "create", path, "-n", "argo", "--name", "tock", "--schedule", "@daily", "-l", "team=b")
    assert cli("cron", "list", "-o", "name")[1] == "tick\n"
    assert cli("cron", "list", "-A", "-l", "team=b", "-o", "name")[1] == "tock\n"
    header, first, _ = cli("cron", "list", "-A")[1].splitlines()
    assert header.split() == [
        *("NAMESPACE", "NAME", "AGE", "LAST", "RUN", "NEXT", "RUN", "SCHEDULES", "TIMEZONE", "SUSPENDED")
    ]
    assert first.split()[:2] == ["argo", "tock"]


def test_what_is_wrong_is_told_and_nothing_is_kept(cli: Cli, tmp_path: Path) -> None:
    status, _, err = cli("cron", "create", written(tmp_path, CRON.replace("0 3 * * *", "every day")))
    assert status == 2
    assert "cron schedule every day is malformed" in err
    assert "nothing was kept" in err
    assert cli("cron", "list", "-o", "name")[1] == ""
    assert cli("cron", "create", written(tmp_path, TEMPLATE))[0] == 2


def test_a_name_that_is_taken_or_not_there_is_told(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, CRON)
    cli("cron", "create", path)
    assert "has a CronWorkflow named tick already" in cli("cron", "create", path)[2]
    status, _, err = cli("cron", "get", "tik")
    assert (status, "There is no CronWorkflow 'tik' in namespace default" in err) == (2, True)
    assert "tick" in err


def test_suspending_and_resuming_are_seen(cli: Cli, tmp_path: Path) -> None:
    cli("cron", "create", written(tmp_path, CRON))
    assert cli("cron", "suspend", "tick")[1] == "CronWorkflow 'tick' suspended\n"
    assert json.loads(cli("cron", "get", "tick", "-o", "json")[1])["spec"]["suspend"] is True
    assert cli("cron", "resume", "tick")[1] == "CronWorkflow 'tick' resumed\n"
    assert json.loads(cli("cron", "get", "tick", "-o", "json")[1])["spec"]["suspend"] is False


def test_an_update_replaces_the_manifest(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, CRON)
    assert cli("cron", "update", path)[0] == 2
    uid = json.loads(_created(cli, path))["metadata"]["uid"]
    cli("cron", "update", written(tmp_path, CRON.replace("0 3 * * *", "0 5 * * *")))
    found = json.loads(cli("cron", "get", "tick", "-o", "json")[1])
    assert (found["spec"]["schedules"][0], found["metadata"]["uid"]) == ("0 5 * * *", uid)
    assert found["metadata"]["resourceVersion"] == "2"


def _created(cli: Cli, path: str) -> str:
    return cli("cron", "create", path, "-o", "json")[1]


def test_a_deleted_one_is_gone(cli: Cli, tmp_path: Path) -> None:
    cli("cron", "create", written(tmp_path, CRON))
    assert cli("cron", "delete", "--all")[1] == "CronWorkflow 'tick' deleted\n"
    assert cli("cron", "delete", "tick")[0] == 2


def test_the_next_times_are_in_order(cli: Cli, tmp_path: Path) -> None:
    cli("cron", "create", written(tmp_path, CRON))
    assert len(cli("cron", "next", "tick", "--count", "3")[1].splitlines()) == 3


def test_lint_looks_at_cron_workflows_alone(cli: Cli, tmp_path: Path) -> None:
    assert cli("cron", "lint", written(tmp_path, CRON))[0] == 0
    assert cli("cron", "lint", written(tmp_path, CRON.replace("Forbid", "Never")))[0] == 2


@pytest.mark.slow
def test_a_scheduler_runs_ticks_and_ends_when_it_is_told_to(cli: Cli, tmp_path: Path) -> None:
    scheduler = started("cron", "run", written(tmp_path, OFTEN), "--no-isolated")
    wait_until(cli, "cron", "get", "often", "-o", "json", holds='"phase": "Stopped"')
    scheduler.send_signal(signal.SIGTERM)
    out, _ = scheduler.communicate(timeout=PATIENCE)

    assert scheduler.returncode == 0
    assert out.startswith("CronWorkflow 'often' created\nWorkflowTemplate 'say' created\n")
    runs = cli("list", "-l", "workflows.argoproj.io/cron-workflow=often", "-o", "name")[1].split()
    assert len(runs) == 2
    for run in runs:
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(run.removeprefix("often-"))))
        assert cli("logs", run)[1].endswith(f": {instant}\n")
    assert json.loads(cli("cron", "get", "often", "-o", "json")[1])["status"]["succeeded"] == 2


@pytest.mark.slow
def test_a_tick_is_run_once_though_schedulers_are_killed(cli: Cli, tmp_path: Path) -> None:
    path = written(tmp_path, OFTEN.replace(">= 2", ">= 3") + "  ttlStrategy: {secondsAfterSuccess: 1000}\n")
    first = started("cron", "run", path, "--no-isolated")
    second = started("cron", "run", path, "--no-isolated")
    wait_until(cli, "list", "-o", "name", holds="often-")
    first.kill()
    first.communicate(timeout=PATIENCE)
    wait_until(cli, "cron", "get", "often", "-o", "json", holds='"phase": "Stopped"')
    second.send_signal(signal.SIGTERM)
    second.communicate(timeout=PATIENCE)

    found = json.loads(cli("cron", "get", "often", "-o", "json")[1])["status"]
    assert (found["succeeded"], found["failed"], found["active"]) == (3, 0, [])
    assert len(set(cli("list", "-o", "name")[1].split())) == 3


@pytest.mark.slow
def test_a_backfill_runs_what_was_missed_in_order_and_once(cli: Cli, tmp_path: Path) -> None:
    text = CRON.replace("[{name: greeting, value: hello}]", "[{name: cronScheduleTime, value: now}]")
    cli("cron", "create", written(tmp_path, text.replace("greeting", "cronScheduleTime")))
    command = (
        *("cron", "backfill", "tick", "--name", "lost", "--no-isolated", "--format", "2006-01-02 15:04"),
        *("--start", "2026-03-28 00:00", "--end", "2026-03-30 02:00"),
    )
    status, out, _ = cli(*command)
    assert status == 0
    assert "Created lost Backfill task for Cronworkflow tick" in out
    assert "Total Backfill Schedule: 3" in out
    runs = cli("list", "-o", "name")[1].split()
    printed = sorted(cli("logs", run)[1].partition(": ")[2] for run in runs)
    # At three in Berlin, where the clocks went forward on the 29th.
    assert printed == [
        "2026-03-28 02:00:00 +0000 UTC\n",
        "2026-03-29 01:00:00 +0000 UTC\n",
        "2026-03-30 01:00:00 +0000 UTC\n",
    ]
    assert cli(*command)[0] == 0
    assert len(cli("list", "-o", "name")[1].split()) == 3
    assert cli("cron", "backfill", "tick", "--start", "yesterday")[0] == 2


# Templates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "kind"),
    [("template", "WorkflowTemplate"), ("cluster-template", "ClusterWorkflowTemplate")],
)
def test_templates_are_created_shown_listed_updated_and_deleted(
    cli: Cli, tmp_path: Path, command: str, kind: str
) -> None:
    path = written(tmp_path, TEMPLATE.replace("WorkflowTemplate", kind))
    status, out, _ = cli(command, "create", path)
    assert status == 0
    assert out.startswith("Name:                say\n")
    assert ("Namespace:" in out) == (kind == "WorkflowTemplate")
    assert cli(command, "list", "-o", "name")[1] == "say\n"
    assert cli(command, "list")[1] == "NAME\nsay\n"
    assert cli(command, "update", written(tmp_path, TEMPLATE.replace("WorkflowTemplate", kind)))[0] == 0
    assert json.loads(cli(command, "get", "say", "-o", "json")[1])["kind"] == kind
    assert cli(command, "lint", path)[0] == 0
    assert cli(command, "delete", "say")[1] == f"{kind} 'say' deleted\n"
    assert cli(command, "get", "say")[0] == 2


@pytest.mark.slow
def test_a_run_is_made_of_what_the_store_holds(cli: Cli, tmp_path: Path) -> None:
    cli(
        "template",
        "create",
        written(tmp_path, TEMPLATE.replace("{{workflow.scheduledTime}}", "from a template")),
    )
    cli("cron", "create", written(tmp_path, CRON))
    assert cli("run", "--from", "workflowtemplate/say", "--name", "first", "-q", "--no-isolated")[0] == 0
    assert cli("run", "--from", "cronwf/tick", "--name", "second", "-p", "greeting=hi", "-q")[0] == 0
    refers = "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: third}, spec: %s}"
    path = written(tmp_path, refers % "{workflowTemplateRef: {name: say}}", "refers.yaml")
    assert cli("run", path, "-q")[0] == 0
    printed = [cli("logs", name)[1].partition(": ")[2] for name in ("first", "second", "third")]
    assert printed == ["from a template\n", "hi\n", "from a template\n"]
    labels = json.loads(cli("get", "second", "-o", "json")[1])["metadata"]["labels"]
    assert labels["workflows.argoproj.io/cron-workflow"] == "tick"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "tick"), "resource identifier 'tick' is malformed"),
        (("--from", "pod/tick"), "Resource kind 'pod' is not supported for submitting"),
        (("--from", "cronwf/none"), "There is no CronWorkflow 'none' in namespace default"),
        (("--from", "cronwf/none", "file.yaml"), "cannot combine --from with file arguments"),
        ((), "no files are given"),
    ],
)
def test_what_cannot_be_run_from_is_told(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    status, _, err = cli("run", *arguments)
    assert (status, message in err) == (2, True)


@pytest.mark.slow
def test_an_ended_run_is_forgotten_when_its_time_is_over(cli: Cli, tmp_path: Path, home: Path) -> None:
    text = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s}
spec:
  entrypoint: main
  ttlStrategy: {secondsAfterCompletion: 1000, secondsAfterSuccess: %s}
  templates: [{name: main, container: {image: busybox, command: [echo, hi]}}]
"""
    assert cli("run", written(tmp_path, text % ("short", 0)), "-q")[0] == 0
    assert cli("run", written(tmp_path, text % ("long", 1000)), "-q")[0] == 0
    assert cli("list", "-o", "name")[1] == "long\n"
    assert len(list((home / "runs").iterdir())) == 1


def test_an_object_that_a_newer_version_wrote_is_told(cli: Cli, home: Path, tmp_path: Path) -> None:
    cli("cron", "create", written(tmp_path, CRON))
    store = SqliteStore(home / "pinnace.db")
    kept: KeptObject = new_object({"kind": "CronWorkflow", "metadata": {"name": "odd"}, "spec": []}, "", 0)
    store.objects.create(kept)
    store.close()
    status, _, err = cli("cron", "list")
    assert status == 2
    assert "CronWorkflow odd" in err


def test_a_run_may_stand_for_another_time(cli: Cli, tmp_path: Path) -> None:
    cli("template", "create", written(tmp_path, TEMPLATE))
    cli("cron", "create", written(tmp_path, OFTEN.partition("---\n")[0]))
    time_of_day = "2026-03-28T03:00:00+01:00"
    status, _, err = cli("run", "-q", "--from", "cronwf/often", "--scheduled-time", time_of_day)
    assert (status, err) == (0, "")
    assert cli("logs", "@latest")[1].endswith(f": {time_of_day}\n")
    status, _, err = cli("run", "--from", "cronwf/often", "--scheduled-time", "yesterday")
    assert (status, "Write it like 2006-01-02T15:04:05-07:00" in err) == (2, True)


@pytest.mark.slow
def test_a_world_answers_for_aws_while_a_scheduler_runs(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("moto.server", reason="the emulator of AWS comes with pinnace[world]")
    topic = "arn:aws:sns:eu-west-1:123456789012:ticks"
    template = f"{{name: main, plugin: {{aws-sns: {{topicArn: '{topic}', message: tick}}}}}}"
    text = OFTEN.partition("---\n")[0].replace(">= 2", ">= 1")
    text = text.replace(
        "{workflowTemplateRef: {name: say}}", f"{{entrypoint: main, templates: [{template}]}}"
    )
    scheduler = started("cron", "run", written(tmp_path, text), "--no-isolated", "--world")
    wait_until(cli, "cron", "get", "often", "-o", "json", holds='"phase": "Stopped"')
    scheduler.send_signal(signal.SIGTERM)
    out, _ = scheduler.communicate(timeout=PATIENCE)
    assert f"{topic} got a message\n    tick\n" in out
    assert json.loads(cli("list", "-o", "json")[1])[0]["metadata"]["labels"]["pinnace/world"] == "embedded"
