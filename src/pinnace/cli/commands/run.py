"""``pinnace run``: from files to finished runs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.cli.embedding import embedded, new_world_option
from pinnace.cli.main import WRONG_USE, leave
from pinnace.cli.options import drive_options, output_option, override_options, waiting_options
from pinnace.cli.session import namespace_of, opened, overrides_of, settings_of, workflow_defaults
from pinnace.cli.sources import read_sources

if TYPE_CHECKING:  # loaded only when they are needed: the first needs an optional package
    from pinnace.bootstrap import Pinnace
    from pinnace.cli.driving import Display
    from pinnace.service.intake import Intake
    from pinnace.spec.workflow import ConfigMap, Workflow, WorkflowTemplate
    from pinnace.world.world import World


@click.command()
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option(
    "--from",
    "resource",
    default="",
    metavar="KIND/NAME",
    help="Run an object of the store: cronwf/NAME, workflowtemplate/NAME, clusterworkflowtemplate/NAME.",
)
@click.option(
    "--workflow", "chosen", metavar="NAME", multiple=True, help="Run only this workflow of the files."
)
@override_options("the run")
@click.option("-n", "--namespace", help="The namespace of runs that do not name one.")
@click.option("--priority", type=int, help="The workflow's priority.")
@click.option(
    "--scheduled-time",
    default="",
    metavar="TIME",
    help="What {{workflow.scheduledTime}} is, as RFC 3339; for runs in place of a CronWorkflow's.",
)
@click.option("--strict/--no-strict", default=True, help="Whether unknown fields are errors.")
@new_world_option
@drive_options
@waiting_options("run")
@output_option("json", "yaml", "name", "wide")
def run(**given: Any) -> None:
    """Run the workflows in FILE... and show how they get on.

    FILE is a manifest, a folder of them, a URL, or - for standard input. Secrets, ConfigMaps,
    WorkflowTemplates and ClusterWorkflowTemplates in the files form the namespace that the runs see, over
    what the store holds of it.

    Interrupt once to stop (exit handlers run), twice to terminate. SIGTERM counts as an interrupt. A terminal
    that closes stops the runs too, unless they were begun with nohup.
    """
    from pinnace.cli.driving import display_of

    if bool(given["files"]) == bool(given["resource"]):
        message = "cannot combine --from with file arguments" if given["files"] else "no files are given"
        raise UsageError(message, remedy="Name files, or an object of the store with --from KIND/NAME.")
    settings = settings_of(given)
    display = display_of(given)
    with opened(settings) as pinnace:
        pinnace.begin_probe()
        intake = _intake(pinnace, given)
        with _world(intake, given, display) as world:
            if world is not None:
                pinnace.answer_with(world)
            status = _run(pinnace, intake, display)
        pinnace.sweep()
    leave(status)


def _intake(pinnace: Pinnace, given: dict[str, Any]) -> Intake:
    """Return what is to run; end the command if something of it is wrong."""
    from pinnace.service.intake import take_in, take_stored

    overrides = overrides_of(given, annotations=_scheduled(given["scheduled_time"]))
    namespace = namespace_of(given["namespace"]) or ""
    if given["resource"]:
        intake = take_stored(
            given["resource"],
            pinnace.store.objects,
            overrides,
            now=time.time(),
            namespace=namespace,
            workflow_defaults=workflow_defaults(),
        )
    else:
        intake = take_in(
            read_sources(given["files"]),
            overrides,
            chosen=given["chosen"],
            namespace=namespace,
            strict=given["strict"],
            workflow_defaults=workflow_defaults(),
            objects=pinnace.store.objects,
        )
    _refuse_problems(intake)
    if not intake.workflows:
        message = "the files hold no workflow"
        raise UsageError(message, remedy="Give a file that holds a document of kind Workflow.")
    if len(intake.workflows) > 1 and given["name"]:
        message = "--name names one run, but the files hold several workflows"
        raise UsageError(message, remedy="Choose one with --workflow NAME.")
    return intake


def _scheduled(text: str) -> str:
    """Return the annotation of a run that was scheduled for the time ``text``; "" for none."""
    if not text:
        return ""
    from pinnace.language.dates import parse_time
    from pinnace.language.values import Failure
    from pinnace.schedules.children import SCHEDULED_TIME
    from pinnace.schedules.status import RFC3339

    try:
        parse_time(RFC3339, text)
    except Failure:
        message = f"scheduled-time contains invalid time.RFC3339 format: {text}"
        raise UsageError(message, remedy="Write it like 2006-01-02T15:04:05-07:00.") from None
    return f"{SCHEDULED_TIME}={text}"


def _refuse_problems(intake: Intake) -> None:
    """Tell all problems of all files; end the command if one of them is an error."""
    import sys

    from pinnace.cli.render.problems import problem_count, problem_line

    for problem in intake.problems:
        click.echo(problem_line(problem, is_colour=sys.stderr.isatty()), err=True)
    if not intake.is_sound:
        click.echo(f"{problem_count(intake.problems)}; nothing was started", err=True)
        leave(WRONG_USE)


@contextmanager
def _world(intake: Intake, given: dict[str, Any], display: Display) -> Iterator[World | None]:
    """Bring the embedded world up for the time of a ``with``, if it was asked for."""
    if not given["has_world"]:
        yield None
        return
    from pinnace.spec.overrides import parse_parameter

    manifests: list[Workflow | WorkflowTemplate | ConfigMap] = [*intake.workflows]
    for catalogue in intake.seen.values():
        manifests += [*catalogue.namespaced.values(), *catalogue.cluster.values()]
        manifests += catalogue.config_maps.values()
    with embedded([(manifests, dict(map(parse_parameter, given["parameters"])))], display) as world:
        yield world


def _run(pinnace: Pinnace, intake: Intake, display: Display) -> int:
    from pinnace.cli.driving import drive

    uids = _submit(pinnace, intake)
    if not display.is_quiet:
        _mention_left_behind(pinnace)
    return drive(pinnace, uids, display)


def _mention_left_behind(pinnace: Pinnace) -> None:
    """Say which runs wait to be recovered."""
    from pinnace.cli.render.text import clean

    left = pinnace.store.unowned()
    if left:
        names = ", ".join(clean(run.name) for run in left[:5]) + (", ..." if len(left) > 5 else "")
        click.echo(
            f"{len(left)} unfinished, driven by nobody: {names}. Go on with `pinnace recover`.", err=True
        )


def _submit(pinnace: Pinnace, intake: Intake) -> Sequence[str]:
    """Keep all runs and return their uids; if one is refused, none is kept."""
    uids: list[str] = []
    with ExitStack() as undo:
        for workflow in intake.workflows:
            uid = pinnace.submit(workflow, intake.catalogue_of(workflow))
            undo.callback(pinnace.store.delete_run, uid)
            uids.append(uid)
        undo.pop_all()
    return uids
