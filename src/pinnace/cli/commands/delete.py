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
    filter_options,
    run_arguments,
)
from pinnace.cli.session import opened, wanted_of


@click.command()
@run_arguments(required=False)
@click.option("--all", "is_all", is_flag=True, help="All runs of the namespace.")
@filter_options
@click.option("--force", is_flag=True, help="Although artifacts that go with a run cannot be deleted.")
@chunk_size_option("--query-chunk-size")
@dry_run_option
def delete(names: Sequence[str], **given: Any) -> None:
    """Forget WORKFLOW... with their logs and scratch files.

    Artifacts in repositories stay, but for those whose artifactGC says that they go with the workflow.
    """
    from pinnace.cli.render.text import clean
    from pinnace.service.queries import find, resolve

    wanted = wanted_of(given)
    has_filter = given["is_all"] or given["all_namespaces"] or not wanted.is_any
    if not names and not has_filter:
        message = "which workflows?"
        raise UsageError(message, remedy="Give names, @latest, or a filter: --completed, --older, --all, ...")
    with opened() as pinnace:
        found: dict[str, str] = {}
        for name in names:
            try:
                run = resolve(pinnace.store, name, wanted.namespace)
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
