"""``pinnace cp``: the artifacts of a run, copied to a folder."""

from __future__ import annotations

from pathlib import Path

import click

from pinnace.cli.options import namespace_option, run_argument
from pinnace.cli.render.text import clean
from pinnace.cli.session import namespace_of, opened
from pinnace.service.copying import DEFAULT_PATH, Wanted, copy_artifacts


@click.command()
@run_argument()
@click.argument("folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path))
@namespace_option
@click.option("--node-id", default="", metavar="ID", help="Only those of the step with this id.")
@click.option("--template-name", default="", metavar="NAME", help="Only those of steps of this template.")
@click.option("--artifact-name", default="", metavar="NAME", help="Only those of this name.")
@click.option(
    "--path",
    default=DEFAULT_PATH,
    show_default=True,
    metavar="PATH",
    help="Where each is put below FOLDER; {templateName} can stand in it too.",
)
def cp(name: str, folder: Path, namespace: str | None, path: str, **given: str) -> None:
    """Copy the output artifacts of WORKFLOW to FOLDER, as they are stored: packed ones stay packed."""
    from pinnace.service.queries import resolve

    wanted = Wanted(
        node_id=given["node_id"], template=given["template_name"], artifact=given["artifact_name"]
    )
    is_empty = True
    with opened() as pinnace:
        run = pinnace.load(resolve(pinnace.store, name, namespace_of(namespace)).uid)
        for copied in copy_artifacts(run, pinnace.keeper(run), wanted, folder, path):
            is_empty = False
            click.echo(f"Created {clean(str(copied))}")
    if is_empty:
        click.echo("There are no such artifacts.", err=True)
