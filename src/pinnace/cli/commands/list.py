"""``pinnace list``: which runs there are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.options import chunk_size_option, filter_options, output_option
from pinnace.cli.session import opened, wanted_of

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace
    from pinnace.ports.store import RunSummary


@click.command("list")
@filter_options
@click.option("--running", is_flag=True, help="Runs that have not ended.")
@click.option("--since", default="", metavar="SPAN", help="Runs made within the last 10m, 3h, 1d.")
@click.option("--no-headers", is_flag=True, help="Leave out the first line.")
@chunk_size_option("--chunk-size")
@output_option("name", "json", "yaml", "wide")
def list_(**given: Any) -> None:
    """List runs: those that go on first, then the newest."""
    from pinnace.service.queries import find

    wanted = wanted_of(given, running=given["running"], since=given["since"])
    with opened() as pinnace:
        pinnace.sweep()
        runs = find(pinnace.store, wanted, time.time())
        _show(pinnace, runs, given)


def _show(pinnace: Pinnace, runs: Sequence[RunSummary], given: dict[str, Any]) -> None:
    from pinnace.cli.printing import print_list
    from pinnace.cli.render.listing import render_list
    from pinnace.cli.render.text import clean
    from pinnace.service.queries import waits_for_somebody
    from pinnace.service.status import workflow_object

    output = given["output"]
    if output in {"json", "yaml"}:
        claims = pinnace.store.locks.claims()
        print_list([workflow_object(pinnace.load(run.uid), None, claims) for run in runs], output)
    elif not runs:
        click.echo("No workflows found")
    elif output == "name":
        for run in runs:
            click.echo(clean(run.name))
    else:
        details = {run.uid: pinnace.load(run.uid) for run in runs} if output == "wide" else {}
        text = render_list(
            runs,
            details,
            now=time.time(),
            waiting={run.uid for run in runs if waits_for_somebody(pinnace.store, run)},
            has_header=not given["no_headers"],
            has_namespace=given["all_namespaces"],
        )
        click.echo(text, nl=False)
