"""``pinnace retry``: run again what failed, in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from pinnace.cli.embedding import again_embedded, require_choice, world_option
from pinnace.cli.main import leave
from pinnace.cli.options import (
    choice_options,
    drive_options,
    node_selector_option,
    output_option,
    parameter_option,
    waiting_options,
)
from pinnace.cli.session import choose_runs, opened, settings_of


@click.command()
@choice_options
@parameter_option("A workflow argument that changes.")
@click.option("--restart-successful", is_flag=True, help="Also run the chosen steps that succeeded again.")
@node_selector_option("The steps to restart")
@drive_options
@world_option
@waiting_options("retry")
@output_option("json", "yaml", "name", "wide")
def retry(names: Sequence[str], **given: Any) -> None:
    """Run again what failed in WORKFLOW...; what succeeded stays as it is."""
    from pinnace.cli.driving import display_of, drive
    from pinnace.service.selectors import parse_field_selector
    from pinnace.spec.overrides import parse_parameter

    parameters = dict(map(parse_parameter, given["parameters"]))
    restart = parse_field_selector(given["node_field_selector"]) if given["restart_successful"] else None
    with opened(settings_of(given)) as pinnace:
        runs = choose_runs(pinnace, names, given, statuses=("Failed", "Error"))
        require_choice(runs, "retry", has_world=given["has_world"])
        for run in runs:
            pinnace.retry(run.uid, parameters=parameters, restart=restart)
        display = display_of(given)
        with again_embedded(pinnace, runs, display, has_world=given["has_world"]):
            status = drive(pinnace, [run.uid for run in runs], display)
    leave(status)
