"""``pinnace lint``: what is wrong in manifests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from pinnace import __version__
from pinnace.base.errors import UsageError
from pinnace.cli.keeping import files_argument, strict_option
from pinnace.cli.main import WRONG_USE, leave
from pinnace.cli.options import no_color_option
from pinnace.cli.session import is_colour, workflow_defaults
from pinnace.cli.sources import read_sources
from pinnace.spec.problems import Problem, did_you_mean


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["pretty", "simple", "text", "json", "sarif", "github"]),
    default="pretty",
    help="The form of the output; text is another word for simple.",
)
@click.option(
    "--kinds",
    default="all",
    metavar="KIND,...",
    help="What is checked: workflows, workflowtemplates, cronworkflows, clusterworkflowtemplates, all.",
)
@strict_option
@click.option(
    "--ignore-missing",
    is_flag=True,
    help="Pass over WorkflowTemplates, Secrets and ConfigMaps that are not among the files.",
)
@click.option("--here", is_flag=True, help="Also tell what a run on this machine does otherwise.")
@click.option("--warnings-as-errors", is_flag=True, help="Fail on warnings too.")
@click.option("--explain", metavar="CODE", default="", help="Say what a problem's code means, and leave.")
@click.option(
    "--offline",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="Accepted for argo's sake: lint is always offline.",
)
@no_color_option
def lint(files: Sequence[str], output: str, **given: Any) -> None:
    """Say what is wrong in FILE...: manifests, folders of them, URLs, or - for standard input.

    What a file refers to is looked for in the others. No cluster and no network is needed. The exit status is
    2 if there is an error, or nothing that could be checked.
    """
    from pinnace.service.lint import lint as find_problems

    if given["explain"]:
        click.echo(_explanation(given["explain"]))
        return
    if not files:
        message = "no files are given"
        raise UsageError(message, remedy="Name files or folders, or - for standard input.")
    linted = find_problems(
        read_sources(files),
        strict=given["strict"],
        kinds=_kinds(given["kinds"]),
        ignore_missing=given["ignore_missing"],
        here=given["here"],
        workflow_defaults=workflow_defaults(),
    )
    if output != "pretty" or not linted.is_empty:
        _print(linted.problems, linted.files, output, no_color=given["no_color"])
    if linted.is_empty:
        message = "found nothing to lint in the files given"
        raise UsageError(message, remedy="They hold no document of a kind that Argo or Pinnace reads.")
    if linted.fails(on_warnings=given["warnings_as_errors"]):
        leave(WRONG_USE)


def lint_of(kind: str) -> click.Command:
    """Return the command that says what is wrong in manifests of one kind."""

    @click.command("lint", help=f"Say what is wrong in the {kind}s in FILE...")
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
    def lint_kind(ctx: click.Context, files: Sequence[str], output: str, *, strict: bool) -> None:
        ctx.invoke(lint, files=files, output=output, strict=strict, kinds=f"{kind.lower()}s")

    return lint_kind


def _kinds(text: str) -> frozenset[str]:
    """Return the kinds that ``--kinds`` names; empty means all."""
    from pinnace.service.lint import KINDS

    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in KINDS and word != "all":
            hint = did_you_mean(word, KINDS) or f"One or more of {', '.join(KINDS)}, or all."
            raise UsageError(f"--kinds: no such kind {word!r}", remedy=hint)
    return frozenset() if "all" in words else frozenset(KINDS[word] for word in words)


def _explanation(code: str) -> str:
    from pinnace.spec.problem_codes import CODES

    meaning = CODES.get(code)
    if meaning is None:
        raise UsageError(f"no problem has the code {code!r}", remedy=did_you_mean(code, CODES))
    return f"{code}: {meaning.title}.\n\n{meaning.text}"


def _print(problems: Sequence[Problem], files: Sequence[str], output: str, *, no_color: bool) -> None:
    if output == "pretty":
        _print_pretty(problems, files, is_colour=is_colour(no_color=no_color))
    elif output in {"simple", "text"}:
        for problem in problems:
            click.echo(str(problem))
    else:
        from pinnace.cli.render.reports import as_github, as_json, as_sarif

        if output == "github":
            click.echo(as_github(problems), nl=False)
        else:
            click.echo(as_json(problems) if output == "json" else as_sarif(problems, __version__))


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
