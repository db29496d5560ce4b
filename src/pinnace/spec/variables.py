"""Every variable that a manifest may mention: its name, where it exists, what it means.

Used by the checks, to say where a misplaced variable would exist, and by the generated reference.
Source: Argo util/variables/keys and docs/variables.md.
"""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

#: The first segments of the variables that lint insists on; a tag of another root stays in the text.
#: Source: Argo common.go, GlobalVarValidWorkflowVariablePrefix.
CHECKED_PREFIXES = ("item.", "steps.", "inputs.", "outputs.", "pod.", "workflow.", "tasks.")


class Variable(msgspec.Struct, frozen=True, dict=True):
    """One variable; ``<name>`` in its key stands for one name."""

    key: str
    where: str
    """Where it exists, as the end of the sentence "it exists …"."""
    meaning: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern that its concrete keys match."""
        parts = re.split(r"<[^>]+>", self.key)
        return re.compile("[^{}]+?".join(re.escape(part) for part in parts))


_EVERYWHERE = "everywhere"
_EXIT = "in exit handlers"
_TEMPLATE = "inside the template that declares it"
_POD = "inside container and script templates"
_RETRY = "inside a template with a retryStrategy"
_LOOP = "in a step or task with withItems, withParam or withSequence"
_METRICS = "in the metrics of a template"
_HTTP = "in the successCondition of an http template"
_CRON = "in the when and the stopStrategy of a CronWorkflow"

_GLOBAL = (
    Variable("workflow.name", _EVERYWHERE, "the workflow's name"),
    Variable("workflow.namespace", _EVERYWHERE, "the workflow's namespace"),
    Variable("workflow.uid", _EVERYWHERE, "the workflow's unique id"),
    Variable("workflow.mainEntrypoint", _EVERYWHERE, "spec.entrypoint"),
    Variable("workflow.serviceAccountName", _EVERYWHERE, "spec.serviceAccountName"),
    Variable("workflow.parameters.<name>", _EVERYWHERE, "the value of one of spec.arguments.parameters"),
    Variable("workflow.parameters", _EVERYWHERE, "all parameters as a JSON list; in expressions use .json"),
    Variable("workflow.parameters.json", _EVERYWHERE, "all parameters as a JSON list"),
    Variable("workflow.annotations.<name>", _EVERYWHERE, "one annotation"),
    Variable("workflow.annotations", _EVERYWHERE, "all annotations as a JSON object (deprecated)"),
    Variable("workflow.annotations.json", _EVERYWHERE, "all annotations as a JSON object"),
    Variable("workflow.labels.<name>", _EVERYWHERE, "one label"),
    Variable("workflow.labels", _EVERYWHERE, "all labels as a JSON object (deprecated)"),
    Variable("workflow.labels.json", _EVERYWHERE, "all labels as a JSON object"),
    Variable("workflow.creationTimestamp", _EVERYWHERE, "when the workflow was created, as RFC 3339"),
    Variable("workflow.creationTimestamp.<format>", _EVERYWHERE, "the same by one strftime letter"),
    Variable("workflow.creationTimestamp.s", _EVERYWHERE, "the same in seconds since 1970"),
    Variable("workflow.creationTimestamp.RFC3339", _EVERYWHERE, "the same as RFC 3339"),
    Variable("workflow.priority", "where spec.priority is set", "the workflow's priority"),
    Variable("workflow.duration", _EVERYWHERE, "seconds since the start; final in exit handlers"),
    Variable("workflow.scheduledTime", "in runs of a CronWorkflow", "the time it was scheduled for"),
    Variable("workflow.status", _EXIT, "the workflow's phase; elsewhere it still changes"),
    Variable("workflow.failures", _EXIT, "the failed nodes as JSON inside a quoted text"),
    Variable(
        "workflow.outputs.parameters.<name>", "once its producer ended", "an output with that globalName"
    ),
    Variable(
        "workflow.outputs.artifacts.<name>", "once its producer ended", "an output with that globalName"
    ),
)

_LOCAL = (
    Variable("inputs.parameters.<name>", _TEMPLATE, "the value of an input parameter"),
    Variable("inputs.parameters", _TEMPLATE, "all input parameters as a JSON list"),
    Variable("inputs.artifacts.<name>", _TEMPLATE, "an input artifact, to pass on"),
    Variable("inputs.artifacts.<name>.path", _POD, "where the input artifact is"),
    Variable("outputs.artifacts.<name>.path", _POD, "where the output artifact is expected"),
    Variable("outputs.parameters.<name>.path", _POD, "where the output parameter is expected"),
    Variable("pod.name", _POD, "the name of the pod"),
    Variable("node.name", "inside every template", "the full name of the node"),
    Variable("steps.name", "inside a template called by a step", "the name of that step"),
    Variable("tasks.name", "inside a template called by a DAG task", "the name of that task"),
    Variable("retries", _RETRY, "the number of the attempt, from 0"),
    Variable("lastRetry.exitCode", _RETRY, "the exit code of the attempt before"),
    Variable("lastRetry.status", _RETRY, "the phase of the attempt before"),
    Variable("lastRetry.duration", _RETRY, "the seconds that the attempt before took"),
    Variable("lastRetry.message", _RETRY, "the message of the attempt before"),
    Variable("item", _LOOP, "the item; maps and lists as JSON"),
    Variable("item.<key>", _LOOP, "one value of an item that is a map"),
    Variable("status", _METRICS, "the node's phase"),
    Variable("duration", _METRICS, "the node's duration in seconds"),
    Variable("exitCode", _METRICS, "the node's exit code"),
    Variable("resourcesDuration.<resource>", _METRICS, "the node's use of a resource in seconds"),
    Variable("outputs.result", _METRICS, "the node's result"),
    Variable("outputs.parameters.<name>", _METRICS, "the node's output parameter"),
    Variable("request.method", _HTTP, "the request's method"),
    Variable("request.url", _HTTP, "the request's URL"),
    Variable("request.body", _HTTP, "the request's body"),
    Variable("request.headers", _HTTP, "the request's headers, a list of values each"),
    Variable("response.statusCode", _HTTP, "the response's status, a number"),
    Variable("response.body", _HTTP, "the response's body as text"),
    Variable("response.headers", _HTTP, "the response's headers, a list of values each"),
    Variable("cronworkflow.name", _CRON, "the CronWorkflow's name"),
    Variable("cronworkflow.namespace", _CRON, "the CronWorkflow's namespace"),
    Variable("cronworkflow.labels.<name>", _CRON, "one label"),
    Variable("cronworkflow.labels.json", _CRON, "all labels as JSON"),
    Variable("cronworkflow.annotations.<name>", _CRON, "one annotation"),
    Variable("cronworkflow.annotations.json", _CRON, "all annotations as JSON"),
    Variable("cronworkflow.lastScheduledTime", _CRON, "the time of the last run, or nil"),
    Variable("cronworkflow.failed", _CRON, "how many runs failed"),
    Variable("cronworkflow.succeeded", _CRON, "how many runs succeeded"),
)


def _of_nodes(root: str, where: str) -> tuple[Variable, ...]:
    """Return the variables of ended siblings: ``steps.<name>.…`` or ``tasks.<name>.…``."""
    facts = {
        "id": "the node's id",
        "ip": "the address of a daemon",
        "status": "the node's phase",
        "exitCode": "the exit code",
        "startedAt": "when it started",
        "finishedAt": "when it ended",
        "hostNodeName": "the machine it ran on",
        "outputs.result": "what it printed, or the result it gave; of a loop, a JSON list",
        "outputs.parameters": "of a loop, the outputs of each item as a JSON list",
        "outputs.parameters.<parameter>": "an output parameter; of a loop, a JSON list",
        "outputs.artifacts.<artifact>": "an output artifact, to pass on",
    }
    return tuple(Variable(f"{root}.<name>.{fact}", where, meaning) for fact, meaning in facts.items())


VARIABLES = (
    *_GLOBAL,
    *_LOCAL,
    *_of_nodes("steps", "in later groups of the same steps template, and in its outputs"),
    *_of_nodes("tasks", "in tasks that depend on it, and in the outputs of the DAG"),
)


def find_variable(key: str) -> Variable | None:
    """Return the entry that describes ``key``, or None: no such variable exists anywhere."""
    exact = (variable for variable in VARIABLES if variable.key == key)
    matching = [variable for variable in VARIABLES if variable.pattern.fullmatch(key)]
    # A name may hold dots (of a label, for one), so that the longest pattern is the one that is meant.
    return next(exact, None) or max(matching, key=lambda variable: len(variable.key), default=None)
