"""``pinnace metrics``."""

from __future__ import annotations

import time

import click

from pinnace.cli.session import opened


@click.command()
def metrics() -> None:
    """Print what the metrics of all runs have come to, as Prometheus reads it.

    The realtime gauges of runs that are under way are measured now. Write it to a file of the textfile
    collector of Prometheus' node exporter to have it collected.
    """
    from pinnace.service.metrics import current, exposition

    with opened() as pinnace:
        text = exposition(current(pinnace.store, time.time()))
    click.echo(text, nl=False)
