"""Options that several commands share, named as argo names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pinnace.cli.session import complete_run

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def _all_of(options: Sequence[Callable[[Any], Any]]) -> Callable[[_Decorated], _Decorated]:
    """Return what adds the options to a command, in their order."""

    def add(command: _Decorated) -> _Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def run_arguments(*, required: bool = True) -> Callable[[_Decorated], _Decorated]:
    """Return the argument WORKFLOW...: names, uids, beginnings of either, or ``@latest``."""
    metavar = "WORKFLOW..." if required else "[WORKFLOW...]"
    return click.argument("names", metavar=metavar, nargs=-1, required=required, shell_complete=complete_run)


def run_argument() -> Callable[[_Decorated], _Decorated]:
    """Return the argument WORKFLOW: one run."""
    return click.argument("name", metavar="WORKFLOW", shell_complete=complete_run)


namespace_option = click.option("-n", "--namespace", help="The namespace of the run; by default any.")
no_color_option = click.option("--no-color", is_flag=True, help="Print no colours.")
selector_option = click.option(
    "-l", "--selector", default="", help="Runs with these labels: key=value, key!=value, key in (a,b), key."
)
field_selector_option = click.option(
    "--field-selector", default="", help="Runs with these fields: metadata.name=x, status.phase!=Failed."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what would happen.")


def node_selector_option(what: str) -> Callable[[_Decorated], _Decorated]:
    """Return ``--node-field-selector``; ``what`` says what becomes of the nodes."""
    return click.option(
        "--node-field-selector",
        default="",
        metavar="FIELD=VALUE,...",
        help=f"{what}: id, name, displayName, templateName, phase, inputs.parameters.NAME.value, ...",
    )


#: Which runs a command is for; ``cli.session.choose_runs`` reads them.
choice_options = _all_of(
    (run_arguments(required=False), namespace_option, selector_option, field_selector_option)
)

#: What a list of runs is narrowed by; ``cli.session.wanted_of`` reads them.
filter_options = _all_of(
    (
        click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces."),
        click.option("-n", "--namespace", help="In this namespace; by default in all."),
        click.option("--status", "statuses", multiple=True, help="Runs in these phases, with commas."),
        click.option("--completed", is_flag=True, help="Runs that have ended."),
        click.option("--resubmitted", is_flag=True, help="Runs that `resubmit` made."),
        click.option("--prefix", default="", help="Runs whose names begin so."),
        click.option(
            "--older", default="", metavar="SPAN", help="Runs that ended longer ago than 10m, 3h, 1d."
        ),
        selector_option,
        field_selector_option,
    )
)


def output_option(*kinds: str) -> Callable[[_Decorated], _Decorated]:
    """Return ``-o``: one of ``kinds``."""
    return click.option(
        "-o", "--output", type=click.Choice(kinds), default=None, help="The form of the output."
    )


def chunk_size_option(name: str) -> Callable[[_Decorated], _Decorated]:
    """Return the option of this name that says how lists are asked for of a server; there is none here."""
    return click.option(
        name, type=int, hidden=True, expose_value=False, help="Accepted for argo's sake: there is no server."
    )


def parameter_option(doc: str) -> Callable[[_Decorated], _Decorated]:
    """Return ``-p NAME=VALUE``, any number of times."""
    return click.option("-p", "--parameter", "parameters", metavar="NAME=VALUE", multiple=True, help=doc)


def override_options(of: str, *, generates: bool = True) -> Callable[[_Decorated], _Decorated]:
    """Return the options that change a manifest; ``overrides_of`` reads them.

    Args:
        of: whose name and labels they give: "the run".
        generates: whether a name can be generated.
    """
    prefix = click.option(
        "--generate-name", default="", metavar="PREFIX", help="What the generated name begins with."
    )
    options = (
        parameter_option("A parameter of the workflow; may be given several times."),
        click.option(
            "-f", "--parameter-file", metavar="FILE", help="A YAML or JSON file of parameters; -p wins."
        ),
        click.option(
            "--entrypoint", default="", metavar="TEMPLATE", help="Begin with this template instead."
        ),
        click.option("--name", default="", help=f"The name of {of}."),
        *((prefix,) if generates else ()),
        click.option("-l", "--labels", default="", metavar="KEY=VALUE,...", help=f"Labels of {of}."),
        click.option(
            "--serviceaccount", default="", metavar="NAME", help="Recorded; no account is assumed here."
        ),
    )
    return _all_of(options)


#: How tasks are run, and what is shown of it; ``settings_of`` and ``display_of`` read them.
drive_options = _all_of(
    (
        click.option(
            "--image",
            "image_rules",
            metavar="PATTERN=KIND",
            multiple=True,
            help="What stands in for images: host, python or refuse. May be given several times.",
        ),
        click.option(
            "--images",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="A file of stand-ins for images.",
        ),
        click.option(
            "--isolated/--no-isolated",
            default=None,
            help="Whether each task gets a private view of this machine's files and processes.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Show no progress; the exit status tells."),
        click.option(
            "--log", "is_log", is_flag=True, help="Print what the steps print instead of their progress."
        ),
        no_color_option,
    )
)


def waiting_options(command: str) -> Callable[[_Decorated], _Decorated]:
    """Return ``--wait`` and ``--watch``, which change nothing: ``command`` does both."""
    wait = f"Accepted for argo's sake: {command} always waits."
    watch = f"Accepted for argo's sake: {command} always shows."
    return _all_of(
        (
            click.option("-w", "--wait", is_flag=True, hidden=True, expose_value=False, help=wait),
            click.option("--watch", is_flag=True, hidden=True, expose_value=False, help=watch),
        )
    )
