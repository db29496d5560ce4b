"""``pinnace cache``: what memoized templates keep."""

from __future__ import annotations

import click

from pinnace.cli.options import namespace_option
from pinnace.cli.session import namespace_of, opened


@click.group()
def cache() -> None:
    """Show what memoized templates keep; have it forgotten."""


@cache.command("list")
@namespace_option
def list_(namespace: str | None) -> None:
    """Show each entry: namespace, cache, key, and when it was made."""
    from pinnace.cli.render.text import clean
    from pinnace.service.caches import cache_rows

    with opened() as pinnace:
        rows = cache_rows(pinnace.store.caches, namespace_of(namespace))
    for row in rows:
        click.echo(clean("  ".join(row)))
    if not rows:
        click.echo("No entries found")


@cache.command("delete")
@click.argument("name", metavar="CACHE")
@click.argument("key", required=False)
@namespace_option
def delete(name: str, key: str | None, namespace: str | None) -> None:
    """Forget all of CACHE, a memoize.cache.configMap.name, or its entry KEY alone."""
    from pinnace.cli.render.text import clean
    from pinnace.service.caches import forget

    with opened() as pinnace:
        gone = forget(pinnace.store.caches, namespace_of(namespace) or "default", name, key)
    for at in gone:
        click.echo(clean(f"{at.namespace}/{at.cache}/{at.key} deleted"))
