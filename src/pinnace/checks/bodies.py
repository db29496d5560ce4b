"""What a template does and what surrounds it: one body, with the fields that this body has.

Source: Argo validate.go, validateTemplateType, validateTemplate, validateLeaf.
"""

from __future__ import annotations

import re

from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_duration
from pinnace.checks.context import Context, Site
from pinnace.checks.scopes import is_leaf
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import evaluate
from pinnace.spec.policies import Prometheus
from pinnace.spec.problems import Path
from pinnace.spec.templates import Container, ContainerSetTemplate

_CHOICES = (
    "choose one of: container, containerSet, steps, script, resource, dag, suspend, template, template ref"
)
_METRIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def check_bodies(context: Context) -> None:
    """Report templates without exactly one body, and fields that do not go with the body."""
    if context.merged:
        return
    for site in context.sites():
        _check_type(context, site)
        _check_timing(context, site)
        _check_pod(context, site)
        _check_http(context, site)
        _check_data(context, site)
        _check_plugin(context, site)
        for index, metric in enumerate(site.template.metrics.prometheus if site.template.metrics else ()):
            _check_metric(context, metric, (*site.path, "metrics", "prometheus", index))


def _check_type(context: Context, site: Site) -> None:
    count = len(site.template.body_types)
    if count != 1:
        kind = "template type unspecified" if not count else "multiple template types specified"
        context.findings.error("template-type", f"{kind}. {_CHOICES}", site.path)
    if site.path.count("inline") > 1:
        message = "an inline template cannot hold another inline template"
        context.findings.error("nested-inline", message, site.path, "make it a template with a name")


def _check_plugin(context: Context, site: Site) -> None:
    """Report a plugin that is not named by one key. Source: Argo plugin_types.go, UnmarshalJSON."""
    plugin = site.template.plugin
    if plugin is None:
        return
    if not isinstance(plugin, dict):
        message = "expected a mapping with exactly one key, the plugin's name"
        context.findings.error("invalid-value", message, (*site.path, "plugin"))
    elif len(plugin) != 1:
        message = f"expected exactly one key, got {len(plugin)}"
        context.findings.error("invalid-value", message, (*site.path, "plugin"))


def _check_timing(context: Context, site: Site) -> None:
    template, path = site
    group = template.steps is not None or template.dag is not None
    kind = template.body_types[0] if template.body_types else ""
    for name, value in (("timeout", template.timeout), ("pendingTimeout", template.pending_timeout)):
        if value and not is_leaf(template):
            context.findings.error(
                "misplaced-field", f"{kind} template doesn't support {name} field", (*path, name)
            )
    if template.timeout.lstrip("+-").isdigit():
        message = f"{template.name} has invalid duration format in timeout"
        context.findings.error("invalid-duration", message, (*path, "timeout"), f"write {template.timeout}s")
    else:
        check_duration(context, template.timeout, (*path, "timeout"))
    check_duration(context, template.pending_timeout, (*path, "pendingTimeout"))
    if template.suspend is not None:
        check_duration(context, template.suspend.duration, (*path, "suspend", "duration"))
    deadline = template.active_deadline_seconds
    if deadline is not None and group:
        message = "activeDeadlineSeconds is only valid for leaf templates"
        context.findings.error("misplaced-field", message, (*path, "activeDeadlineSeconds"))
    elif deadline is not None and not _is_seconds(deadline):
        message = "activeDeadlineSeconds must be a positive integer > 0 or an argo variable"
        context.findings.error("invalid-value", message, (*path, "activeDeadlineSeconds"))
    if template.parallelism is not None and not group and template.body_types:
        message = "parallelism is only valid for steps and dag templates"
        context.findings.error("misplaced-field", message, (*path, "parallelism"))


def _is_seconds(text: str) -> bool:
    return (text.startswith("{{") and text.endswith("}}")) or text.isdecimal()


def check_duration(context: Context, text: str, path: Path) -> None:
    """Report a duration that cannot be read; one with a tag is only known in the run."""
    if text and "{{" not in text:
        try:
            parse_duration(text)
        except ManifestError as error:
            context.findings.error("invalid-duration", error.message, path, error.remedy)


