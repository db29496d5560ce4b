"""``pinnace schema``: the JSON schema of manifests."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON schema of manifests, for editors.

    An editor that knows it completes fields and marks wrong ones while one writes; `lint` knows more.
    """
    from pinnace.spec.schema import manifest_schema

    click.echo(json.dumps(manifest_schema(), indent=2))
