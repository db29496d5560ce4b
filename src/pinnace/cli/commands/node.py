"""``pinnace node set``: give a waiting step what it waits for."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pinnace.cli.options import namespace_option, node_selector_option, run_argument
from pinnace.cli.session import namespace_of, opened


@click.group()
def node() -> None:
    """Change waiting steps of a run."""


@node.command("set")
@run_argument()
@namespace_option
@node_selector_option("The steps")
@click.option("--phase", type=click.Choice(["Succeeded", "Failed", "Error"]), default=None, help="End so.")
@click.option("-m", "--message", default="", help="What the steps say.")
@click.option(
    "-p",
    "--output-parameter",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="An output that the step waits for (valueFrom.supplied).",
)
def set_(
    name: str,
    namespace: str | None,
    node_field_selector: str,
    *,
    phase: str | None,
    message: str,
    parameters: Sequence[str],
) -> None:
    """Give the waiting steps of WORKFLOW outputs, a message or an end."""
    from pinnace.service.control import node_set
    from pinnace.service.queries import resolve

    with opened() as pinnace:
        uid = resolve(pinnace.store, name, namespace_of(namespace)).uid
        ask = node_set(
            pinnace.load(uid),
            selector=node_field_selector,
            phase=phase or "",
            message=message,
            parameters=parameters,
        )
        pinnace.request(uid, ask.kind, ask.payload)
        click.echo("workflow values set")
        if pinnace.store.owner_of(uid) is None:
            click.echo("  Nobody drives the run now: it takes effect with `pinnace recover`.", err=True)
