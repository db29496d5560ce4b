"""``pinnace explain``: why a step is as it is."""

from __future__ import annotations

import time

import click

from pinnace.cli.options import namespace_option, output_option, run_argument
from pinnace.cli.session import namespace_of, opened


@click.command()
@run_argument()
@click.argument("step", metavar="STEP")
@namespace_option
@output_option("json", "yaml")
def explain(name: str, step: str, namespace: str | None, output: str | None) -> None:
    """Say where the inputs of STEP came from, and why it was skipped, tried again, failed or waits.

    STEP is the name, the id, the pod's name or the shown name of a step; the name alone of one that was not
    called yet.
    """
    from pinnace.cli.printing import print_objects
    from pinnace.cli.render.explained import as_objects, as_text
    from pinnace.service.explaining import explanations
    from pinnace.service.queries import resolve

    with opened() as pinnace:
        run = pinnace.load(resolve(pinnace.store, name, namespace_of(namespace)).uid)
    found = explanations(run, step, time.time())
    if output:
        print_objects(as_objects(found), output)
    else:
        click.echo("\n\n".join(as_text(each) for each in found))
