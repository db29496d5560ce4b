"""``pinnace cron``: CronWorkflows of the store, and the scheduler that runs them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.commands.lint import lint_of
from pinnace.cli.embedding import embedded, needs_of_schedules, new_world_option
from pinnace.cli.keeping import (
    OUTPUTS,
    delete_command,
    files_argument,
    get_command,
    here,
    keep,
    list_command,
    namespace_option,
    read_or_refuse,
    strict_option,
)
from pinnace.cli.main import leave
from pinnace.cli.options import drive_options, output_option, override_options
from pinnace.cli.session import namespace_of, opened, overrides_of, settings_of, workflow_defaults

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.ports.objects import KeptObject, ObjectStore
    from pinnace.spec.schedules import CronWorkflow

_KIND = "CronWorkflow"


@click.group()
def cron() -> None:
    """Keep workflows that run by the clock.

    CronWorkflows are kept in the store. They run while `pinnace cron run` does.
    """


@cron.command()
@files_argument
@click.option("--schedule", default="", help="The schedule, in place of the manifest's.")
@override_options("the CronWorkflow")
@namespace_option
@strict_option
@output_option(*OUTPUTS)
def create(files: Sequence[str], **given: Any) -> None:
    """Keep the CronWorkflows in FILE..."""
    from pinnace.service.keeping import create as put

    def create_one(objects: ObjectStore, manifest: CronWorkflow, namespace: str) -> KeptObject:
        return put(objects, _changed(manifest, given), namespace, time.time())

    keep(files, _KIND, given, create_one, _rendered)


@cron.command()
@files_argument
@override_options("the CronWorkflow", generates=False)
@namespace_option
@strict_option
@output_option(*OUTPUTS)
def update(files: Sequence[str], **given: Any) -> None:
    """Put the CronWorkflows in FILE... in the place of those of their names. Their counts begin anew."""
    from pinnace.service.crons import updated
    from pinnace.spec.encode import encode

    def update_one(objects: ObjectStore, manifest: CronWorkflow, namespace: str) -> KeptObject:
        return updated(objects, manifest.metadata.namespace or namespace, encode(_changed(manifest, given)))

    keep(files, _KIND, given, update_one, _rendered)


@cron.command()
@click.argument("names", metavar="[CRON_WORKFLOW...]", nargs=-1)
@namespace_option
def suspend(names: Sequence[str], namespace: str | None) -> None:
    """Let CRON_WORKFLOW... start nothing until they are resumed."""
    _suspend(names, namespace, is_suspended=True)


@cron.command()
@click.argument("names", metavar="[CRON_WORKFLOW...]", nargs=-1)
@namespace_option
def resume(names: Sequence[str], namespace: str | None) -> None:
    """Let CRON_WORKFLOW... start runs again."""
    _suspend(names, namespace, is_suspended=False)


def _suspend(names: Sequence[str], namespace: str | None, *, is_suspended: bool) -> None:
    from pinnace.cli.render.text import clean
    from pinnace.service.crons import suspended

    with opened() as pinnace:
        for name in names:
            suspended(pinnace.store.objects, here(namespace), name, is_suspended=is_suspended)
            click.echo(f"CronWorkflow '{clean(name)}' {'suspended' if is_suspended else 'resumed'}")


@cron.command("next")
@click.argument("names", metavar="CRON_WORKFLOW...", nargs=-1, required=True)
@click.option("-c", "--count", default=5, type=click.IntRange(1, 1000), help="How many times of each.")
@namespace_option
def next_(names: Sequence[str], count: int, namespace: str | None) -> None:
    """Print when CRON_WORKFLOW... are to run next."""
    from pinnace.cli.render.times import timestamp
    from pinnace.service.crons import cron_of, next_ticks
    from pinnace.service.objects import require

    now = time.time()
    with opened() as pinnace:
        for name in names:
            kept = require(pinnace.store.objects, _KIND, here(namespace), name)
            for tick in next_ticks(cron_of(kept), now, count):
                click.echo(timestamp(tick, now))


@cron.command()
@click.argument("target", metavar="CRON_WORKFLOW")
@click.option("--name", "backfill", default="", help="The name of the backfill, a part of its runs' names.")
@click.option("--start", required=True, help="From when on; ticks after it.")
@click.option("--end", default="", help="Until when; by default now.")
@click.option("--parallel", is_flag=True, help="Run all at once instead of one after the other.")
@click.option("--argname", default="cronScheduleTime", help="The parameter that gets the scheduled time.")
@click.option(
    "--format",
    "layout",
    default="Mon, 02 Jan 2006 15:04:05 MST",
    help="The form of both times, as Go writes it.",
)
@click.option(
    "--maxworkflowcount", type=int, hidden=True, expose_value=False, help="Accepted for argo's sake."
)
@namespace_option
@drive_options
def backfill(target: str, **given: Any) -> None:
    """Run CRON_WORKFLOW for times that passed without it. Repeated under its name, a backfill goes on."""
    from pinnace.cli.backfilling import run_backfill

    leave(run_backfill(target, given))


@cron.command()
@click.argument("files", metavar="[FILE...]", nargs=-1)
@namespace_option
@new_world_option
@drive_options
def run(files: Sequence[str], **given: Any) -> None:
    """Run what CronWorkflows are due for, until interrupted.

    First, the objects in FILE... are kept: CronWorkflows, WorkflowTemplates, ClusterWorkflowTemplates,
    ConfigMaps and Secrets. Any number of schedulers may run over one store: a tick starts one run. What a
    scheduler that died has left behind goes on, but for runs that were begun under --world.

    With --world, what the CronWorkflows name that are kept by then is there, until the scheduler ends.

    Interrupt once to stop the runs that go on (exit handlers run), twice to terminate them.
    """
    from pinnace.cli.driving import display_of, schedule
    from pinnace.service.keeping import KINDS, apply

    settings = settings_of(given)
    display = display_of(given)
    with opened(settings) as pinnace:
        if files:
            namespace = here(given["namespace"])
            reading = read_or_refuse(pinnace, files, namespace, KINDS)
            for manifest in reading.manifests:
                kept, what = apply(pinnace.store.objects, manifest, namespace, time.time())
                if not display.is_quiet:
                    display.say(f"{kept.kind} '{kept.name}' {what}")
        where = namespace_of(given["namespace"])
        with ExitStack() as world:
            if given["has_world"]:
                needs = needs_of_schedules(pinnace.store.objects, where)
                pinnace.answer_with(world.enter_context(embedded(needs, display)))
            status = schedule(pinnace, display, namespace=where, workflow_defaults=workflow_defaults())
    leave(status)


def _changed(manifest: CronWorkflow, given: Mapping[str, Any]) -> CronWorkflow:
    """Return the manifest with what the options change."""
    from msgspec.structs import replace

    from pinnace.spec.overrides import apply_overrides
    from pinnace.spec.workflow import Workflow

    workflow = apply_overrides(
        Workflow(metadata=manifest.metadata, spec=manifest.spec.workflow_spec), overrides_of(given)
    )
    metadata = workflow.metadata
    if given.get("generate_name") and not given["name"]:
        metadata = replace(metadata, name="")
    schedules = (given["schedule"],) if given.get("schedule") else manifest.spec.schedules
    spec = replace(manifest.spec, workflow_spec=workflow.spec, schedules=schedules)
    return replace(manifest, metadata=metadata, spec=spec)


def _rendered(kept: KeptObject) -> str:
    from pinnace.cli.render.crons import render_cron

    return render_cron(kept, time.time())


def _table(kept: Sequence[KeptObject], has_namespace: bool) -> str:
    from pinnace.cli.render.crons import render_crons

    return render_crons(kept, time.time(), has_namespace=has_namespace)


cron.add_command(
    get_command(
        _KIND,
        "CRON_WORKFLOW",
        "Show CRON_WORKFLOW...: schedules, last and next time, runs that go on, what is wrong.",
        _rendered,
    )
)
cron.add_command(list_command(_KIND, "List CronWorkflows with their last and next times.", _table))
cron.add_command(delete_command(_KIND, "CRON_WORKFLOW", "Forget CRON_WORKFLOW.... Their runs stay."))
cron.add_command(lint_of(_KIND))
