"""``pinnace stop``, ``terminate``, ``suspend`` and ``resume``: asking runs that go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.options import (
    choice_options,
    dry_run_option,
    namespace_option,
    node_selector_option,
    run_arguments,
)
from pinnace.cli.session import choose_runs, opened

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.engine.run import Run
    from pinnace.service.control import Ask


@click.command()
@choice_options
@node_selector_option("Only let these waiting steps fail")
@click.option("--message", default="", help="What the steps that are stopped say.")
@dry_run_option
def stop(names: Sequence[str], **given: Any) -> None:
    """End WORKFLOW...: what runs is ended, exit handlers still run."""
    from pinnace.service import control

    selector, message = given["node_field_selector"], given["message"]
    _ask(names, given, lambda run: control.stop(run, selector=selector, message=message), "stopped")


@click.command()
@choice_options
@dry_run_option
def terminate(names: Sequence[str], **given: Any) -> None:
    """End WORKFLOW... at once: what runs is ended, exit handlers do not run."""
    from pinnace.service import control

    _ask(names, given, control.terminate, "terminated")


@click.command()
@run_arguments()
@namespace_option
def suspend(names: Sequence[str], **given: Any) -> None:
    """Let nothing new of WORKFLOW... start; what runs goes on to its end."""
    from pinnace.service import control

    _ask(names, given, control.suspend, "suspended")


@click.command()
@run_arguments()
@namespace_option
@node_selector_option("Only end these waits")
def resume(names: Sequence[str], **given: Any) -> None:
    """End the suspension of WORKFLOW..., and the waits of their steps.

    To go on with runs that a crash left behind, use `pinnace recover`.
    """
    from pinnace.service import control

    selector = given["node_field_selector"]
    _ask(names, given, lambda run: control.resume(run, selector=selector), "resumed")


def _ask(names: Sequence[str], given: Mapping[str, Any], make: Callable[[Run], Ask], done: str) -> None:
    """Leave a request for each run's owner and say so."""
    from pinnace.cli.render.text import clean

    with opened() as pinnace:
        for run in choose_runs(pinnace, names, given, running=True):
            ask = make(pinnace.load(run.uid))
            name = clean(run.name)
            if given.get("dry_run"):
                click.echo(f"workflow {name} {done} (dry-run)")
                continue
            pinnace.request(run.uid, ask.kind, ask.payload)
            click.echo(f"workflow {name} {done}")
            if pinnace.store.owner_of(run.uid) is None:
                click.echo(
                    f"  Nobody drives it now: it takes effect with `pinnace recover {name}`.", err=True
                )
