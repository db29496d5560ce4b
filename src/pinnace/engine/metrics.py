"""Custom metrics: what templates and workflows emit when a node or the run ends, as values.

Computed from the nodes that a turn ends, so that each end is measured once; saved together with them. What is
wrong with a metric is a condition of the workflow and fails nothing.
Source: Argo operator.go computeMetrics, steps.go prepareMetricScope, workflow/metrics/metrics_custom.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.calling import body_scope, template_of
from pinnace.engine.emissions import Definition, Emission
from pinnace.engine.globals import GlobalsLayer
from pinnace.engine.metricscope import node_variables
from pinnace.engine.node import NOBODY, Node, NodeType
from pinnace.engine.run import Run
from pinnace.engine.scope import Chain, Values
from pinnace.engine.turn import Turn
from pinnace.language.conditions import evaluate_when, substitute_when
from pinnace.language.tags import STRICT, substitute
from pinnace.spec.policies import Prometheus

#: The names that a time series may have. Source: Argo workflow/metrics/util.go IsValidMetricName.
_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
#: A number as Go reads it.
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?inf(inity)?|nan", re.IGNORECASE)
#: So many complaints are kept of a run; a loop of a hundred thousand would make as many.
_MOST_ERRORS = 20
_NOT_MEASURED = frozenset({NodeType.STEP_GROUP, NodeType.TASK_GROUP, NodeType.SKIPPED, NodeType.CONTAINER})


def measure(turn: Turn) -> list[Emission]:
    """Return what the ends of this turn emit, and put what is wrong with it into the run's state."""
    if not _is_measured(turn.run):
        return []
    emitter = _Emitter(turn)
    for number in sorted(turn.nodes):
        node = turn.nodes[number]
        old = turn.run.nodes.get(number)
        if node.phase.is_fulfilled and (old is None or not old.phase.is_fulfilled):
            emitter.of_node(node)
    if turn.state.is_finished and not turn.run.state.is_finished:
        emitter.of_workflow()
    if emitter.errors:
        known = dict.fromkeys((*turn.state.metric_errors, *emitter.errors))
        turn.state = replace(turn.state, metric_errors=tuple(known)[:_MOST_ERRORS])
    return emitter.emissions


def realtime(run: Run, now: float) -> list[Emission]:
    """Return what the realtime gauges of what is still at work show at ``now`` (Unix seconds)."""
    if not _is_measured(run) or run.state.is_finished or not run.state.phase:
        return []
    emitter = _Emitter(Turn(run, now), is_realtime=True)
    for node in run.nodes.values():
        if node.phase.is_active:
            emitter.of_node(node)
    emitter.of_workflow()
    return emitter.emissions


def _is_measured(run: Run) -> bool:
    """Return whether anything of the run may emit metrics."""
    if "measured" not in run.memo:
        catalogue = run.lookup.catalogue
        others = (*catalogue.namespaced.values(), *catalogue.cluster.values())
        specs = (run.workflow.spec, *(each.spec for each in others))
        run.memo["measured"] = any(b'"prometheus"' in msgspec.json.encode(spec) for spec in specs)
    found: bool = run.memo["measured"]
    return found


class _Emitter:
    """Gathers what is emitted, and what is wrong with it."""

    def __init__(self, turn: Turn, *, is_realtime: bool = False) -> None:
        self.turn = turn
        self.is_realtime = is_realtime
        self.emissions: list[Emission] = []
        self.errors: list[str] = []
        self._known: dict[str, Definition] = {}

    def of_node(self, node: Node) -> None:
        """Emit what a node's template asks for.

        Of the attempts of a Retry node the last is measured as that node. What did nothing is not measured:
        a node whose call went wrong, or whose outputs a cache had.
        """
        if node.type in _NOT_MEASURED or node.is_cached:
            return
        if node.is_attempt:
            if self.turn.node(node.parent).phase.is_fulfilled:
                return
        elif node.is_call_error:
            return
        try:
            template = template_of(self.turn, node).template
        except PinnaceError:
            return  # the node says itself that it has no template
        if template.metrics is not None:
            names = body_scope(self.turn, node, template, node_variables(self.turn, node))
            self._emit_all(template.metrics.prometheus, names, node)

    def of_workflow(self) -> None:
        """Emit what the workflow asks for; its entry node is what it measures.

        Nothing but its clocks when its entry or its exit handler could not be called.
        """
        metrics = self.turn.run.workflow.spec.metrics
        entry, handler = self.turn.find(NOBODY, ""), self.turn.find(NOBODY, "onExit")
        if metrics is None or entry is None:
            return
        is_cut_short = any(node is not None and node.is_call_error for node in (entry, handler))
        wanted = filter(_is_realtime, metrics.prometheus) if is_cut_short else metrics.prometheus
        names = Chain(Values(node_variables(self.turn, entry)), GlobalsLayer(self.turn))
        self._emit_all(wanted, names, entry)

    def _emit_all(self, metrics: Iterable[Prometheus], scope: Chain, node: Node) -> None:
        clocks: dict[str, Callable[[], float]] = {
            "workflow.duration": lambda: float(str(scope.get("workflow.duration"))),
            "duration": lambda: elapsed(node, self.turn.now),
        }
        for metric in metrics:
            if self.is_realtime and not _is_realtime(metric):
                continue
            try:
                emission = _emission(metric, scope, clocks)
            except PinnaceError as error:
                self.errors.append(error.message)
            else:
                if emission is not None:
                    self._add(emission)

    def _add(self, emission: Emission) -> None:
        name, wanted = emission.name, emission.definition
        known = self._known.get(name) or self.turn.run.metrics.get(name) or wanted
        if known.help != wanted.help:
            problem = f"help for metric {name} is already set to {known.help}, it cannot be changed"
        elif known.kind != wanted.kind:
            problem = f"found existing {known.kind} for custom metric {name} of type {wanted.kind}"
        else:
            self._known[name] = wanted
            self.emissions.append(emission)
            return
        self.errors.append(_not_made(name, problem))


