"""``pinnace template`` and ``pinnace cluster-template``: what workflows of a store refer to.

Source of the forms: Argo cmd/argo/commands/template, clustertemplate.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.cli.keeping import (
    files_argument,
    here,
    names_argument,
    namespace_option,
    print_kept,
    read_or_refuse,
    strict_option,
)
from pinnace.cli.options import output_option, selector_option
from pinnace.cli.session import opened

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.ports.objects import KeptObject

_OUTPUTS = ("name", "json", "yaml", "wide")


def _group(kind: str, about: str) -> click.Group:
    """Return the group of commands about one kind of template."""

    @click.group(help=about)
    def group() -> None:
        pass

    @group.command(help=f"Keep the {kind}s in FILE...")
    @files_argument
    @namespace_option
    @strict_option
    @output_option(*_OUTPUTS)
    def create(files: Sequence[str], **given: Any) -> None:
        from pinnace.service.keeping import create as keep

        namespace = here(given["namespace"])
        with opened() as pinnace:
            reading = read_or_refuse(pinnace, files, namespace, (kind,), strict=given["strict"])
            for manifest in reading.manifests:
                kept = keep(pinnace.store.objects, manifest, namespace, time.time())
                print_kept([kept], given["output"], _rendered)

    @group.command(help=f"Put the {kind}s in FILE... in the place of those of their names.")
    @files_argument
    @namespace_option
    @strict_option
    @output_option(*_OUTPUTS)
    def update(files: Sequence[str], **given: Any) -> None:
        from pinnace.service.keeping import update as put

        namespace = here(given["namespace"])
        with opened() as pinnace:
            reading = read_or_refuse(pinnace, files, namespace, (kind,), strict=given["strict"])
            for manifest in reading.manifests:
                kept = put(pinnace.store.objects, manifest, namespace)
                print_kept([kept], given["output"], _rendered)

    @group.command(help=f"Show {kind}s.")
    @names_argument("TEMPLATE...")
    @namespace_option
    @output_option(*_OUTPUTS)
    def get(names: Sequence[str], namespace: str | None, output: str | None) -> None:
        from pinnace.service.objects import require

        with opened() as pinnace:
            kept = [require(pinnace.store.objects, kind, here(namespace), name) for name in names]
            print_kept(kept, output, _rendered)

    @group.command("list", help=f"List {kind}s.")
    @click.option("-A", "--all-namespaces", is_flag=True, help="List those of all namespaces.")
    @namespace_option
    @selector_option
    @output_option("name", "wide")
    def list_(*, all_namespaces: bool, namespace: str | None, selector: str, output: str | None) -> None:
        _list(kind, None if all_namespaces else here(namespace), selector, output)

    @group.command(help=f"Forget {kind}s. Runs keep what they began with.")
    @names_argument("[TEMPLATE...]", required=False)
    @click.option("--all", "is_all", is_flag=True, help="All of them, of the namespace if they have one.")
    @namespace_option
    def delete(names: Sequence[str], *, is_all: bool, namespace: str | None) -> None:
        _delete(kind, here(namespace), names, is_all=is_all)

    @group.command(help=f"Say what is wrong in the {kind}s in FILE...")
    @files_argument
    @click.option(
        "-o",
        "--output",
        type=click.Choice(["pretty", "simple"]),
        default="pretty",
        help="The form of the output.",
    )
    @strict_option
    @click.pass_context
    def lint(ctx: click.Context, files: Sequence[str], output: str, *, strict: bool) -> None:
        from pinnace.cli.commands.lint import lint as lint_all

        ctx.invoke(lint_all, files=files, output=output, strict=strict, kinds=f"{kind.lower()}s")

    return group


template = _group(
    "WorkflowTemplate", "Keep WorkflowTemplates in the store, where every run of their namespace sees them."
)
cluster_template = _group(
    "ClusterWorkflowTemplate", "Keep ClusterWorkflowTemplates in the store, where every run sees them."
)


def _where(kind: str, namespace: str | None) -> str | None:
    """Return the namespace in which the store has objects of this kind."""
    from pinnace.ports.objects import CLUSTER_KINDS

    return "" if kind in CLUSTER_KINDS else namespace


def _list(kind: str, namespace: str | None, selector: str, output: str | None) -> None:
    from pinnace.cli.render.table import Cell, columns
    from pinnace.cli.render.text import clean
    from pinnace.service.objects import selected

    with opened() as pinnace:
        where = _where(kind, namespace)
        kept = selected(pinnace.store.objects.of_kind(kind, where), selector)
        if output == "name":
            print_kept(kept, output, _rendered)
            return
        rows = [["NAME"] if where is not None else ["NAMESPACE", "NAME"]]
        rows += [[each.name] if where is not None else [each.namespace, each.name] for each in kept]
        cells = [[Cell(clean(text)) for text in row] for row in rows]
        click.echo(columns(cells, gap=3, is_colour=False), nl=False)


def _delete(kind: str, namespace: str, names: Sequence[str], *, is_all: bool) -> None:
    from pinnace.cli.render.text import clean
    from pinnace.service.objects import require

    with opened() as pinnace:
        objects, where = pinnace.store.objects, _where(kind, namespace)
        for name in [kept.name for kept in objects.of_kind(kind, where)] if is_all else names:
            kept = require(objects, kind, namespace, name)
            objects.delete(kind, kept.namespace, name)
            click.echo(f"{kind} '{clean(name)}' deleted")


def _rendered(kept: KeptObject) -> str:
    from pinnace.cli.render.text import clean
    from pinnace.cli.render.times import timestamp

    rows = [("Name:", kept.name)]
    rows += [("Namespace:", kept.namespace)] if kept.namespace else []
    rows.append(("Created:", timestamp(kept.created_at, time.time())))
    return "".join(f"{name:<20} {clean(value)}\n" for name, value in rows)
