"""A workflow again, as a new run. Source: Argo workflow/util FormulateResubmitWorkflow."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pinnace.base.errors import RefusedError
from pinnace.base.ids import NodeNumber
from pinnace.engine.naming import node_id
from pinnace.engine.node import Node, NodeType, Phase, Reused
from pinnace.engine.run import Run
from pinnace.language.tags import literal
from pinnace.service import labels
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.parameters import Parameter
from pinnace.spec.workflow import ObjectMeta, Workflow

_NOT_CARRIED = frozenset({labels.COMPLETED, labels.PHASE, labels.ARCHIVING, labels.WORLD})


def resubmitted(run: Run, *, parameters: Sequence[str] = (), priority: int | None = None) -> Workflow:
    """Return the workflow of ``run`` under a generated name, with other ``parameters`` (NAME=VALUE).

    It is as it was written: what it refers to is merged in again. Labels, annotations and owners are carried
    over, with a label that names the run it came from.

    Raises:
        UsageError: a parameter is not NAME=VALUE, or given twice.
    """
    own = run.workflow.metadata
    carried = {key: value for key, value in run.info.labels.items() if key not in _NOT_CARRIED}
    metadata = ObjectMeta(
        generate_name=own.generate_name or f"{run.info.name}-",
        namespace=run.info.namespace,
        labels=carried | {labels.RESUBMITTED_FROM: run.info.name},
        annotations=run.info.annotations,
        owner_references=own.owner_references,
    )
    written = run.written or run.workflow
    arguments = replace(written.spec.arguments, parameters=_parameters(run, written))
    deadline = written.spec.active_deadline_seconds
    spec = replace(written.spec, shutdown="", active_deadline_seconds=deadline or None, arguments=arguments)
    changed = replace(written, metadata=metadata, spec=spec, status=None)
    return apply_overrides(changed, Overrides(parameters=tuple(parameters), priority=priority))


def _parameters(run: Run, written: Workflow) -> tuple[Parameter, ...]:
    """Return the arguments that are written, and what a retry changed of those of a WorkflowTemplate."""
    values, own = run.info.parameters, written.spec.arguments.parameters
    names = {each.name for each in own}
    others = [each for each in run.workflow.spec.arguments.parameters if each.name not in names]
    changed = [new for each in others if (new := _as_given(each, values)) != each]
    return (*(_as_given(each, values) for each in own), *changed)


def _as_given(parameter: Parameter, values: dict[str, str]) -> Parameter:
    """Return the parameter with the value that the run had, which a retry may have changed."""
    if parameter.value is None or parameter.name not in values or "{{" in parameter.value:
        return parameter
    return replace(parameter, value=literal(values[parameter.name]))


def reused(run: Run) -> dict[str, Reused]:
    """Return what a memoized resubmission of ``run`` need not do: its pods that did not fail.

    Each is named by what its node's name adds to the run's. Of attempts the last one counts, as the new run's
    first. Exit handlers and daemons are none of it.

    Raises:
        RefusedError: the run did not fail.
    """
    if run.state.phase not in {"Failed", "Error"}:
        message = "workflow must be Failed/Error to resubmit in memoized mode"
        raise RefusedError(message, remedy=f"Leave --memoized away: `pinnace resubmit {run.info.name}`.")
    names: dict[NodeNumber, str] = {}
    found = {}
    for number in sorted(run.nodes):
        node = run.nodes[number]
        name = _name_anew(run, node, names)
        if name is None or name.startswith(".onExit"):
            continue
        names[number] = name
        is_over = node.phase.is_fulfilled and not node.phase.is_bad
        if node.type is NodeType.POD and is_over and not node.pod_ip:
            found[name] = Reused(node_id(run.info.name, node.name), node.outputs)
        elif node.type is NodeType.SKIPPED and name in run.reused and node.phase is Phase.SKIPPED:
            found[name] = run.reused[name]
    return found


def _name_anew(run: Run, node: Node, names: dict[NodeNumber, str]) -> str | None:
    """Return what a new run adds to its name for the node; None for what it has not."""
    above, parent = run.info.name, ""
    if node.parent >= 0:
        if node.parent not in names:
            return None
        above, parent = run.nodes[node.parent].name, names[node.parent]
    if node.is_attempt:
        return f"{parent}(0)" if run.index.children[node.parent][-1] == node.number else None
    return parent + node.name.removeprefix(above) if node.name.startswith(above) else None
