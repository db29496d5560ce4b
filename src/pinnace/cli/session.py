"""What a command works with: settings, an open Pinnace, and where its output goes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pinnace.settings import Settings, read_settings

if TYPE_CHECKING:  # the store and the engine are loaded only by commands that open them
    from pinnace.bootstrap import Pinnace
    from pinnace.ports.store import RunSummary
    from pinnace.spec.workflow import Workflow
    from pinnace.world.world import World


@contextmanager
def opened(settings: Settings | None = None, world: World | None = None) -> Iterator[Pinnace]:
    """Open Pinnace for the time of a ``with``."""
    from pinnace.bootstrap import open_pinnace

    pinnace = open_pinnace(settings if settings is not None else read_settings(), world)
    try:
        yield pinnace
    finally:
        pinnace.close()


def settings_with(**given: Any) -> Settings:
    """Return the settings with what options gave instead; None and empty values give nothing."""
    changes = {name: value for name, value in given.items() if value is not None and value != ()}
    return replace(read_settings(), **changes)


def workflow_defaults() -> Workflow | None:
    """Return what the settings lay every workflow over, or None.

    Raises:
        UsageError: the file cannot be read.
        ManifestError: it holds something else.
    """
    path = read_settings().workflow_defaults
    if path is None:
        return None
    from pinnace.cli.sources import read_sources
    from pinnace.spec.defaults import read_workflow_defaults

    ((origin, text),) = read_sources([str(path)])
    return read_workflow_defaults(text, origin)


def namespace_of(option: str | None) -> str | None:
    """Return the namespace to look in: the option's, the setting's, or None for all of them."""
    return option or read_settings().namespace or None


def is_colour(*, no_color: bool) -> bool:
    """Return whether standard output takes colours and is to have them."""
    return sys.stdout.isatty() and not no_color and not read_settings().no_color


def find_runs(pinnace: Pinnace, names: Sequence[str], namespace: str | None) -> list[RunSummary]:
    """Return the runs that the names mean, each once, in their order.

    Raises:
        NotFoundError: one of them means none.
        UsageError: one of them could mean several.
    """
    from pinnace.service.queries import resolve

    found = [resolve(pinnace.store, name, namespace) for name in names]
    return list({run.uid: run for run in found}.values())


def complete_run(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of runs that begin so, newest first, and ``@latest``; nothing when that fails."""
    from pinnace.ports.store import RunFilter

    try:
        namespace = namespace_of(ctx.params.get("namespace"))
        with opened() as pinnace:
            runs = pinnace.store.list_runs(RunFilter(namespace=namespace, prefix=incomplete, limit=50))
    except Exception:  # noqa: BLE001  # a shell that completes must never be disturbed
        return []
    names = [run.name for run in runs]
    return [*(["@latest"] if names and "@latest".startswith(incomplete) else []), *dict.fromkeys(names)]
