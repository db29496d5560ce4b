"""A workflow again, as a new run. Source: Argo workflow/util FormulateResubmitWorkflow."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pinnace.engine.run import Run
from pinnace.language.tags import literal
from pinnace.service import labels
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.parameters import Parameter
from pinnace.spec.workflow import ObjectMeta, Workflow

_NOT_CARRIED = frozenset({labels.COMPLETED, labels.PHASE, labels.ARCHIVING, labels.WORLD})


def resubmitted(run: Run, *, parameters: Sequence[str] = (), priority: int | None = None) -> Workflow:
    """Return the workflow of ``run`` under a generated name, with other ``parameters`` (NAME=VALUE).

    Labels and annotations are carried over, with one that names the run it came from.

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
    )
    spec = run.workflow.spec
    deadline = spec.active_deadline_seconds
    arguments = replace(
        spec.arguments,
        parameters=tuple(_as_given(each, run.info.parameters) for each in spec.arguments.parameters),
    )
    spec = replace(spec, shutdown="", active_deadline_seconds=deadline or None, arguments=arguments)
    changed = replace(run.workflow, metadata=metadata, spec=spec, status=None)
    return apply_overrides(changed, Overrides(parameters=tuple(parameters), priority=priority))


def _as_given(parameter: Parameter, values: dict[str, str]) -> Parameter:
    """Return the parameter with the value that the run had, which a retry may have changed."""
    if parameter.value is None or parameter.name not in values or "{{" in parameter.value:
        return parameter
    return replace(parameter, value=literal(values[parameter.name]))
