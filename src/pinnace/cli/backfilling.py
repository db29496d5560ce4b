"""Running a CronWorkflow for times that passed: ``pinnace cron backfill``."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import NameTaken
from pinnace.cli.driving import Display, display_of, drive
from pinnace.cli.keeping import here
from pinnace.cli.main import INTERRUPTED
from pinnace.cli.session import opened, settings_of, workflow_defaults
from pinnace.ports.objects import KeptObject
from pinnace.service.crons import KIND, Backfill, backfilled, cron_of
from pinnace.service.objects import catalogue_of, require
from pinnace.spec.workflow import Workflow

if TYPE_CHECKING:  # opening Pinnace is the session's doing
    from pinnace.bootstrap import Pinnace

#: Carried by the runs that a backfill made: the name of the CronWorkflow. Source: Argo common/common.go.
_LABEL = "workflows.argoproj.io/cron-workflow-backfill"


def run_backfill(name: str, given: dict[str, Any]) -> int:
    """Make the runs that a backfill asks for, run them, and return the command's exit status."""
    wanted = Backfill(
        name=given["backfill"] or secrets.token_hex(3),
        start=given["start"],
        end=given["end"],
        layout=given["layout"],
        argument=given["argname"],
    )
    settings = settings_of(given)
    display = display_of(given)
    with opened(settings) as pinnace:
        kept = require(pinnace.store.objects, KIND, here(given["namespace"]), name)
        workflows = backfilled(cron_of(kept), wanted, time.time())
        if not display.is_quiet:
            _tell(kept, wanted, workflows)
        if given["parallel"]:
            uids = [uid for workflow in workflows if (uid := _submit(pinnace, kept, workflow))]
            return drive(pinnace, uids, display) if uids else 0
        return _one_by_one(pinnace, kept, workflows, display)


def _one_by_one(pinnace: Pinnace, kept: KeptObject, workflows: Sequence[Workflow], display: Display) -> int:
    """Run the workflows in order; one is made when the one before has ended, so that its lease is fresh."""
    worst = 0
    for workflow in workflows:
        uid = _submit(pinnace, kept, workflow)
        if uid is not None:
            status = drive(pinnace, [uid], display)
            if status == INTERRUPTED:
                return status
            worst = max(worst, status)
    return worst


def _submit(pinnace: Pinnace, kept: KeptObject, workflow: Workflow) -> str | None:
    """Keep a run and return its uid; None if the same backfill made it before."""
    catalogue = catalogue_of(pinnace.store.objects, kept.namespace, None, workflow_defaults())
    try:
        return pinnace.submit(workflow, catalogue, labels={_LABEL: kept.name})
    except NameTaken:
        return None


def _tell(kept: KeptObject, wanted: Backfill, workflows: Sequence[Workflow]) -> None:
    """Say what a backfill runs, in Argo's form."""
    if not workflows:
        click.echo("There is no suitable scheduling time.")
        return
    line = "=" * 50
    click.echo(f"Created {wanted.name} Backfill task for Cronworkflow {kept.name}\n{line}")
    click.echo(f"Backfill Period :\nStart Time : {wanted.start}\n  End Time : {wanted.end or 'now'}")
    click.echo(f"Total Backfill Schedule: {len(workflows)}\n{line}")
    click.echo("Backfill Workflows:\n   NAMESPACE\t WORKFLOW:")
    for number, workflow in enumerate(workflows, 1):
        click.echo(f"{number}. {kept.namespace} \t {workflow.metadata.name}")
