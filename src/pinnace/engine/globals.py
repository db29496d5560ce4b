"""``workflow.*``: the variables that every template sees. Source: Argo operator.go setGlobalParameters."""

from __future__ import annotations

from collections.abc import Iterable

from pinnace.engine.aggregate import parameters_as_json
from pinnace.engine.naming import display_name, pod_name
from pinnace.engine.node import NOBODY, Node
from pinnace.engine.times import creation_variables, rfc3339
from pinnace.engine.turn import Turn
from pinnace.language.gojson import encode_json
from pinnace.language.tags import MISSING

_SCHEDULED = "workflows.argoproj.io/scheduled-time"
#: Asked of the run's state each time; everything else of ``workflow.*`` is fixed when a run is made.
_COMPUTED = frozenset({"workflow.status", "workflow.failures", "workflow.duration"})


class GlobalsLayer:
    """``workflow.*`` as it stands in one turn."""

    __slots__ = ("turn",)

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def get(self, key: str, /) -> object:
        """Return a variable of the workflow."""
        if not key.startswith("workflow."):
            return MISSING
        if key in _COMPUTED:
            return self._computed(key)
        if key.startswith("workflow.outputs."):
            return self._outputs().get(key, MISSING)
        return self._fixed().get(key, MISSING)

    def items(self, roots: frozenset[str], /) -> Iterable[tuple[str, object]]:
        """Return all of them when ``workflow`` is asked for."""
        if "workflow" not in roots and "$env" not in roots:
            return
        yield from self._fixed().items()
        yield from self._outputs().items()
        for key in _COMPUTED:
            value = self._computed(key)
            if value is not MISSING:
                yield key, value

    def _fixed(self) -> dict[str, object]:
        memo = self.turn.run.memo
        if "globals" not in memo:
            memo["globals"] = fixed_globals(self.turn)
        found: dict[str, object] = memo["globals"]
        return found

    def _outputs(self) -> dict[str, object]:
        outputs = self.turn.state.outputs
        found: dict[str, object] = {
            f"workflow.outputs.parameters.{name}": value for name, value in outputs.parameters.items()
        }
        for artifact in outputs.artifacts:
            found[f"workflow.outputs.artifacts.{artifact.name}"] = artifact
        return found

    def _computed(self, key: str) -> object:
        if key == "workflow.duration":
            started = self.turn.state.started_at
            return f"{max(0.0, self.turn.now - (started if started is not None else self.turn.now)):.6f}"
        if key == "workflow.status":
            entry = self.turn.find(NOBODY, "")
            return _WORKFLOW_STATUS.get(entry.phase.value, "Running") if entry is not None else MISSING
        return failures(self.turn)


#: What the entry node's phase makes of the workflow's. Source: Argo operator.go operate.
_WORKFLOW_STATUS = {
    "": "Running",
    "Pending": "Pending",
    "Running": "Running",
    "Succeeded": "Succeeded",
    "Skipped": "Succeeded",
    "Omitted": "Succeeded",
    "Failed": "Failed",
    "Error": "Error",
}


def workflow_status(node: Node) -> str:
    """Return the workflow phase that the entry node's phase means."""
    return _WORKFLOW_STATUS[node.phase.value]


def failures(turn: Turn) -> str:
    """Return ``workflow.failures``: a JSON list of failed nodes, quoted once more as Argo does."""
    numbers = sorted({*turn.run.nodes, *turn.nodes})
    failed = [node for number in numbers if (node := turn.node(number)).phase.is_bad]
    if not failed:
        return '"null"'
    run_name = turn.run.info.name
    rows = [
        {
            "displayName": display_name(node, _boundary_name(turn, node)),
            "message": node.message,
            "templateName": node.template or (node.template_ref.template if node.template_ref else ""),
            "phase": node.phase.value,
            "podName": pod_name(run_name, node.name, node.template),
            "finishedAt": rfc3339(node.finished_at) if node.finished_at is not None else None,
        }
        for node in failed
    ]
    objects = (
        ",".join(f'"{key}":{encode_json(value)}' for key, value in row.items()) for row in rows
    )  # the fields in the order of Argo's struct
    return encode_json("[" + ",".join(f"{{{fields}}}" for fields in objects) + "]", html=False)


def _boundary_name(turn: Turn, node: Node) -> str:
    return turn.node(node.boundary).name if node.boundary >= 0 else ""


def fixed_globals(turn: Turn) -> dict[str, object]:
    """Return the variables that do not change while the run lives."""
    info, spec = turn.run.info, turn.run.workflow.spec
    parameters = parameters_as_json(spec.arguments.parameters, info.parameters)
    found: dict[str, object] = {
        "workflow.name": info.name,
        "workflow.namespace": info.namespace,
        "workflow.mainEntrypoint": spec.entrypoint,
        "workflow.serviceAccountName": spec.service_account_name,
        "workflow.uid": info.uid,
        "workflow.parameters": parameters,
        "workflow.parameters.json": parameters,
        "workflow.labels": encode_json(info.labels),
        "workflow.labels.json": encode_json(info.labels),
        "workflow.annotations": encode_json(info.annotations),
        "workflow.annotations.json": encode_json(info.annotations),
    }
    if spec.priority is not None:
        found["workflow.priority"] = str(spec.priority)
    if _SCHEDULED in info.annotations:
        found["workflow.scheduledTime"] = info.annotations[_SCHEDULED]
    found |= {f"workflow.parameters.{name}": value for name, value in info.parameters.items()}
    found |= {f"workflow.labels.{name}": value for name, value in info.labels.items()}
    found |= {f"workflow.annotations.{name}": value for name, value in info.annotations.items()}
    return found | creation_variables(info.created_at)
