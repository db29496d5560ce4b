"""``pinnace graph``: what a workflow looks like before it runs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pinnace.base.errors import ManifestError, UsageError
from pinnace.cli.session import workflow_defaults
from pinnace.cli.sources import read_sources
from pinnace.spec.bundle import Bundle, read_bundle
from pinnace.spec.workflow import Workflow


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--workflow", "chosen", metavar="NAME", multiple=True, help="Only this workflow of the files.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["tree", "mermaid", "dot"]),
    default="tree",
    help="The form of the output: a tree, a Mermaid flowchart, or a graph for Graphviz.",
)
def graph(files: Sequence[str], chosen: Sequence[str], output: str) -> None:
    """Show the workflows in FILE... as they will run: what calls what, and what waits for what.

    CronWorkflows are shown too, and WorkflowTemplates with an entrypoint if there is no workflow.
    """
    from pinnace.cli.render.outlines import as_dot, as_mermaid, as_tree
    from pinnace.service.outline import outline

    bundle = read_bundle(read_sources(files), strict=False, workflow_defaults=workflow_defaults())
    errors = [str(problem) for problem in bundle.problems if problem.is_error]
    if errors:
        raise ManifestError("the files cannot be read", remedy="\n  ".join(errors))
    draw = {"tree": as_tree, "mermaid": as_mermaid, "dot": as_dot}[output]
    for index, (name, workflow) in enumerate(_meant(bundle, chosen)):
        if index:
            click.echo()
        click.echo(draw(name, outline(workflow, bundle.catalogue)))


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
