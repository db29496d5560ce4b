"""What a command works with: settings, an open Pinnace, and where its output goes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.settings import Settings, read_settings

if TYPE_CHECKING:  # the store and the engine are loaded only by commands that open them
    from pinnace.bootstrap import Pinnace
    from pinnace.ports.store import RunSummary
    from pinnace.service.queries import Wanted
    from pinnace.spec.overrides import Overrides
    from pinnace.spec.workflow import Workflow


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Pinnace]:
    """Open Pinnace for the time of a ``with``."""
    from pinnace.bootstrap import Pinnace

    pinnace = Pinnace(settings if settings is not None else read_settings())
    try:
        yield pinnace
    finally:
        pinnace.close()


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Return the settings, with what ``drive_options`` gave instead."""
    changes = {
        "image_rules": given["image_rules"] or None,
        "images": given["images"],
        "is_isolated": given["isolated"],
    }
    return replace(read_settings(), **{name: value for name, value in changes.items() if value is not None})


def overrides_of(given: Mapping[str, Any], annotations: str = "") -> Overrides:
    """Return what ``override_options`` change in a manifest, and ``annotations`` beside them.

    Raises:
        UsageError: the file of parameters cannot be read.
    """
    from pinnace.cli.sources import read_sources
    from pinnace.spec.overrides import Overrides, read_parameter_file

    file = given["parameter_file"]
    return Overrides(
        entrypoint=given["entrypoint"],
        name=given["name"],
        generate_name=given.get("generate_name", ""),
        service_account=given["serviceaccount"],
        priority=given.get("priority"),
        labels=given["labels"],
        annotations=annotations,
        parameters=given["parameters"],
        file_parameters=read_parameter_file(read_sources([file])[0][1], file) if file else (),
    )


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


def wanted_of(given: Mapping[str, Any], **more: Any) -> Wanted:
    """Return what ``filter_options`` gave, and ``more`` as ``Wanted`` has it."""
    from pinnace.service.queries import Wanted

    return Wanted(
        namespace=None if given["all_namespaces"] else namespace_of(given["namespace"]),
        statuses=given["statuses"],
        completed=given["completed"],
        resubmitted=given["resubmitted"],
        prefix=given["prefix"],
        older=given["older"],
        labels=given["selector"],
        fields=given["field_selector"],
        **more,
    )


def choose_runs(
    pinnace: Pinnace, names: Sequence[str], given: Mapping[str, Any], **more: Any
) -> list[RunSummary]:
    """Return the runs that the names mean, then those that the selectors do, each once.

    Args:
        pinnace: has them.
        names: of runs.
        given: ``--namespace``, and ``--selector`` and ``--field-selector`` of commands that have them.
        more: what else is asked of runs that selectors choose, as ``Wanted`` has it.

    Raises:
        NotFoundError: a name means none.
        UsageError: a name could mean several, or there is neither a name nor a selector.
    """
    from pinnace.service.queries import Wanted, find

    where = namespace_of(given["namespace"])
    labels, fields = given.get("selector", ""), given.get("field_selector", "")
    if not names and not labels and not fields:
        message = "which workflow?"
        raise UsageError(message, remedy="Give names, @latest, or a selector.")
    runs = find_runs(pinnace, names, where)
    if labels or fields:
        runs += find(
            pinnace.store, Wanted(namespace=where, labels=labels, fields=fields, **more), time.time()
        )
    return list({run.uid: run for run in runs}.values())


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
