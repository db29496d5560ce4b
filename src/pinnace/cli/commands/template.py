"""``pinnace template`` and ``pinnace cluster-template``: what workflows of a store refer to.

Source of the forms: Argo cmd/argo/commands/template, clustertemplate.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.commands.lint import lint_of
from pinnace.cli.keeping import (
    OUTPUTS,
    delete_command,
    files_argument,
    get_command,
    keep,
    list_command,
    namespace_option,
    strict_option,
)
from pinnace.cli.options import output_option

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.ports.objects import KeptObject


def _group(kind: str, about: str) -> click.Group:
    """Return the group of commands about one kind of template."""

    @click.group(help=about)
    def group() -> None:
        pass

    @group.command(help=f"Keep the {kind}s in FILE...")
    @files_argument
    @namespace_option
    @strict_option
    @output_option(*OUTPUTS)
    def create(files: Sequence[str], **given: Any) -> None:
        from pinnace.service.keeping import create as put

        keep(files, kind, given, partial(put, now=time.time()), _rendered)

    @group.command(help=f"Put the {kind}s in FILE... in the place of those of their names.")
    @files_argument
    @namespace_option
    @strict_option
    @output_option(*OUTPUTS)
    def update(files: Sequence[str], **given: Any) -> None:
        from pinnace.service.keeping import update as put

        keep(files, kind, given, put, _rendered)

    group.add_command(get_command(kind, "TEMPLATE", f"Show {kind}s.", _rendered))
    group.add_command(list_command(kind, f"List {kind}s.", _table))
    group.add_command(delete_command(kind, "TEMPLATE", f"Forget {kind}s. Runs keep what they began with."))
    group.add_command(lint_of(kind))
    return group


def _table(kept: Sequence[KeptObject], has_namespace: bool) -> str:
    from pinnace.cli.render.table import Cell, columns
    from pinnace.cli.render.text import clean

    rows = [["NAMESPACE", "NAME"], *([each.namespace, each.name] for each in kept)]
    shown = [row if has_namespace else row[1:] for row in rows]
    return columns([[Cell(clean(text)) for text in row] for row in shown], gap=3, is_colour=False)


def _rendered(kept: KeptObject) -> str:
    from pinnace.cli.render.text import clean
    from pinnace.cli.render.times import timestamp

    rows = [("Name:", kept.name)]
    rows += [("Namespace:", kept.namespace)] if kept.namespace else []
    rows.append(("Created:", timestamp(kept.created_at, time.time())))
    return "".join(f"{name:<20} {clean(value)}\n" for name, value in rows)


template = _group(
    "WorkflowTemplate", "Keep WorkflowTemplates in the store, where every run of their namespace sees them."
)
cluster_template = _group(
    "ClusterWorkflowTemplate", "Keep ClusterWorkflowTemplates in the store, where every run sees them."
)
