"""``pinnace recover``: go on with what a crash left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.embedding import again_embedded, is_of_world, require_choice, world_option
from pinnace.cli.main import leave
from pinnace.cli.options import (
    drive_options,
    namespace_option,
    output_option,
    run_arguments,
)
from pinnace.cli.render.text import clean
from pinnace.cli.session import find_runs, namespace_of, opened, settings_of

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.ports.store import RunSummary


@click.command()
@run_arguments(required=False)
@namespace_option
@drive_options
@world_option
@output_option("json", "yaml", "name")
def recover(names: Sequence[str], namespace: str | None, **given: Any) -> None:
    """Go on with WORKFLOW..., or with all runs that have not ended and that nobody drives.

    Tasks that still run are adopted, those that ended meanwhile are collected, and nothing that has finished
    runs again.
    """
    from pinnace.cli.driving import display_of, drive

    settings = settings_of(given)
    with opened(settings) as pinnace:
        where = namespace_of(namespace)
        runs = find_runs(pinnace, names, where) if names else list(pinnace.store.unowned())
        runs = [run for run in runs if run.finished_at is None]
        has_world = given["has_world"]
        if not names:
            runs = _alike(runs, has_world=has_world)
        if not runs:
            click.echo("No run waits to be recovered.", err=True)
            return
        require_choice(runs, "recover", has_world=has_world)
        for run in runs:
            pinnace.take(run.uid)
        display = display_of(given)
        with again_embedded(pinnace, runs, display, has_world=has_world):
            status = drive(pinnace, [run.uid for run in runs], display)
    leave(status)


def _alike(runs: list[RunSummary], *, has_world: bool | None) -> list[RunSummary]:
    """Return those of the runs that can go on together, and say which are left: a world is not for all."""
    alike = [run for run in runs if is_of_world(run) is bool(has_world)]
    if has_world is False or (has_world is None and not alike):
        return runs
    for run in runs:
        if run not in alike:
            option = " --world" if is_of_world(run) else ""
            click.echo(f"Left for later: `pinnace recover {clean(run.name)}{option}`", err=True)
    return alike
