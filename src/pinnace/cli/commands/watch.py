"""``pinnace watch``: look at a run until it has ended."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from pinnace.cli.main import FAILED, leave
from pinnace.cli.options import namespace_option, no_color_option, node_selector_option, run_argument
from pinnace.cli.session import is_colour, namespace_of, opened

#: Seconds between two looks at the store; a look that finds no change costs microseconds.
_INTERVAL = 0.1
#: On a terminal durations are shown anew so often, in seconds.
_REDRAW = 1.0


@click.command()
@run_argument()
@namespace_option
@click.option("--status", default="", help="Show only steps in this phase.")
@node_selector_option("Show only these steps")
@no_color_option
def watch(name: str, namespace: str | None, **given: Any) -> None:
    """Show WORKFLOW and its steps, anew whenever they change, until it has ended."""
    from pinnace.cli.commands.get import describe, wanted_steps
    from pinnace.service.queries import resolve

    wanted = wanted_steps(given["status"], given["node_field_selector"])
    is_terminal = sys.stdout.isatty()
    with opened() as pinnace:
        uid = resolve(pinnace.store, name, namespace_of(namespace)).uid
        shown, drawn_at = "", 0.0
        while True:
            seen = pinnace.store.changed()
            run = pinnace.load(uid)
            text = describe(
                run,
                output="",
                is_colour=is_colour(no_color=given["no_color"]),
                is_ascii=False,
                wanted=wanted,
            )
            if is_terminal:
                click.clear()
            if is_terminal or text != shown:
                click.echo(text, nl=is_terminal is False, color=True)
            shown, drawn_at = text, time.monotonic()
            if run.state.is_finished:
                break
            while pinnace.store.changed() == seen and not (
                is_terminal and time.monotonic() - drawn_at > _REDRAW
            ):
                time.sleep(_INTERVAL)
    leave(0 if run.state.phase == "Succeeded" else FAILED)
