"""The embedded world of a command: brought up for its runs, reported on at the end.

A world lives as long as the process that brought it up, and a run that goes on later needs another one. So
runs bear a label that says so, and commands that go on with runs ask what to do with those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pinnace.base.errors import RefusedError
from pinnace.cli.render.text import clean
from pinnace.service.labels import WORLD

if TYPE_CHECKING:  # loaded only when they are needed: the world needs an optional package
    from pinnace.bootstrap import Pinnace
    from pinnace.cli.driving import Display
    from pinnace.engine.run import Run
    from pinnace.ports.objects import ObjectStore
    from pinnace.ports.store import RunSummary
    from pinnace.spec.catalogue import Catalogue
    from pinnace.spec.workflow import Workflow
    from pinnace.world.prepare import Document
    from pinnace.world.world import World

#: For commands that begin runs.
new_world_option = click.option(
    "--world", "has_world", is_flag=True, help="Answer for AWS and the posts API on this machine."
)
#: For commands that go on with runs; None: nothing was said.
world_option = click.option(
    "--world/--no-world",
    "has_world",
    default=None,
    help="Whether AWS and the posts API are answered for on this machine. Must be said for runs begun so.",
)


#: What a run names: its manifests, and the parameters that it is run with.
Needs = tuple[Sequence["Document"], Mapping[str, str]]


@contextmanager
def embedded(needs: Iterable[Needs], display: Display) -> Iterator[World]:
    """Bring a world up for the time of a ``with``, with all that ``needs`` name; report on it at the end.

    Raises:
        RefusedError: the optional packages are not installed.
    """
    from pinnace.world.world import World

    with World() as world:
        lines = [
            line for manifests, parameters in needs for line in world.prepare_from(manifests, parameters)
        ]
        if not display.is_quiet:
            for line in dict.fromkeys(lines):
                click.echo(line, err=True)
        yield world
        if not display.is_quiet:
            for line in ("", *world.report()):
                display.say(line)


def is_of_world(run: RunSummary) -> bool:
    """Return whether the run was begun in an embedded world."""
    return WORLD in run.labels


def require_choice(runs: Sequence[RunSummary], command: str, *, has_world: bool | None) -> None:
    """Make sure that it was said what becomes of runs that were begun in a world.

    Raises:
        RefusedError: it was not; says what each choice means.
    """
    names = [run.name for run in runs if is_of_world(run)]
    if not names or has_world is not None:
        return
    message = f"{', '.join(names)}: begun under --world, in a world that ended with its process"
    remedy = (
        f"`pinnace {command} {' '.join(names)} --world` brings up a new one. What the former held is "
        "gone. With --no-world the real services are asked."
    )
    raise RefusedError(message, remedy=remedy)


@contextmanager
def again_embedded(
    pinnace: Pinnace, runs: Sequence[RunSummary], display: Display, *, has_world: bool | None
) -> Iterator[None]:
    """Let a new world answer for the runs for the time of a ``with``, if that was asked for."""
    if not has_world:
        yield
        return
    with embedded([_needs_of(pinnace.load(run.uid)) for run in runs], display) as world:
        for name in (run.name for run in runs if is_of_world(run)):
            click.echo(f"{clean(name)}: what was stored in its former world is gone", err=True)
        pinnace.answer_with(world)
        yield


def needs_of_schedules(objects: ObjectStore, namespace: str | None) -> list[Needs]:
    """Return what the runs of the store's CronWorkflows will name; None is every namespace."""
    from pinnace.service.crons import KIND, cron_of
    from pinnace.service.objects import catalogue_of

    return [
        _needs(cron_of(kept).manifest.as_workflow(), catalogue_of(objects, kept.namespace), {})
        for kept in objects.of_kind(KIND, namespace)
    ]


def _needs_of(run: Run) -> Needs:
    return _needs(run.workflow, run.lookup.catalogue, run.info.parameters)


def _needs(workflow: Workflow, catalogue: Catalogue, parameters: Mapping[str, str]) -> Needs:
    templates = (*catalogue.namespaced.values(), *catalogue.cluster.values())
    return (workflow, *templates, *catalogue.config_maps.values()), parameters
