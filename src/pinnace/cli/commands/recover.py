"""``pinnace recover``: go on with what a crash left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pinnace.cli.main import leave
from pinnace.cli.options import (
    images_options,
    isolated_option,
    log_option,
    namespace_option,
    no_color_option,
    output_option,
    quiet_option,
    run_arguments,
)
from pinnace.cli.session import find_runs, is_colour, namespace_of, opened, settings_with


@click.command()
@run_arguments(required=False)
@namespace_option
@isolated_option
@images_options
@quiet_option
@log_option
@output_option("json", "yaml", "name")
@no_color_option
def recover(names: Sequence[str], namespace: str | None, **given: Any) -> None:
    """Go on with WORKFLOW..., or with all runs that have not ended and that nobody drives.

    Tasks that still run are adopted, those that ended meanwhile are collected, and nothing that has finished
    runs again.
    """
    from pinnace.cli.driving import Display, drive

    settings = settings_with(
        image_rules=given["image_rules"], images=given["images"], is_isolated=given["isolated"]
    )
    with opened(settings) as pinnace:
        where = namespace_of(namespace)
        runs = find_runs(pinnace, names, where) if names else list(pinnace.store.unowned())
        runs = [run for run in runs if run.finished_at is None]
        if not runs:
            click.echo("No run waits to be recovered.", err=True)
            return
        for run in runs:
            pinnace.take(run.uid)
        display = Display(
            is_quiet=given["quiet"],
            is_log=given["is_log"],
            output=given["output"],
            is_colour=is_colour(no_color=given["no_color"]),
        )
        status = drive(pinnace, [run.uid for run in runs], display)
    leave(status)