def _check_pod(context: Context, site: Site) -> None:
    template, path = site
    defaults = context.spec.template_defaults
    bodies: tuple[tuple[str, Container | None, Container | None], ...] = (
        ("container", template.container, defaults.container if defaults else None),
        ("script", template.script, defaults.script if defaults else None),
    )
    for name, body, default in bodies:
        if body is not None and not body.image and not (default and default.image):
            message = f"{name}.image may not be empty"
            context.findings.error("missing-field", message, (*path, name))
    if template.container is not None:
        inputs = [
            (artifact.path, f"inputs.artifacts.{artifact.name}", (*path, "inputs", "artifacts", index))
            for index, artifact in enumerate(template.inputs.artifacts)
        ]
        _check_paths(context, [*_mounts(template.container, (*path, "container")), *inputs])
    if template.container_set is not None:
        _check_container_set(context, site)


def _check_container_set(context: Context, site: Site) -> None:
    template, path = site
    container_set = template.container_set
    assert container_set is not None
    path = (*path, "containerSet")
    _check_paths(context, _mounts(container_set, path))
    has_files = template.inputs.artifacts or template.outputs.parameters or template.outputs.artifacts
    if has_files and "main" not in [container.name for container in container_set.containers]:
        message = 'containerSet.containers must have a container named "main" for input or output'
        context.findings.error("no-main-container", message, path)


def _mounts(body: Container | ContainerSetTemplate, path: Path) -> list[tuple[str, str, Path]]:
    """Return target, name and place of each volume that is mounted."""
    return [
        (mount.mount_path, f"{path[-1]}.volumeMounts.{mount.name}", (*path, "volumeMounts", index))
        for index, mount in enumerate(body.volume_mounts)
    ]


def _check_paths(context: Context, places: list[tuple[str, str, Path]]) -> None:
    """Report two things that would appear at one path in the container."""
    taken: dict[str, str] = {}
    for target, name, place in places:
        if target in taken:
            message = f"path '{target}' already mounted in {taken[target]}"
            context.findings.error("duplicate-path", message, place)
        taken[target] = name


def _check_data(context: Context, site: Site) -> None:
    """Report transformations that mention more than ``data`` and expr-lang's own functions."""
    data = site.template.data
    for index, step in enumerate(data.transformation if data is not None else ()):
        if not step.expression or "{{" in step.expression:
            continue
        try:
            evaluate(step.expression, {"data": []}, functions=False)
        except ExpressionError as error:
            if error.stage == "compile":  # what cannot be read at all is told with the variables
                path = (*site.path, "data", "transformation", index, "expression")
                hint = "a transformation knows data and expr-lang's own functions"
                context.findings.error("invalid-expression", error.message, path, hint)


def _check_http(context: Context, site: Site) -> None:
    http = site.template.http
    if http is None:
        return
    if not http.url:
        context.findings.error("missing-field", "http.url is required", (*site.path, "http"))
    if http.body and http.body_from is not None:
        message = "an http template has body or bodyFrom, not both"
        context.findings.error("conflicting-fields", message, (*site.path, "http", "bodyFrom"))


def _check_metric(context: Context, metric: Prometheus, path: Path) -> None:
    name = metric.name
    if not _METRIC_NAME.fullmatch(name):
        message = f"metric name '{name}' is invalid. Metric names must contain alphanumeric characters or '_'"
        context.findings.error("invalid-name", message, (*path, "name"))
    if not metric.help:
        message = f"metric '{name}' must contain a help string under 'help: ' field"
        context.findings.error("missing-field", message, path)
    for kind, value in (
        ("gauge", metric.gauge),
        ("counter", metric.counter),
        ("histogram", metric.histogram),
    ):
        if value is not None and not value.value:
            message = f"metric '{name}' error: missing {kind}.value"
            context.findings.error("missing-field", message, (*path, kind))
    gauge = metric.gauge
    if gauge is not None and gauge.realtime and "resourcesDuration." in gauge.value:
        message = f"metric '{name}' error: 'resourcesDuration.*' metrics cannot be used in real-time"
        context.findings.error("invalid-value", message, (*path, "gauge", "value"))
    for index, label in enumerate(metric.labels):
        if not _METRIC_NAME.fullmatch(label.key):
            message = (
                f"metric label '{label.key}' is invalid: keys may only contain alphanumeric characters or '_'"
            )
            context.findings.error("invalid-name", message, (*path, "labels", index, "key"))
