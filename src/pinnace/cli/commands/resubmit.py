"""``pinnace resubmit``: a workflow again, as a new run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.embedding import again_embedded, require_choice, world_option
from pinnace.cli.main import leave
from pinnace.cli.options import (
    choice_options,
    drive_options,
    output_option,
    parameter_option,
    waiting_options,
)
from pinnace.cli.session import choose_runs, opened, settings_of

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace


@click.command()
@choice_options
@parameter_option("A workflow argument that changes.")
@click.option("--priority", type=int, help="The workflow's priority.")
@click.option(
    "--memoized", is_flag=True, help="Do not run again the pods that did not fail; what failed runs."
)
@drive_options
@world_option
@waiting_options("resubmit")
@output_option("json", "yaml", "name", "wide")
def resubmit(names: Sequence[str], **given: Any) -> None:
    """Run the workflows of WORKFLOW... again, each as a new run with a generated name."""
    from pinnace.cli.driving import display_of, drive

    with opened(settings_of(given)) as pinnace:
        olds = choose_runs(pinnace, names, given)
        require_choice(olds, "resubmit", has_world=given["has_world"])
        display = display_of(given)
        with again_embedded(pinnace, olds, display, has_world=given["has_world"]):
            status = drive(pinnace, [_again(pinnace, old.uid, given) for old in olds], display)
    leave(status)


def _again(pinnace: Pinnace, uid: str, given: dict[str, Any]) -> str:
    """Keep a new run of an old one's workflow, and return its uid."""
    from pinnace.service.resubmit import resubmitted, reused

    run = pinnace.load(uid)
    workflow = resubmitted(run, parameters=given["parameters"], priority=given["priority"])
    return pinnace.submit(workflow, run.lookup.catalogue, reused=reused(run) if given["memoized"] else None)
