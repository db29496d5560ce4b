"""Inputs and outputs as declared: each output says where its value comes from, in a way its template has.

Source: Argo validate.go, validateInputs and validateOutputs.
"""

from __future__ import annotations

from pinnace.base.errors import ManifestError
from pinnace.checks.context import Context, Site
from pinnace.checks.scopes import is_leaf
from pinnace.spec.locate import with_plain_path
from pinnace.spec.parameters import Artifact, Parameter, ValueFrom
from pinnace.spec.problems import Path

_CHOICES = "choose one of: path, jqFilter, jsonPath, parameter, raw, expression"
#: The bodies whose outputs are files.
_WITH_FILES = frozenset({"container", "script", "containerSet"})


def check_outputs(context: Context) -> None:
    """Report inputs and outputs that cannot be filled."""
    for site in context.sites():
        template, path = site
        for index, artifact in enumerate(template.inputs.artifacts):
            place = (*path, "inputs", "artifacts", index)
            _check_path(context, site, artifact, place)
            if artifact.from_:
                message = f"inputs.artifacts.{artifact.name}.from not valid in inputs"
                context.findings.error("misplaced-field", message, (*place, "from"))
        for index, artifact in enumerate(template.outputs.artifacts):
            _check_path(context, site, artifact, (*path, "outputs", "artifacts", index))
        for index, parameter in enumerate(template.outputs.parameters):
            _check_parameter(context, site, parameter, (*path, "outputs", "parameters", index))


def _check_path(context: Context, site: Site, artifact: Artifact, place: Path) -> None:
    if not is_leaf(site.template):
        if artifact.path and site.template.body_types:
            message = f"artifact '{artifact.name}': path only valid in container/script templates"
            context.findings.error("misplaced-field", message, (*place, "path"))
        return
    try:
        with_plain_path(artifact)
    except ManifestError as error:
        code, where = ("unsafe-path", (*place, "path")) if artifact.path else ("missing-field", place)
        context.findings.error(code, error.message, where, error.remedy)
    if "\0" in artifact.path:
        message = f"Artifact '{artifact.name}' has a path with a NUL character"
        context.findings.error("unsafe-path", message, (*place, "path"))


def _check_parameter(context: Context, site: Site, parameter: Parameter, place: Path) -> None:
    source = parameter.value_from
    if parameter.value is not None:
        if source is not None:
            message = f"{parameter.name} has both valueFrom and value specified, choose one"
            context.findings.error("conflicting-fields", message, place)
        return
    if source is None:
        message = f"{parameter.name} does not have valueFrom or value specified"
        context.findings.error("missing-value", message, place)
        return
    place = (*place, "valueFrom")
    given = _sources(source)
    if len(given) != 1:
        kind = "valueFrom type unspecified" if not given else "multiple valueFrom types specified"
        context.findings.error("invalid-value-from", f"{kind}. {_CHOICES}", place)
        return
    body = next(iter(site.template.body_types), "")
    wanted = _wanted(body)
    if wanted and given[0] not in wanted:
        message = f"{parameter.name}.{' or '.join(wanted)} must be specified for {body} templates"
        context.findings.error("invalid-value-from", message, place)


def _sources(source: ValueFrom) -> list[str]:
    """Return the fields that say where the value comes from."""
    given = {
        "path": source.path,
        "jqFilter": source.jq_filter,
        "jsonPath": source.json_path,
        "parameter": source.parameter,
        "expression": source.expression,
        "supplied": source.supplied is not None,
    }
    return [name for name, value in given.items() if value]


def _wanted(body: str) -> tuple[str, ...]:
    """Return the sources that a template of this type can have; none given means any."""
    if body in _WITH_FILES:
        return ("path",)
    if body in {"steps", "dag"}:
        return ("parameter", "expression")
    return ("jqFilter", "jsonPath") if body == "resource" else ()
