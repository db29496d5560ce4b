"""``pinnace retry``: run again what failed, in the same run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.cli.embedding import again_embedded, require_choice, world_option
from pinnace.cli.main import leave
from pinnace.cli.options import (
    field_selector_option,
    images_options,
    isolated_option,
    log_option,
    namespace_option,
    no_color_option,
    node_selector_option,
    output_option,
    parameter_option,
    quiet_option,
    run_arguments,
    selector_option,
)
from pinnace.cli.session import find_runs, is_colour, namespace_of, opened, settings_with

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace


@click.command()
@run_arguments(required=False)
@namespace_option
@selector_option
@field_selector_option
@parameter_option("A workflow argument that changes.")
@click.option("--restart-successful", is_flag=True, help="Also run the chosen steps that succeeded again.")
@node_selector_option("The steps to restart")
@images_options
@isolated_option
@world_option
@quiet_option
@log_option
@click.option(
    "-w",
    "--wait",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="Accepted for argo's sake: retry always waits.",
)
@click.option(
    "--watch",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="Accepted for argo's sake: retry always shows.",
)
@output_option("json", "yaml", "name", "wide")
@no_color_option
def retry(names: Sequence[str], namespace: str | None, **given: Any) -> None:
    """Run again what failed in WORKFLOW...; what succeeded stays as it is."""
    from pinnace.cli.driving import Display, drive
    from pinnace.service.queries import Wanted, find

    if not names and not given["selector"] and not given["field_selector"]:
        message = "which workflow?"
        raise UsageError(message, remedy="Give names, @latest, or a selector.")
    settings = settings_with(
        image_rules=given["image_rules"], images=given["images"], is_isolated=given["isolated"]
    )
    with opened(settings) as pinnace:
        where = namespace_of(namespace)
        runs = {run.uid: run for run in find_runs(pinnace, names, where)}
        if given["selector"] or given["field_selector"]:
            wanted = Wanted(
                namespace=where,
                labels=given["selector"],
                fields=given["field_selector"],
                statuses=("Failed", "Error"),
            )
            runs |= {run.uid: run for run in find(pinnace.store, wanted, time.time())}
        require_choice(list(runs.values()), "retry", has_world=given["has_world"])
        for uid in runs:
            _begin(pinnace, uid, given)
        display = Display(
            is_quiet=given["quiet"],
            is_log=given["is_log"],
            output=given["output"],
            is_colour=is_colour(no_color=given["no_color"]),
        )
        with again_embedded(pinnace, list(runs.values()), display, has_world=given["has_world"]):
            status = drive(pinnace, list(runs), display)
    leave(status)


def _begin(pinnace: Pinnace, uid: str, given: dict[str, Any]) -> None:
    """Make the run, which this process owns from now on, one that has something to do."""
    from pinnace.ports.store import RunChange
    from pinnace.service.retry import retry as retried
    from pinnace.service.selectors import parse_field_selector
    from pinnace.spec.overrides import parse_parameter

    lease = pinnace.take(uid)
    run = pinnace.load(uid)
    restart = parse_field_selector(given["node_field_selector"]) if given["restart_successful"] else None
    try:
        change = retried(
            run, time.time(), parameters=dict(map(parse_parameter, given["parameters"])), restart=restart
        )
        pinnace.store.save(
            [
                RunChange(
                    uid=uid,
                    lease=lease,
                    info=change.info,
                    state=change.state,
                    nodes=change.nodes,
                    removed=change.removed,
                )
            ]
        )
    except BaseException:
        pinnace.store.release([uid], pinnace.owner)
        raise
