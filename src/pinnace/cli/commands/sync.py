"""``pinnace sync``: who holds which lock, and the limits of semaphores that no ConfigMap describes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from pinnace.base.errors import NotFoundError, RefusedError, UsageError
from pinnace.cli.options import namespace_option
from pinnace.cli.session import namespace_of, opened

_limit = click.option(
    "--limit", type=click.IntRange(min=1), required=True, help="How many may hold it at once."
)
_type = click.option(
    "--type",
    "kind",
    default="database",
    help="Only `database`: what a ConfigMap limits is limited in the manifest.",
)


def _semaphore(command: Callable[..., None]) -> Callable[..., None]:
    """Add what names one semaphore to a command, which gets the name of its lock first."""

    @click.argument("key")
    @namespace_option
    @_type
    @wraps(command)
    def named(key: str, namespace: str | None, kind: str, **given: Any) -> None:
        command(_name(key, namespace, kind), **given)

    return named


@click.group()
def sync() -> None:
    """Show locks; set the limits of `database` semaphores."""


@sync.command("list")
def list_() -> None:
    """Show each lock that somebody has to do with: who holds it and who waits, in their order."""
    from pinnace.cli.render.text import clean
    from pinnace.service.synchronization import queue_lines

    with opened() as pinnace:
        lines = list(queue_lines(pinnace.store.locks.claims()))
    for line in lines or ["No locks found"]:
        click.echo(clean(line))


@sync.command("create")
@_semaphore
@_limit
def create(name: str, limit: int) -> None:
    """Set how many may hold the semaphore KEY."""
    with opened() as pinnace:
        if name in pinnace.store.locks.limits():
            message = f"{name} has a limit already"
            raise RefusedError(message, remedy=f"Change it with `pinnace sync update KEY --limit {limit}`.")
        pinnace.store.locks.set_limit(name, limit)
    click.echo(f"{name}: {limit}")


@sync.command("update")
@_semaphore
@_limit
def update(name: str, limit: int) -> None:
    """Change how many may hold the semaphore KEY; who holds it already keeps it."""
    with opened() as pinnace:
        _require(name, pinnace.store.locks.limits())
        pinnace.store.locks.set_limit(name, limit)
    click.echo(f"{name}: {limit}")


@sync.command("get")
@_semaphore
def get(name: str) -> None:
    """Show how many may hold the semaphore KEY."""
    with opened() as pinnace:
        limits = pinnace.store.locks.limits()
    _require(name, limits)
    click.echo(f"{name}: {limits[name]}")


@sync.command("delete")
@_semaphore
def delete(name: str) -> None:
    """Forget how many may hold the semaphore KEY: nobody gets it any more."""
    with opened() as pinnace:
        _require(name, pinnace.store.locks.limits())
        pinnace.store.locks.set_limit(name, None)
    click.echo(f"{name} deleted")


def _name(key: str, namespace: str | None, kind: str) -> str:
    if kind.lower() != "database":
        message = f"limits of the type {kind!r} are not kept here"
        raise UsageError(message, remedy="Put the number into the ConfigMap that the semaphore names.")
    return f"{namespace_of(namespace) or 'default'}/Database/{key}"


def _require(name: str, limits: dict[str, int]) -> None:
    if name not in limits:
        message = f"{name} has no limit"
        raise NotFoundError(message, remedy="Set one with `pinnace sync create KEY --limit N`.")
