"""``pinnace graph``: what a workflow looks like before it runs, and what a run has come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from pinnace.base.errors import ManifestError, UsageError
from pinnace.cli.options import namespace_option
from pinnace.cli.session import complete_run, find_runs, namespace_of, opened, workflow_defaults
from pinnace.cli.sources import is_source, read_sources
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.workflow import Workflow

if TYPE_CHECKING:  # completing the names of runs needs no engine
    from pinnace.service.outline import Place


@click.command()
@click.argument("names", metavar="FILE|WORKFLOW...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--workflow", "chosen", metavar="NAME", multiple=True, help="Only this workflow of the files.")
@namespace_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["tree", "mermaid", "dot"]),
    default="tree",
    help="The form of the output: a tree, a Mermaid flowchart, or a graph for Graphviz.",
)
def graph(names: Sequence[str], chosen: Sequence[str], namespace: str | None, output: str) -> None:
    """Show the workflows in FILE... as they will run: what calls what, and what waits for what.

    CronWorkflows are shown too, and WorkflowTemplates with an entrypoint if there is no workflow.

    WORKFLOW... are runs; of these, the steps are shown that there are, and how they stand. @latest is the run
    that was made last.
    """
    from pinnace.cli.render.outlines import as_dot, as_mermaid, as_tree

    draw = {"tree": as_tree, "mermaid": as_mermaid, "dot": as_dot}[output]
    drawn = _written(names, chosen) if any(map(is_source, names)) else _kept(names, namespace)
    for index, (name, places) in enumerate(drawn):
        if index:
            click.echo()
        click.echo(draw(name, places))


def _kept(names: Sequence[str], namespace: str | None) -> Iterator[tuple[str, Sequence[Place]]]:
    """Yield the runs of these names, and their nodes."""
    from pinnace.service.runoutline import outline_of_run

    with opened() as pinnace:
        for found in find_runs(pinnace, names, namespace_of(namespace)):
            yield found.name, outline_of_run(pinnace.load(found.uid))


def _written(files: Sequence[str], chosen: Sequence[str]) -> Iterator[tuple[str, Sequence[Place]]]:
    """Yield the workflows in the files, and what they call."""
    from pinnace.service.outline import outline

    bundle = read_bundle(read_sources(files), strict=False, workflow_defaults=workflow_defaults())
    errors = [str(problem) for problem in bundle.problems if problem.is_error]
    if errors:
        raise ManifestError("the files cannot be read", remedy="\n  ".join(errors))
    for name, workflow in _meant(bundle, chosen):
        yield name, outline(workflow, bundle.catalogue)


def _meant(bundle: Bundle, chosen: Sequence[str]) -> list[tuple[str, Workflow]]:
    """Return what is drawn, with the names that it is known by."""
    found = [(item.metadata.name or item.metadata.generate_name, item) for item in bundle.workflows]
    found += [(item.metadata.name, item.as_workflow()) for item in bundle.cron_workflows]
    templates = [item for item in bundle.workflow_templates if item.spec.entrypoint]
    if not found or chosen:
        found += [
            (item.metadata.name, Workflow(metadata=item.metadata, spec=item.spec)) for item in templates
        ]
    known = [name for name, _ in found]
    for name in chosen:
        if name not in known:
            raise UsageError(f"the files hold no workflow {name!r}", remedy=f"They hold: {', '.join(known)}.")
    if not found:
        message = "the files hold no workflow"
        raise UsageError(message, remedy="Give a file that holds a document of kind Workflow.")
    return [(name, workflow) for name, workflow in found if not chosen or name in chosen]
