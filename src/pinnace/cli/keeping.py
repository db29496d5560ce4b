"""What the commands about objects of a namespace share: reading files, options, printing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pinnace.base.errors import UsageError
from pinnace.cli.main import WRONG_USE, leave
from pinnace.cli.session import namespace_of, workflow_defaults
from pinnace.cli.sources import read_sources

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace
    from pinnace.ports.objects import KeptObject
    from pinnace.service.keeping import Reading

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True)
namespace_option = click.option(
    "-n", "--namespace", help="The namespace of what names none; by default the setting's, or default."
)
strict_option = click.option("--strict/--no-strict", default=True, help="Whether unknown fields are errors.")


def names_argument(metavar: str, *, required: bool = True) -> Callable[[_Decorated], _Decorated]:
    """Return the argument of names of objects."""
    return click.argument("names", metavar=metavar, nargs=-1, required=required)


def here(option: str | None) -> str:
    """Return the one namespace that a command is about."""
    return namespace_of(option) or "default"


def read_or_refuse(
    pinnace: Pinnace, files: Sequence[str], namespace: str, kinds: Collection[str], *, strict: bool = True
) -> Reading:
    """Return what the files hold; tell all problems, and end the command if one of them is an error.

    Raises:
        UsageError: the files hold nothing of these kinds.
    """
    from pinnace.cli.render.problems import problem_count, problem_line
    from pinnace.service.keeping import read

    reading = read(
        read_sources(files),
        pinnace.store.objects,
        namespace,
        kinds=kinds,
        strict=strict,
        workflow_defaults=workflow_defaults(),
    )
    for problem in reading.problems:
        click.echo(problem_line(problem, is_colour=sys.stderr.isatty()), err=True)
    if not reading.is_sound:
        click.echo(f"{problem_count(reading.problems)}; nothing was kept", err=True)
        leave(WRONG_USE)
    if not reading.manifests:
        message = f"No {' or '.join(kinds)} found in given files"
        raise UsageError(message)
    return reading


def print_kept(kept: Sequence[KeptObject], output: str | None, render: Callable[[KeptObject], str]) -> None:
    """Print objects as ``json``, ``yaml``, ``name``, or as ``render`` writes them."""
    from pinnace.cli.printing import print_objects
    from pinnace.cli.render.text import clean
    from pinnace.service.objects import as_json

    for each in kept:
        if output in {"json", "yaml"}:
            print_objects([as_json(each)], output)
        elif output == "name":
            click.echo(clean(each.name))
        else:
            click.echo(render(each), nl=False)
