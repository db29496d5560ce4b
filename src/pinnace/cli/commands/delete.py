"""``pinnace delete``: forget runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click

from pinnace.base.errors import NotFoundError, UsageError
from pinnace.cli.options import (
    chunk_size_option,
    dry_run_option,
    field_selector_option,
    run_arguments,
    selector_option,
)
from pinnace.cli.session import namespace_of, opened


@click.command()
@run_arguments(required=False)
@click.option("--all", "is_all", is_flag=True, help="All runs of the namespace.")
@click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces.")
@click.option("-n", "--namespace", help="In this namespace; by default in all.")
@click.option("--completed", is_flag=True, help="Runs that have ended.")
@click.option("--resubmitted", is_flag=True, help="Runs that `resubmit` made.")
@click.option("--prefix", default="", help="Runs whose names begin so.")
@click.option("--older", default="", metavar="SPAN", help="Runs that ended longer ago than 10m, 3h, 1d.")
@click.option("--status", "statuses", multiple=True, help="Runs in these phases, with commas.")
@selector_option
@field_selector_option
@click.option("--force", is_flag=True, help="Although artifacts that go with a run cannot be deleted.")
@chunk_size_option("--query-chunk-size")
@dry_run_option
def delete(names: Sequence[str], **given: Any) -> None:
    """Forget WORKFLOW... with their logs and scratch files.

    Artifacts in repositories stay, but for those whose artifactGC says that they go with the workflow.
    """
    from pinnace.cli.render.text import clean
    from pinnace.service.queries import Wanted, find, resolve

    where = None if given["all_namespaces"] else namespace_of(given["namespace"])
    wanted = Wanted(
        namespace=where,
        statuses=given["statuses"],
        completed=given["completed"],
        resubmitted=given["resubmitted"],
        prefix=given["prefix"],
        older=given["older"],
        labels=given["selector"],
        fields=given["field_selector"],
    )
    has_filter = given["is_all"] or given["all_namespaces"] or not wanted.is_any
    if not names and not has_filter:
        message = "which workflows?"
        raise UsageError(message, remedy="Give names, @latest, or a filter: --completed, --older, --all, ...")
    with opened() as pinnace:
        found: dict[str, str] = {}
        for name in names:
            try:
                run = resolve(pinnace.store, name, where)
            except NotFoundError:
                click.echo(f"Workflow '{clean(name)}' not found")
                continue
            found[run.uid] = run.name
        if has_filter:
            found |= {run.uid: run.name for run in find(pinnace.store, wanted, time.time())}
        if not found and not names:
            click.echo("No resources found")
        for uid, name in found.items():
            if not given["dry_run"]:
                pinnace.delete(uid, force=given["force"])
            click.echo(f"Workflow '{clean(name)}' deleted{' (dry-run)' if given['dry_run'] else ''}")
