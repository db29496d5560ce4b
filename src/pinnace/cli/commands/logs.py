"""``pinnace logs``: what the steps of a run print."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.cli.options import namespace_option, no_color_option, node_selector_option, run_argument
from pinnace.cli.session import is_colour, namespace_of, opened

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace
    from pinnace.engine.run import Run
    from pinnace.service.logs import LogRequest

#: Seconds between two looks at logs that are followed.
_INTERVAL = 0.1


@click.command()
@run_argument()
@click.argument("step", required=False, default="", metavar="[STEP]")
@namespace_option
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.option("-c", "--container", default="", metavar="NAME", help="The container, if not the main one.")
@click.option(
    "--tail", type=click.IntRange(min=-1), default=-1, help="Only so many of each step's last lines."
)
@click.option("--since", default="", metavar="SPAN", help="Only lines of the last 5s, 2m, 3h.")
@click.option("--since-time", default="", metavar="TIME", help="Only lines since a time (RFC 3339).")
@click.option("--grep", default="", metavar="REGEX", help="Only lines that match.")
@click.option("--timestamps", is_flag=True, help="Begin each line with its time.")
@node_selector_option("Only of these steps")
@no_color_option
def logs(name: str, step: str, namespace: str | None, **given: Any) -> None:
    """Show what the steps of WORKFLOW print, in the order of time, each line after its pod's name.

    STEP is a pod's name, or the name of a step as `get` shows it.
    """
    from pinnace.cli.printing import print_entries
    from pinnace.service.logs import LogRequest, require_container, require_step
    from pinnace.service.queries import resolve

    request = LogRequest(
        pod=step,
        container=given["container"],
        grep=given["grep"],
        since=_since(given["since"], given["since_time"]),
        tail=given["tail"] if given["tail"] >= 0 else None,
        node_selector=given["node_field_selector"],
    )
    colour = is_colour(no_color=given["no_color"])
    with opened() as pinnace:
        uid = resolve(pinnace.store, name, namespace_of(namespace)).uid
        run = pinnace.load(uid)
        require_container(run, given["container"])
        if step and not given["follow"]:
            require_step(run, step)
        folder = pinnace.home.runs / uid / "logs"
        for entries in _looks(pinnace, run, folder, request, is_following=given["follow"]):
            print_entries(entries, is_colour=colour, timestamps=given["timestamps"])


def _looks(
    pinnace: Pinnace, run: Run, folder: Path, request: LogRequest, *, is_following: bool
) -> Iterator[Any]:
    """Yield what each look at the logs finds, until the run has ended."""
    from pinnace.service.logs import LogFollower

    follower = LogFollower(folder, request)
    seen = pinnace.store.changed()
    while True:
        # Whether it has ended is known before the logs are read: what was written before is not missed.
        is_over = run.state.is_finished or not is_following
        follower.add(run, run.nodes.values())
        yield follower.poll()
        if is_over:
            return
        time.sleep(_INTERVAL)
        now = pinnace.store.changed()
        if now != seen:
            seen, run = now, pinnace.load(run.info.uid)


def _since(span: str, instant: str) -> float | None:
    from pinnace.cli.render.times import parse_time
    from pinnace.service.queries import parse_span

    if span and instant:
        message = "--since-time and --since cannot be used together"
        raise UsageError(message)
    if span:
        return time.time() - parse_span(span)
    try:
        return parse_time(instant)
    except ValueError:
        message = f"--since-time {instant!r} is not a time"
        raise UsageError(message, remedy="Write it as 2026-11-22T23:00:00Z.") from None
