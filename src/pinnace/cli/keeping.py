"""What the commands about objects of the store share: reading files, printing, and whole commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from pinnace.base.errors import UsageError
from pinnace.cli.main import WRONG_USE, leave
from pinnace.cli.options import output_option, selector_option
from pinnace.cli.session import namespace_of, opened, workflow_defaults
from pinnace.cli.sources import read_sources

if TYPE_CHECKING:  # loaded with the store, which a call for help does not open
    from pinnace.bootstrap import Pinnace
    from pinnace.ports.objects import KeptObject, ObjectStore
    from pinnace.service.keeping import Reading

#: Writes one object for people.
Render = Callable[["KeptObject"], str]

OUTPUTS = ("name", "json", "yaml", "wide")

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True)
namespace_option = click.option(
    "-n", "--namespace", help="The namespace of what names none; by default the setting's, or default."
)
strict_option = click.option("--strict/--no-strict", default=True, help="Whether unknown fields are errors.")


def here(option: str | None) -> str:
    """Return the one namespace that a command is about."""
    return namespace_of(option) or "default"


def read_or_refuse(
    pinnace: Pinnace, files: Sequence[str], namespace: str, kinds: Collection[str], *, strict: bool = True
) -> Reading:
    """Return what the files hold; tell all problems, and end the command if one of them is an error.

    Raises:
        UsageError: the files hold nothing of these kinds.
    """
    from pinnace.cli.render.problems import problem_count, problem_line
    from pinnace.service.keeping import read

    reading = read(
        read_sources(files),
        pinnace.store.objects,
        namespace,
        kinds=kinds,
        strict=strict,
        workflow_defaults=workflow_defaults(),
    )
    for problem in reading.problems:
        click.echo(problem_line(problem, is_colour=sys.stderr.isatty()), err=True)
    if not reading.is_sound:
        click.echo(f"{problem_count(reading.problems)}; nothing was kept", err=True)
        leave(WRONG_USE)
    if not reading.manifests:
        message = f"No {' or '.join(kinds)} found in given files"
        raise UsageError(message)
    return reading


def print_kept(kept: Sequence[KeptObject], output: str | None, render: Render) -> None:
    """Print objects as ``json``, ``yaml``, ``name``, or as ``render`` writes them."""
    from pinnace.cli.printing import print_objects
    from pinnace.cli.render.text import clean
    from pinnace.service.objects import as_json

    for each in kept:
        if output in {"json", "yaml"}:
            print_objects([as_json(each)], output)
        elif output == "name":
            click.echo(clean(each.name))
        else:
            click.echo(render(each), nl=False)


def keep(
    files: Sequence[str],
    kind: str,
    given: Mapping[str, Any],
    put: Callable[[ObjectStore, Any, str], KeptObject],
    render: Render,
) -> None:
    """Have ``put`` keep each manifest of one kind in the files, in a namespace if it names none; print it."""
    namespace = here(given["namespace"])
    with opened() as pinnace:
        reading = read_or_refuse(pinnace, files, namespace, (kind,), strict=given["strict"])
        for manifest in reading.manifests:
            print_kept([put(pinnace.store.objects, manifest, namespace)], given["output"], render)


def get_command(kind: str, what: str, about: str, render: Render) -> click.Command:
    """Return the command that shows objects of one kind; ``what`` stands for their names."""

    @click.command("get", help=about)
    @click.argument("names", metavar=f"{what}...", nargs=-1, required=True)
    @namespace_option
    @output_option(*OUTPUTS)
    def get(names: Sequence[str], namespace: str | None, output: str | None) -> None:
        from pinnace.service.objects import require

        with opened() as pinnace:
            kept = [require(pinnace.store.objects, kind, here(namespace), name) for name in names]
            print_kept(kept, output, render)

    return get


def list_command(kind: str, about: str, table: Callable[[Sequence[KeptObject], bool], str]) -> click.Command:
    """Return the command that lists objects of one kind; ``table`` is told whether namespaces differ."""

    @click.command("list", help=about)
    @click.option("-A", "--all-namespaces", is_flag=True, help="List those of all namespaces.")
    @namespace_option
    @selector_option
    @output_option("name", "wide")
    def list_(*, all_namespaces: bool, namespace: str | None, selector: str, output: str | None) -> None:
        from pinnace.ports.objects import CLUSTER_KINDS
        from pinnace.service.objects import selected

        is_any = all_namespaces and kind not in CLUSTER_KINDS
        with opened() as pinnace:
            kept = selected(_of_kind(pinnace, kind, None if is_any else here(namespace)), selector)
        if output == "name":
            print_kept(kept, output, lambda _: "")
        else:
            click.echo(table(kept, is_any), nl=False)

    return list_


def delete_command(kind: str, what: str, about: str) -> click.Command:
    """Return the command that forgets objects of one kind; ``what`` stands for their names."""

    @click.command("delete", help=about)
    @click.argument("names", metavar=f"[{what}...]", nargs=-1)
    @click.option("--all", "is_all", is_flag=True, help="All of them, of the namespace if they have one.")
    @namespace_option
    def delete(names: Sequence[str], *, is_all: bool, namespace: str | None) -> None:
        from pinnace.cli.render.text import clean
        from pinnace.service.objects import require

        where = here(namespace)
        with opened() as pinnace:
            objects = pinnace.store.objects
            for name in [kept.name for kept in _of_kind(pinnace, kind, where)] if is_all else names:
                kept = require(objects, kind, where, name)
                objects.delete(kind, kept.namespace, name)
                click.echo(f"{kind} '{clean(name)}' deleted")

    return delete


def _of_kind(pinnace: Pinnace, kind: str, namespace: str | None) -> Sequence[KeptObject]:
    from pinnace.ports.objects import CLUSTER_KINDS

    return pinnace.store.objects.of_kind(kind, "" if kind in CLUSTER_KINDS else namespace)
