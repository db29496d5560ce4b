"""``pinnace stop``, ``terminate``, ``suspend`` and ``resume``: asking runs that go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from pinnace.base.errors import UsageError
from pinnace.cli.options import (
    dry_run_option,
    field_selector_option,
    namespace_option,
    node_selector_option,
    run_arguments,
    selector_option,
)
from pinnace.cli.session import find_runs, namespace_of, opened

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.engine.run import Run
    from pinnace.service.control import Ask


@click.command()
@run_arguments(required=False)
@namespace_option
@selector_option
@field_selector_option
@node_selector_option("Only let these waiting steps fail")
@click.option("--message", default="", help="What the steps that are stopped say.")
@dry_run_option
def stop(
    names: Sequence[str],
    namespace: str | None,
    selector: str,
    field_selector: str,
    *,
    node_field_selector: str,
    message: str,
    dry_run: bool,
) -> None:
    """End WORKFLOW...: what runs is ended, exit handlers still run."""
    from pinnace.service import control

    chosen = _Chosen(names, namespace, selector, field_selector)
    _ask(
        chosen,
        lambda run: control.stop(run, selector=node_field_selector, message=message),
        "stopped",
        dry_run,
    )


@click.command()
@run_arguments(required=False)
@namespace_option
@selector_option
@field_selector_option
@dry_run_option
def terminate(
    names: Sequence[str], namespace: str | None, selector: str, field_selector: str, *, dry_run: bool
) -> None:
    """End WORKFLOW... at once: what runs is ended, exit handlers do not run."""
    from pinnace.service import control

    _ask(_Chosen(names, namespace, selector, field_selector), control.terminate, "terminated", dry_run)


@click.command()
@run_arguments()
@namespace_option
def suspend(names: Sequence[str], namespace: str | None) -> None:
    """Let nothing new of WORKFLOW... start; what runs goes on to its end."""
    from pinnace.service import control

    _ask(_Chosen(names, namespace), control.suspend, "suspended")


@click.command()
@run_arguments()
@namespace_option
@node_selector_option("Only end these waits")
def resume(names: Sequence[str], namespace: str | None, node_field_selector: str) -> None:
    """End the suspension of WORKFLOW..., and the waits of their steps.

    To go on with runs that a crash left behind, use `pinnace recover`.
    """
    from pinnace.service import control

    _ask(_Chosen(names, namespace), lambda run: control.resume(run, selector=node_field_selector), "resumed")


class _Chosen:
    """The runs that a command line means."""

    def __init__(
        self, names: Sequence[str], namespace: str | None, selector: str = "", field_selector: str = ""
    ) -> None:
        if not names and not selector and not field_selector:
            message = "which workflow?"
            raise UsageError(message, remedy="Give names, @latest, or a selector.")
        self.names = names
        self.namespace = namespace_of(namespace)
        self.selector = selector
        self.field_selector = field_selector


def _ask(chosen: _Chosen, make: Callable[[Run], Ask], done: str, is_dry: bool = False) -> None:
    """Leave a request for each run's owner and say so."""
    import time

    from pinnace.cli.render.text import clean
    from pinnace.service.queries import Wanted, find

    with opened() as pinnace:
        runs = find_runs(pinnace, chosen.names, chosen.namespace)
        if chosen.selector or chosen.field_selector:
            wanted = Wanted(
                namespace=chosen.namespace, labels=chosen.selector, fields=chosen.field_selector, running=True
            )
            known = {run.uid for run in runs}
            runs += [run for run in find(pinnace.store, wanted, time.time()) if run.uid not in known]
        for run in runs:
            ask = make(pinnace.load(run.uid))
            name = clean(run.name)
            if is_dry:
                click.echo(f"workflow {name} {done} (dry-run)")
                continue
            pinnace.request(run.uid, ask.kind, ask.payload)
            click.echo(f"workflow {name} {done}")
            if pinnace.store.owner_of(run.uid) is None:
                click.echo(
                    f"  Nobody drives it now: it takes effect with `pinnace recover {name}`.", err=True
                )
