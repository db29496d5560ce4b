"""``pinnace wait``: until runs have ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from pinnace.base.errors import NotFoundError
from pinnace.cli.main import FAILED, leave
from pinnace.cli.options import namespace_option, run_arguments
from pinnace.cli.session import namespace_of, opened

#: Seconds between two looks at the store.
_INTERVAL = 0.1


@click.command()
@run_arguments()
@namespace_option
@click.option("--ignore-not-found", is_flag=True, help="Do not fail for runs that do not exist.")
def wait(names: Sequence[str], namespace: str | None, *, ignore_not_found: bool) -> None:
    """Wait until WORKFLOW... have ended. The exit status is 1 if one of them failed."""
    from pinnace.cli.render.text import clean
    from pinnace.engine.times import rfc3339
    from pinnace.service.queries import resolve

    status = 0
    with opened() as pinnace:
        uids: dict[str, None] = {}
        for name in names:
            try:
                uids[resolve(pinnace.store, name, namespace_of(namespace)).uid] = None
            except NotFoundError:
                if not ignore_not_found:
                    raise
        while uids:
            for uid in list(uids):
                run = pinnace.store.find_run(uid)
                if run.finished_at is not None:
                    del uids[uid]
                    click.echo(f"{clean(run.name)} {run.phase} at {rfc3339(run.finished_at)}")
                    status = status if run.phase == "Succeeded" else FAILED
            if uids:
                time.sleep(_INTERVAL)
    leave(status)
