"""The entry of the command line: which commands there are, and what every failure looks like.

Exit status: 0 all is well or the run succeeded, 1 a run failed or the world did, 2 wrong use or an invalid
manifest, 130 interrupted. No failure shows a traceback.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

import click

from pinnace.base.errors import EnvironmentFailure, InvariantBroken, PinnaceError
from pinnace.cli.output import ensure_streams, forget_unwritable, is_unwritable

FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130


class Place(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    module: str
    name: str
    summary: str


#: By the word that is typed, in the order in which ``--help`` lists them.
COMMANDS = {
    "run": Place("run", "run", "Run the workflows in files and folders, and show how they get on."),
    "recover": Place("recover", "recover", "Go on with runs that a crash or a restart left behind."),
    "list": Place("list", "list_", "List runs."),
    "get": Place("get", "get", "Show a run and its steps."),
    "logs": Place("logs", "logs", "Show what the steps of a run print."),
    "cp": Place("cp", "cp", "Copy the artifacts of a run to a folder."),
    "watch": Place("watch", "watch", "Look at a run until it has ended."),
    "wait": Place("wait", "wait", "Wait until runs have ended."),
    "stop": Place("control", "stop", "End runs; their exit handlers still run."),
    "terminate": Place("control", "terminate", "End runs at once, without exit handlers."),
    "suspend": Place("control", "suspend", "Let nothing new of a run start."),
    "resume": Place("control", "resume", "End a suspension, of a run or of its waiting steps."),
    "node": Place("node", "node", "Give a waiting step its outputs, a message or an end."),
    "retry": Place("retry", "retry", "Run again what failed in a run."),
    "resubmit": Place("resubmit", "resubmit", "Run a workflow again as a new run."),
    "delete": Place("delete", "delete", "Forget runs with their logs."),
    "sync": Place("sync", "sync", "Show locks; set the limits of `database` semaphores."),
    "cache": Place("cache", "cache", "Show what memoized templates keep; have it forgotten."),
    "cron": Place("cron", "cron", "Keep workflows that run by the clock, and run them."),
    "template": Place("template", "template", "Keep WorkflowTemplates that every run of a namespace sees."),
    "cluster-template": Place(
        "template", "cluster_template", "Keep ClusterWorkflowTemplates that every run sees."
    ),
    "lint": Place("lint", "lint", "Say what is wrong in manifests."),
    "metrics": Place("metrics", "metrics", "Print what metrics have come to, as Prometheus reads it."),
    "explain": Place("explain", "explain", "Say why a step is as it is, and where its inputs came from."),
    "graph": Place("graph", "graph", "Show what a workflow looks like before it runs."),
    "schema": Place("schema", "schema", "Print the JSON schema of manifests, for editors."),
    "version": Place("version", "version", "Print the version."),
    "completion": Place("completion", "completion", "Print the script that completes commands in a shell."),
}


class Commands(click.Group):
    """The group of all commands. Only the one that is called is imported, which keeps the start quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the words, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        """Return the command behind a word, or None."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module = importlib.import_module(f"pinnace.cli.commands.{place.module}")
        command: click.Command = getattr(module, place.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # likewise
        """Write the list of commands without importing one of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(word, place.summary) for word, place in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pinnace", message="%(prog)s %(version)s")
def cli() -> None:
    """Run Argo Workflows manifests on this machine, durably, in one process.

    Start with `pinnace run FILE`. What a crash leaves behind goes on with `pinnace recover`.
    """


def run_cli(arguments: Sequence[str]) -> int:
    """Carry out the command line and return its exit status; every failure is told on standard error."""
    ensure_streams()
    try:
        status = cli.main(args=list(arguments), prog_name="pinnace", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        forget_unwritable()
        return FAILED  # as click does where it meets this itself
    except InvariantBroken as error:
        return _told_defect(error)
    except PinnaceError as error:
        _say(f"error: {error}")
        return FAILED if isinstance(error, EnvironmentFailure) else WRONG_USE
    except Exception as error:  # noqa: BLE001  # the one place where a defect meets the user
        if isinstance(error, OSError) and is_unwritable(error):
            forget_unwritable()
            _say(f"error: cannot write the output: {error.strerror}")
            return FAILED
        return _told_defect(error)
    return status if isinstance(status, int) else 0


def leave(status: int) -> NoReturn:
    """End the command with this exit status."""
    raise click.exceptions.Exit(status)


def _say(text: str) -> None:
    from pinnace.cli.render.text import clean

    for line in text.splitlines():
        click.echo(line[: len(line) - len(line.lstrip())] + clean(line.lstrip()), err=True)


def _told_defect(error: BaseException) -> int:
    """Say that this is Pinnace's own fault and where the report of it lies."""
    from pinnace.cli.defects import write_report

    _say(f"error: this is a defect in Pinnace: {type(error).__name__}: {error}")
    place = write_report(error)
    if place is not None:
        _say(f"  The report is in {place}; please send it to the developers.")
    return FAILED
