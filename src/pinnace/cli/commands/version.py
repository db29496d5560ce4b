"""``pinnace version``."""

from __future__ import annotations

import click

from pinnace import __version__


@click.command()
@click.option("--short", is_flag=True, help="Print only the number.")
def version(*, short: bool) -> None:
    """Print the version."""
    click.echo(__version__ if short else f"pinnace {__version__}")
