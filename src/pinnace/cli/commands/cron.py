"""``pinnace cron``: CronWorkflows of the store, and the scheduler that runs them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.keeping import (
    files_argument,
    here,
    names_argument,
    namespace_option,
    print_kept,
    read_or_refuse,
    strict_option,
)
from pinnace.cli.main import leave
from pinnace.cli.options import (
    images_options,
    isolated_option,
    log_option,
    no_color_option,
    output_option,
    parameter_option,
    quiet_option,
    selector_option,
)
from pinnace.cli.session import is_colour, namespace_of, opened, settings_with, workflow_defaults
from pinnace.cli.sources import read_sources

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.ports.objects import KeptObject
    from pinnace.spec.schedules import CronWorkflow

_KIND = "CronWorkflow"
_OUTPUTS = ("name", "json", "yaml", "wide")


@click.group()
def cron() -> None:
    """Keep workflows that run by the clock.

    CronWorkflows are kept in the store. They run while `pinnace cron run` does.
    """


@cron.command()
@files_argument
@click.option("--schedule", default="", help="The schedule, in place of the manifest's.")
@parameter_option("A parameter of the workflow; may be given several times.")
@click.option("-f", "--parameter-file", metavar="FILE", help="A YAML or JSON file of parameters; -p wins.")
@click.option("--entrypoint", default="", metavar="TEMPLATE", help="Begin with this template instead.")
@click.option("--name", default="", help="The name of the CronWorkflow.")
@click.option("--generate-name", default="", metavar="PREFIX", help="What its generated name begins with.")
@click.option("-l", "--labels", default="", metavar="KEY=VALUE,...", help="Labels of the CronWorkflow.")
@click.option("--serviceaccount", default="", metavar="NAME", help="Recorded; no account is assumed here.")
@namespace_option
@strict_option
@output_option(*_OUTPUTS)
def create(files: Sequence[str], **given: Any) -> None:
    """Keep the CronWorkflows in FILE..."""
    from pinnace.service.keeping import create as keep

    namespace = here(given["namespace"])
    with opened() as pinnace:
        reading = read_or_refuse(pinnace, files, namespace, (_KIND,), strict=given["strict"])
        for manifest in reading.bundle.cron_workflows:
            kept = keep(pinnace.store.objects, _changed(manifest, given), namespace, time.time())
            print_kept([kept], given["output"], _rendered)


@cron.command()
@files_argument
@parameter_option("A parameter of the workflow; may be given several times.")
@click.option("-f", "--parameter-file", metavar="FILE", help="A YAML or JSON file of parameters; -p wins.")
@click.option("--entrypoint", default="", metavar="TEMPLATE", help="Begin with this template instead.")
@click.option("--name", default="", help="The name of the CronWorkflow.")
@click.option("-l", "--labels", default="", metavar="KEY=VALUE,...", help="Labels of the CronWorkflow.")
@click.option("--serviceaccount", default="", metavar="NAME", help="Recorded; no account is assumed here.")
@namespace_option
@strict_option
@output_option(*_OUTPUTS)
def update(files: Sequence[str], **given: Any) -> None:
    """Put the CronWorkflows in FILE... in the place of those of their names. Their counts begin anew."""
    from pinnace.service.crons import updated
    from pinnace.spec.encode import encode

    namespace = here(given["namespace"])
    with opened() as pinnace:
        reading = read_or_refuse(pinnace, files, namespace, (_KIND,), strict=given["strict"])
        for manifest in reading.bundle.cron_workflows:
            where = manifest.metadata.namespace or namespace
            kept = updated(pinnace.store.objects, where, encode(_changed(manifest, given)))
            print_kept([kept], given["output"], _rendered)


@cron.command()
@names_argument("CRON_WORKFLOW...")
@namespace_option
@output_option(*_OUTPUTS)
def get(names: Sequence[str], namespace: str | None, output: str | None) -> None:
    """Show CRON_WORKFLOW...: schedules, last and next time, runs that go on, what is wrong."""
    from pinnace.service.objects import require

    with opened() as pinnace:
        kept = [require(pinnace.store.objects, _KIND, here(namespace), name) for name in names]
        print_kept(kept, output, _rendered)


@cron.command("list")
@click.option("-A", "--all-namespaces", is_flag=True, help="List those of all namespaces.")
@namespace_option
@selector_option
@output_option("name", "wide")
def list_(*, all_namespaces: bool, namespace: str | None, selector: str, output: str | None) -> None:
    """List CronWorkflows with their last and next times."""
    from pinnace.cli.render.crons import render_crons
    from pinnace.service.objects import selected

    with opened() as pinnace:
        where = None if all_namespaces else here(namespace)
        kept = selected(pinnace.store.objects.of_kind(_KIND, where), selector)
        if output == "name":
            print_kept(kept, output, _rendered)
        else:
            click.echo(render_crons(kept, time.time(), has_namespace=all_namespaces), nl=False)


@cron.command()
@names_argument("[CRON_WORKFLOW...]", required=False)
@namespace_option
def suspend(names: Sequence[str], namespace: str | None) -> None:
    """Let CRON_WORKFLOW... start nothing until they are resumed."""
    _suspend(names, namespace, is_suspended=True)


@cron.command()
@names_argument("[CRON_WORKFLOW...]", required=False)
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


@cron.command()
@names_argument("[CRON_WORKFLOW...]", required=False)
@click.option("--all", "is_all", is_flag=True, help="All of the namespace.")
@namespace_option
def delete(names: Sequence[str], *, is_all: bool, namespace: str | None) -> None:
    """Forget CRON_WORKFLOW.... Their runs stay."""
    from pinnace.cli.render.text import clean
    from pinnace.service.objects import require

    where = here(namespace)
    with opened() as pinnace:
        objects = pinnace.store.objects
        for name in [kept.name for kept in objects.of_kind(_KIND, where)] if is_all else names:
            require(objects, _KIND, where, name)
            objects.delete(_KIND, where, name)
            click.echo(f"CronWorkflow '{clean(name)}' deleted")


@cron.command()
@files_argument
@click.option(
    "-o",
    "--output",
    type=click.Choice(["pretty", "simple"]),
    default="pretty",
    help="The form of the output.",
)
@strict_option
@click.pass_context
def lint(ctx: click.Context, files: Sequence[str], output: str, *, strict: bool) -> None:
    """Say what is wrong in the CronWorkflows in FILE..."""
    from pinnace.cli.commands.lint import lint as lint_all

    ctx.invoke(lint_all, files=files, output=output, strict=strict, kinds="cronworkflows")


@cron.command("next")
@names_argument("CRON_WORKFLOW...")
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
@images_options
@isolated_option
@quiet_option
@log_option
@no_color_option
def backfill(target: str, **given: Any) -> None:
    """Run CRON_WORKFLOW for times that passed without it. Repeated under its name, a backfill goes on."""
    from pinnace.cli.backfilling import run_backfill

    leave(run_backfill(target, given))


@cron.command()
@click.argument("files", metavar="[FILE...]", nargs=-1)
@namespace_option
@click.option("--world", "has_world", is_flag=True, help="Answer for AWS and the posts API on this machine.")
@images_options
@isolated_option
@quiet_option
@log_option
@no_color_option
def run(files: Sequence[str], **given: Any) -> None:
    """Run what CronWorkflows are due for, until interrupted.

    First, the objects in FILE... are kept: CronWorkflows, WorkflowTemplates, ClusterWorkflowTemplates,
    ConfigMaps and Secrets. Any number of schedulers may run over one store: a tick starts one run. What a
    scheduler that died has left behind goes on, but for runs that were begun under --world.

    With --world, what the CronWorkflows name that are kept by then is there, until the scheduler ends.

    Interrupt once to stop the runs that go on (exit handlers run), twice to terminate them.
    """
    from pinnace.cli.driving import Display, schedule
    from pinnace.cli.embedding import embedded, needs_of_schedules
    from pinnace.service.keeping import KINDS, apply

    settings = settings_with(
        image_rules=given["image_rules"], images=given["images"], is_isolated=given["isolated"]
    )
    display = Display(
        is_quiet=given["quiet"], is_log=given["is_log"], is_colour=is_colour(no_color=given["no_color"])
    )
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


def _changed(manifest: CronWorkflow, given: dict[str, Any]) -> CronWorkflow:
    """Return the manifest with what the options change."""
    from msgspec.structs import replace

    from pinnace.spec.overrides import Overrides, apply_overrides, read_parameter_file
    from pinnace.spec.workflow import Workflow

    file = given["parameter_file"]
    overrides = Overrides(
        entrypoint=given["entrypoint"],
        name=given["name"],
        generate_name=given.get("generate_name", ""),
        service_account=given["serviceaccount"],
        labels=given["labels"],
        parameters=given["parameters"],
        file_parameters=read_parameter_file(read_sources([file])[0][1], file) if file else (),
    )
    workflow = apply_overrides(
        Workflow(metadata=manifest.metadata, spec=manifest.spec.workflow_spec), overrides
    )
    metadata = workflow.metadata
    if overrides.generate_name and not overrides.name:
        metadata = replace(metadata, name="")
    schedules = (given["schedule"],) if given.get("schedule") else manifest.spec.schedules
    spec = replace(manifest.spec, workflow_spec=workflow.spec, schedules=schedules)
    return replace(manifest, metadata=metadata, spec=spec)


def _rendered(kept: KeptObject) -> str:
    from pinnace.cli.render.crons import render_cron

    return render_cron(kept, time.time())
