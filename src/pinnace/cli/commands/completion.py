"""``pinnace completion``: the script that completes commands, options and names of runs."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands in SHELL.

    In bash and zsh: source <(pinnace completion SHELL). In fish: pinnace completion fish | source
    """
    from pinnace.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:  # the choice above holds only shells that click knows
        raise AssertionError(shell)
    click.echo(kind(cli, {}, "pinnace", "_PINNACE_COMPLETE").source())
