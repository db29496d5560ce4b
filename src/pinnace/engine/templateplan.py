"""What is fixed about a template, found once a run and asked for every node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from pinnace.engine.commands import WORK
from pinnace.engine.containers import Part, parts_of
from pinnace.engine.node import NODE_TYPE, NodeType
from pinnace.engine.substitute import has_tags
from pinnace.language.tags import Scope, substitute
from pinnace.spec.parameters import Inputs
from pinnace.spec.policies import RetryStrategy
from pinnace.spec.references import Resolved
from pinnace.spec.templates import BODY_FIELDS, DAGTask, Template
from pinnace.spec.workflow import Workflow

#: A reference to a call's standard output, in JSON text: there a quote has a backslash before it.
_RESULT = re.compile(
    rb"(?:steps|tasks)\s*(?:\.([-\w]+)|\[\s*(?:'|\\?\")([-\w]+)(?:'|\\?\")\s*\])\??\.outputs\??\.result"
)


class TemplatePlan:
    """A template as the engine sees it.

    Attributes:
        template: as it is written, with the workflow's defaults.
        scope: where the names inside it are looked up.
        body_name: the field that holds its body, or "".
        body_type: the type of the node that runs its body; None when that is not supported.
        node_type: the type of the node that a call makes; None when the body is not supported.
        work: the work that its body is, if Pinnace's own process does it.
        retry_strategy: its own, or the workflow's default for all.
        body: the template without its inputs and metrics: those are bound or computed, not filled.
        is_patched: whether a ``podSpecPatch`` is laid over its pod.
        parts: the containers of its pod, if there are several.
        results: its steps or tasks whose standard output it mentions.
        has_tagged_names: whether the names of its steps or tasks, or what these wait for, have tags.
        has_tagged_volumes: whether its pod may mount volumes of the workflow that have tags.
        has_exports: whether any of its outputs has a ``globalName``.
        uses_repository: whether it may load from the artifact repository, or store there.
    """

    __slots__ = (
        "body",
        "body_name",
        "body_type",
        "has_exports",
        "has_tagged_names",
        "has_tagged_volumes",
        "is_patched",
        "node_type",
        "parts",
        "results",
        "retry_strategy",
        "scope",
        "template",
        "uses_repository",
        "work",
    )

    def __init__(self, resolved: Resolved, workflow: Workflow) -> None:
        template = self.template = resolved.template
        self.scope = resolved.scope
        self.body_name = _body_name(template)
        self.work = WORK.get(self.body_name)
        self.body_type = self.work.node_type if self.work is not None else NODE_TYPE.get(self.body_name)
        self.retry_strategy: RetryStrategy | None = template.retry_strategy or workflow.spec.retry_strategy
        is_retried = self.body_type is not None and self.retry_strategy is not None
        self.node_type = NodeType.RETRY if is_retried else self.body_type
        self.body = replace(template, inputs=Inputs(), metrics=None)
        patch = workflow.spec.pod_spec_patch or template.pod_spec_patch
        self.is_patched = self.body_type is NodeType.POD and bool(patch)
        self.has_tagged_names = any("{{" in text for text in _names(template))
        self.has_tagged_volumes = self.body_type is NodeType.POD and has_tags(workflow.spec.volumes)
        self.parts: tuple[Part, ...] = parts_of(template)
        self.results = _results(template)
        outputs: tuple[Any, ...] = (*template.outputs.parameters, *template.outputs.artifacts)
        self.has_exports = any(each.global_name for each in outputs)
        self.uses_repository = bool(
            template.inputs.artifacts
            or template.outputs.artifacts
            or template.archive_location
            or template.data
            or workflow.spec.archive_logs
        )


def _body_name(template: Template) -> str:
    return next((name for name, field in BODY_FIELDS.items() if getattr(template, field) is not None), "")


def _names(template: Template) -> Iterator[str]:
    """Yield the names of the template's steps or tasks, and what these wait for."""
    for group in template.steps or ():
        yield from (step.name for step in group)
    for task in template.dag.tasks if template.dag is not None else ():
        yield task.name
        yield task.depends
        yield from task.dependencies


def named(plan: TemplatePlan, workflow: Workflow, scope: Scope) -> TemplatePlan:
    """Return the plan of a steps or dag template with the tags in ``has_tagged_names`` replaced.

    What refers to a call whose name had a tag cannot be told from the text: its standard output is kept.

    Raises:
        ExpressionError: a tag is an expression that cannot be read.

    Source: Argo workflow/common/util.go ProcessArgs, which replaces the tags of a template before it is run;
    those that are unknown stay.
    """
    template = plan.template
    steps, dag = template.steps, template.dag
    if steps is not None:
        steps = tuple(
            tuple(replace(step, name=substitute(step.name, scope)) for step in group) for group in steps
        )
    if dag is not None:
        dag = replace(dag, tasks=tuple(_task(task, scope) for task in dag.tasks))
    found = TemplatePlan(Resolved(replace(template, steps=steps, dag=dag), plan.scope), workflow)
    found.results |= set(_names(found.template)) - set(_names(template))
    return found


def _task(task: DAGTask, scope: Scope) -> DAGTask:
    return replace(
        task,
        name=substitute(task.name, scope),
        depends=substitute(task.depends, scope),
        dependencies=tuple(substitute(each, scope) for each in task.dependencies),
    )


def _results(template: Template) -> frozenset[str]:
    """Return the calls whose ``outputs.result`` a steps or dag template mentions."""
    if not template.steps and not template.dag:
        return frozenset()
    text = msgspec.json.encode(template)
    return frozenset((match[1] or match[2]).decode() for match in _RESULT.finditer(text))
