"""Options that several commands share, named as argo names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pinnace.cli.session import complete_run

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
Decorator = Callable[[_Decorated], _Decorated]


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


def images_options(command: _Decorated) -> _Decorated:
    """Add ``--image`` and ``--images``: what stands in for images."""
    rule = click.option(
        "--image",
        "image_rules",
        metavar="PATTERN=KIND",
        multiple=True,
        help="What stands in for images: host, python or refuse. May be given several times.",
    )
    file = click.option(
        "--images",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="A file of stand-ins for images.",
    )
    return rule(file(command))


isolated_option = click.option(
    "--isolated/--no-isolated",
    default=None,
    help="Whether each task gets a private view of this machine's files and processes.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Show no progress; the exit status tells.")
log_option = click.option(
    "--log", "is_log", is_flag=True, help="Print what the steps print instead of their progress."
)
