"""``pinnace lint``: what is wrong in manifests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click
import msgspec

from pinnace.cli.main import WRONG_USE, leave
from pinnace.cli.options import no_color_option
from pinnace.cli.session import is_colour
from pinnace.cli.sources import read_sources
from pinnace.spec.problems import Problem


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Choice(["pretty", "simple", "json"]), default="pretty")
@click.option("--strict/--no-strict", default=True, help="Whether unknown fields are errors.")
@click.option(
    "--offline",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="Accepted for argo's sake: lint is always offline.",
)
@no_color_option
def lint(files: Sequence[str], output: str, *, strict: bool, no_color: bool) -> None:
    """Say what is wrong in FILE...: manifests, folders of them, or - for standard input.

    What a file refers to is looked for in the others. The exit status is 2 if there is an error.
    """
    from pinnace.service.intake import inspect

    intake = inspect(read_sources(files), strict=strict)
    if output == "json":
        click.echo(json.dumps([msgspec.to_builtins(problem) for problem in intake.problems], indent=2))
    elif output == "simple":
        for problem in intake.problems:
            click.echo(str(problem))
    else:
        _print_pretty(intake.problems, intake.bundle.origins, is_colour=is_colour(no_color=no_color))
    if not intake.is_sound:
        leave(WRONG_USE)


def _print_pretty(problems: Sequence[Problem], files: Sequence[str], *, is_colour: bool) -> None:
    """Print the problems below the file they are in, and at the end how many there are."""
    from pinnace.cli.render.problems import pretty_problem, problem_count
    from pinnace.cli.render.text import clean

    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem)
    for name, inside in by_file.items():
        click.echo(f"{clean(name) or 'manifest'}:")
        for problem in inside:
            click.echo(f"   {pretty_problem(problem, is_colour=is_colour)}", color=True)
        click.echo()
    if problems:
        click.echo(f"{problem_count(problems)} in {len(by_file)} of {len(files)} files")
    else:
        mark = "✔ " if sys.stdout.encoding.lower().startswith("utf") else ""
        click.echo(f"{mark}no linting errors found")
