"""``pinnace get``: a run and its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.cli.options import (
    namespace_option,
    no_color_option,
    node_selector_option,
    output_option,
    run_arguments,
)
from pinnace.cli.session import find_runs, is_colour, namespace_of, opened

if TYPE_CHECKING:  # completing the names of runs needs no engine
    from pinnace.engine.locks import Claim
    from pinnace.engine.run import Run


@click.command()
@run_arguments()
@namespace_option
@output_option("name", "json", "yaml", "short", "wide")
@click.option("--status", default="", help="Show only steps in this phase.")
@node_selector_option("Show only these steps")
@click.option("--no-utf8", is_flag=True, help="Draw with ASCII.")
@no_color_option
def get(names: Sequence[str], namespace: str | None, output: str | None, **given: Any) -> None:
    """Show the runs WORKFLOW... and their steps. @latest is the run that was made last."""
    from pinnace.cli.printing import print_runs

    with opened() as pinnace:
        found = find_runs(pinnace, names, namespace_of(namespace))
        runs = [pinnace.load(run.uid) for run in found]
        baselines = {run.info.baseline: pinnace.load_if_there(run.info.baseline) for run in runs}
        claims = pinnace.store.locks.claims()
    if output in {"name", "json", "yaml"}:
        print_runs(runs, output, baselines, claims)
        return
    wanted = wanted_steps(given["status"], given["node_field_selector"])
    for run in runs:
        text = describe(
            run,
            output=output or "",
            is_colour=is_colour(no_color=given["no_color"]),
            is_ascii=given["no_utf8"],
            wanted=wanted,
            claims=claims,
        )
        click.echo(text, nl=False, color=True)


def wanted_steps(status: str, selector: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return what says of a node's status whether it is shown.

    Raises:
        UsageError: both are given, or the selector is wrong.
    """
    from pinnace.service.selectors import parse_field_selector, status_fields

    if status and selector:
        message = "cannot use both --status and --node-field-selector"
        raise UsageError(message)
    chosen = parse_field_selector(f"phase={status}" if status else selector)
    return lambda node: chosen.matches(status_fields(node))


def describe(
    run: Run,
    *,
    output: str,
    is_colour: bool,
    is_ascii: bool,
    wanted: Callable[[Mapping[str, Any]], bool],
    claims: Sequence[Claim] = (),
) -> str:
    """Return what ``get`` shows of a run: header, tree, its locks, and what was not honoured."""
    from pinnace.cli.render.ending import fidelity_by_node
    from pinnace.cli.render.header import render_header
    from pinnace.cli.render.text import clean
    from pinnace.cli.render.tree import TreeOptions, render_tree
    from pinnace.service.status import workflow_object
    from pinnace.service.synchronization import lock_lines

    now = time.time()
    workflow = workflow_object(run)
    options = TreeOptions(now=now, output=output, is_colour=is_colour, is_ascii=is_ascii, wanted=wanted)
    tree = render_tree(workflow, options)
    if output == "short":
        return tree
    notes = "".join(f"{line}\n" for line in fidelity_by_node(run))
    locks = "".join(f"{clean(line)}\n" for line in lock_lines(run, claims))
    return "\n".join(part for part in (render_header(workflow, now), tree, locks, notes) if part)
