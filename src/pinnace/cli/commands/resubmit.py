"""``pinnace resubmit``: a workflow again, as a new run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import RefusedError, UsageError
from pinnace.cli.embedding import again_embedded, require_choice, world_option
from pinnace.cli.main import leave
from pinnace.cli.options import (
    field_selector_option,
    images_options,
    isolated_option,
    log_option,
    namespace_option,
    no_color_option,
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
@click.option("--priority", type=int, help="The workflow's priority.")
@click.option("--memoized", is_flag=True, help="Not possible here: `retry` keeps what succeeded.")
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
    help="Accepted for argo's sake: resubmit always waits.",
)
@click.option(
    "--watch",
    is_flag=True,
    hidden=True,
    expose_value=False,
    help="Accepted for argo's sake: resubmit always shows.",
)
@output_option("json", "yaml", "name", "wide")
@no_color_option
def resubmit(names: Sequence[str], namespace: str | None, **given: Any) -> None:
    """Run the workflows of WORKFLOW... again, each as a new run with a generated name."""
    from pinnace.cli.driving import Display, drive
    from pinnace.service.queries import Wanted, find

    if given["memoized"]:
        message = "a new run cannot take over what an old one did"
        raise RefusedError(message, remedy="`pinnace retry NAME` runs only what failed, in the same run.")
    if not names and not given["selector"] and not given["field_selector"]:
        message = "which workflow?"
        raise UsageError(message, remedy="Give names, @latest, or a selector.")
    settings = settings_with(
        image_rules=given["image_rules"], images=given["images"], is_isolated=given["isolated"]
    )
    with opened(settings) as pinnace:
        where = namespace_of(namespace)
        olds = {run.uid: run for run in find_runs(pinnace, names, where)}
        if given["selector"] or given["field_selector"]:
            wanted = Wanted(namespace=where, labels=given["selector"], fields=given["field_selector"])
            olds |= {run.uid: run for run in find(pinnace.store, wanted, time.time())}
        require_choice(list(olds.values()), "resubmit", has_world=given["has_world"])
        display = Display(
            is_quiet=given["quiet"],
            is_log=given["is_log"],
            output=given["output"],
            is_colour=is_colour(no_color=given["no_color"]),
        )
        with again_embedded(pinnace, list(olds.values()), display, has_world=given["has_world"]):
            status = drive(pinnace, [_again(pinnace, uid, given) for uid in olds], display)
    leave(status)


def _again(pinnace: Pinnace, uid: str, given: dict[str, Any]) -> str:
    """Keep a new run of an old one's workflow, and return its uid."""
    from pinnace.service.resubmit import resubmitted

    run = pinnace.load(uid)
    workflow = resubmitted(run, parameters=given["parameters"], priority=given["priority"])
    return pinnace.submit(workflow, run.lookup.catalogue)