def elapsed(node: Node, now: float) -> float:
    """Return the seconds that a node took, or has taken by ``now``."""
    if node.started_at is None:
        return 0.0
    return (now if node.finished_at is None else node.finished_at) - node.started_at


def _is_realtime(metric: Prometheus) -> bool:
    return metric.gauge is not None and bool(metric.gauge.realtime)


def _emission(metric: Prometheus, scope: Chain, clocks: Mapping[str, Callable[[], float]]) -> Emission | None:
    """Return what ``metric`` emits, None when its condition is not met.

    Raises:
        PinnaceError: it cannot be emitted; the message says which metric.
    """
    if not metric.help:
        message = f"metric '{metric.name}' must contain a help string under 'help: ' field"
        raise ManifestError(message)
    try:
        name, help_ = (substitute(text, scope, strict=STRICT) for text in (metric.name, metric.help))
        labels = tuple(
            (substitute(each.key, scope, strict=STRICT), substitute(each.value, scope, strict=STRICT))
            for each in metric.labels
        )
        when = substitute_when(metric.when, scope, strict=STRICT)
    except PinnaceError as error:
        message = f"unable to substitute parameters for metric '{metric.name}': {error.message}"
        raise ManifestError(message) from None
    try:
        if not evaluate_when(when):
            return None
    except PinnaceError as error:
        message = f"unable to compute 'when' clause for metric '{metric.name}': {error.message}"
        raise ManifestError(message) from None
    if not _NAME.fullmatch(name):
        problem = "metric name is invalid: names may only contain alphanumeric characters or '_'"
        raise ManifestError(_not_made(name, problem))
    value = _clock_value(metric, clocks) if _is_realtime(metric) else _value(metric, scope)
    return _emitted(metric, Emission(name=name, definition=Definition("", help_), labels=labels, value=value))


def _emitted(metric: Prometheus, emission: Emission) -> Emission:
    """Return ``emission`` as one of its kind."""
    help_ = emission.definition.help
    if metric.gauge is not None:
        operation = "Set" if _is_realtime(metric) else metric.gauge.operation or "Set"
        return replace(emission, definition=Definition("gauge", help_), operation=operation)
    if metric.histogram is not None:
        buckets = tuple(sorted(_number(emission.name, str(bound)) for bound in metric.histogram.buckets))
        return replace(emission, definition=Definition("histogram", help_), buckets=buckets)
    if metric.counter is not None:
        return replace(emission, definition=Definition("counter", help_))
    raise ManifestError(_not_made(emission.name, "invalid metric spec"))


def _clock_value(metric: Prometheus, clocks: Mapping[str, Callable[[], float]]) -> float:
    written = metric.gauge.value if metric.gauge is not None else ""
    if not (written.startswith("{{") and written.endswith("}}")):
        message = "real time metrics can only be used with metric variables"
        raise ManifestError(message)
    key = written[2:-2].strip()
    if key not in clocks:
        message = f"'{key}' is not available as a real time metric"
        raise ManifestError(message)
    return clocks[key]()


def _value(metric: Prometheus, scope: Chain) -> float:
    body = metric.gauge or metric.histogram or metric.counter
    written = body.value if body is not None else ""
    try:
        text = substitute(written, scope, strict=STRICT)
    except PinnaceError as error:
        message = f"unable to substitute parameters for metric '{metric.name}': {error.message}"
        raise ManifestError(message) from None
    return _number(metric.name, text)


def _number(name: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ManifestError(_not_made(name, f'strconv.ParseFloat: parsing "{text}": invalid syntax'))
    return float(text)


def _not_made(name: str, problem: str) -> str:
    return f"could not construct metric '{name}': {problem}"
