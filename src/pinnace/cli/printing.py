"""Runs and logs on standard output, in the forms that ``-o`` names."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pinnace.cli.render.text import clean, clean_output
from pinnace.engine.locks import Claim
from pinnace.engine.node import Node
from pinnace.engine.run import Run
from pinnace.service.logs import Entry, LogFollower, LogRequest
from pinnace.service.status import workflow_object

_COLOURS = ("green", "yellow", "blue", "magenta", "cyan", "white")


def print_objects(objects: Sequence[Any], output: str) -> None:
    """Print JSON values as ``json`` or ``yaml``; a single one is not put into a list."""
    value: Any = objects[0] if len(objects) == 1 else list(objects)
    if output == "json":
        click.echo(json.dumps(value, indent=2))
    else:
        click.echo(_yaml(value), nl=False)


def print_list(objects: Sequence[Any], output: str) -> None:
    """Print JSON values as a list, however many they are."""
    click.echo(json.dumps(list(objects), indent=2) if output == "json" else _yaml(list(objects)).rstrip("\n"))


def print_runs(
    runs: Sequence[Run],
    output: str,
    baselines: Mapping[str, Run | None] | None = None,
    claims: Sequence[Claim] = (),
) -> None:
    """Print runs as ``json``, ``yaml`` or ``name``; other forms print nothing.

    Args:
        runs: the runs.
        output: the form.
        baselines: the runs, by uid, whose times are expected of these, where they are to be shown.
        claims: all claims of locks.
    """
    known = baselines or {}
    if output == "name":
        for run in runs:
            click.echo(clean(run.info.name))
    elif output in {"json", "yaml"}:
        print_objects([workflow_object(run, known.get(run.info.baseline), claims) for run in runs], output)


def _yaml(value: Any) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(value, Dumper=dumper, default_flow_style=False, allow_unicode=True)
    return text


def print_entries(entries: Iterable[Entry], *, is_colour: bool, timestamps: bool = False) -> None:
    """Print pieces of logs, each line after its pod's name.

    What goes to a terminal is made safe for it; what goes elsewhere is printed as it is.
    """
    show = clean_output if sys.stdout.isatty() else _as_it_is
    for entry in entries:
        prefix = f"{entry.pod_name}: "
        if is_colour:
            colour = _COLOURS[sum(map(ord, entry.pod_name)) % len(_COLOURS)]
            prefix = click.style(prefix, fg=colour)
        time = f"{entry.time} " if timestamps else ""
        click.echo(f"{prefix}{time}{show(entry.text)}", color=True)


def _as_it_is(text: str) -> str:
    return text


class LogPrinter:
    """An observer that prints what the steps of runs print, as it comes.

    Args:
        runs: the folder that holds one folder a run.
        is_colour: whether pod names have colours.
    """

    def __init__(self, runs: Path, *, is_colour: bool) -> None:
        self._runs = runs
        self._is_colour = is_colour
        self._followers: dict[str, LogFollower] = {}

    def run_changed(self, run: Run, nodes: Sequence[Node]) -> None:
        """Take note of steps that may print something."""
        follower = self._followers.get(run.info.uid)
        if follower is None:
            follower = self._followers[run.info.uid] = LogFollower(
                self._runs / run.info.uid / "logs", LogRequest()
            )
        follower.add(run, nodes)

    def said(self, message: str) -> None:
        """Print ``message`` on standard error."""
        click.echo(clean(message), err=True)

    def tick(self) -> None:
        """Print what the logs have gained."""
        for follower in self._followers.values():
            print_entries(follower.poll(), is_colour=self._is_colour)
