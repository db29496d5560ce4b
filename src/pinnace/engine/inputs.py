"""Binding a template's inputs to what a call hands over. Source: Argo workflow/common/util.go ProcessArgs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import ManifestError
from pinnace.engine.node import NodeInputs
from pinnace.engine.substitute import fill
from pinnace.language.tags import STRICT, Scope, substitute
from pinnace.spec.locate import is_supplied
from pinnace.spec.parameters import Arguments, Artifact, Inputs, Parameter
from pinnace.spec.references import Catalogue
from pinnace.spec.templates import Template

#: Stands for an argument that is only a reference to an output that was never produced. Noncharacters: no
#: manifest can hold it.
ABSENT = "\ufdd0absent\ufdd1"

_PARAMETER_MAP = "workflows.argoproj.io/configmap-type"


def bind(
    template: Template,
    arguments: Arguments,
    scope: Callable[[], Scope],
    catalogue: Catalogue,
    memo: dict[Any, Any],
) -> NodeInputs:
    """Return the template's inputs with their values.

    Args:
        template: whose inputs they are; their defaults may hold tags.
        arguments: final values, without tags.
        scope: ``workflow.*`` and what is known of the node; asked only where no argument is given.
        catalogue: where ConfigMaps are.
        memo: the run's.

    Raises:
        ManifestError: an input was not supplied.
    """
    declared = template.inputs
    if not declared.parameters and not declared.artifacts:
        return _NOTHING
    handed = {each.name: each.value for each in arguments.parameters if each.value != ABSENT}
    values = {
        each.name: value for each in declared.parameters if (value := handed.get(each.name)) is not None
    }
    if declared.artifacts or len(values) < len(declared.parameters):
        return _bound(declared, arguments, scope(), catalogue, memo)
    return NodeInputs(parameters=values)


def _bound(
    declared: Inputs, arguments: Arguments, scope: Scope, catalogue: Catalogue, memo: dict[Any, Any]
) -> NodeInputs:
    """Return the inputs where some are not simply handed over."""
    given = {parameter.name: parameter for parameter in arguments.parameters}
    values: dict[str, str] = {}
    written: list[str] = []
    for parameter in declared.parameters:
        value, is_written = _value(parameter, given.get(parameter.name), scope, catalogue)
        values[parameter.name] = value
        if is_written and "{{" in value:
            written.append(parameter.name)
    for name in written:
        known = {f"inputs.parameters.{other}": text for other, text in values.items() if other != name}
        values[name] = substitute(values[name], _Extended(known, scope))
    handed = {artifact.name: artifact for artifact in arguments.artifacts}
    inner = _Extended({f"inputs.parameters.{name}": text for name, text in values.items()}, scope)
    artifacts = []
    for artifact in declared.artifacts:
        bound = _artifact(fill(memo, artifact, inner), handed.get(artifact.name))
        if bound is not None:
            artifacts.append(bound)
    return NodeInputs(parameters=values, artifacts=tuple(artifacts))


_NOTHING = NodeInputs()


class _Extended:
    """What a default sees that names other inputs: those inputs, and what every default sees."""

    def __init__(self, inputs: Mapping[str, object], scope: Scope) -> None:
        self._inputs = inputs
        self._scope = scope

    def get(self, key: str, /) -> object:
        return self._inputs[key] if key in self._inputs else self._scope.get(key)

    def variables(self, roots: frozenset[str], /) -> Mapping[str, object]:
        inputs = self._inputs if not roots.isdisjoint({"inputs", "$env"}) else {}
        return {**self._scope.variables(roots), **inputs}


def _value(
    declared: Parameter, given: Parameter | None, scope: Scope, catalogue: Catalogue
) -> tuple[str, bool]:
    """Return the value, and whether it is the manifest's own text, in which tags mean something.

    A ConfigMap that the input names comes before the input's own ``value`` and ``default``, as in Argo.
    """
    is_absent = given is not None and given.value == ABSENT
    if given is not None and not is_absent:
        if given.value is not None:
            return given.value, False
        if _names_config_map(given):
            return config_map_value(given, scope, catalogue), False
    if _names_config_map(declared):
        return config_map_value(declared, scope, catalogue), False
    default = declared.value if declared.value is not None else declared.default
    if default is not None:
        return substitute(default, scope), True
    if is_absent:
        message = (
            f"inputs.parameters.{declared.name}: argument references an absent optional "
            "(skipped/omitted node output with no default)"
        )
        raise ManifestError(message)
    message = f"inputs.parameters.{declared.name} was not supplied"
    raise ManifestError(message)


def _names_config_map(parameter: Parameter) -> bool:
    return parameter.value_from is not None and parameter.value_from.config_map_key_ref is not None


def config_map_value(parameter: Parameter, scope: Scope, catalogue: Catalogue) -> str:
    """Return the value that a parameter takes from a ConfigMap, or its default when there is none.

    Raises:
        ManifestError: the ConfigMap or the key does not exist, or it is not marked as holding parameters.
    """
    source = parameter.value_from
    if source is None or source.config_map_key_ref is None:
        message = f"inputs.parameters.{parameter.name} was not supplied"
        raise ManifestError(message)
    name = substitute(source.config_map_key_ref.name, scope, strict=STRICT)
    key = substitute(source.config_map_key_ref.key, scope, strict=STRICT)
    config_map = catalogue.config_maps.get(name)
    trouble = ""
    if config_map is None:
        trouble = f"ConfigMap {name!r} does not exist"
    elif config_map.metadata.labels.get(_PARAMETER_MAP) != "Parameter":
        trouble = f"ConfigMap {name!r} needs to have the label {_PARAMETER_MAP}: Parameter to load parameters"
        message = f"unable to retrieve inputs.parameters.{parameter.name} from ConfigMap: {trouble}"
        raise ManifestError(message)
    elif key not in config_map.data:
        trouble = f"ConfigMap {name!r} does not have the key {key!r}"
    else:
        return config_map.data[key]
    if source.default is not None:
        return source.default
    message = f"unable to retrieve inputs.parameters.{parameter.name} from ConfigMap: {trouble}"
    raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {name} with that key.")


def _artifact(declared: Artifact, given: Artifact | None) -> Artifact | None:
    """Return the artifact to load, or None for an optional one that nobody gave.

    What is given replaces the declaration but for the name, the path and the modes. It may say nowhere to
    load from, if the declaration is optional or does: what then happens depends on whether it is optional.
    """
    if given is None:
        if is_supplied(declared) or declared.optional:
            return declared if is_supplied(declared) else None
        message = f"inputs.artifacts.{declared.name} was not supplied"
        raise ManifestError(message)
    if not declared.optional and not is_supplied(declared) and not is_supplied(given):
        message = f"inputs.artifacts.{declared.name} missing location information"
        raise ManifestError(message)
    return replace(
        given,
        name=declared.name,
        path=declared.path,
        mode=declared.mode,
        recurse_mode=declared.recurse_mode,
    )


def mark_absent(arguments: Arguments, scope: Scope) -> Arguments:
    """Return ``arguments`` with ``ABSENT`` for each that is only a tag of an output never produced.

    Source: Argo scope.go markAbsentOptionalArgs.
    """
    changed = []
    is_changed = False
    for parameter in arguments.parameters:
        value = parameter.value
        if value is not None and value.startswith("{{") and value.endswith("}}"):
            key = value[2:-2].strip(" ")
            if not key.startswith("=") and "{{" not in key and scope.get(key) is None:
                parameter, is_changed = replace(parameter, value=ABSENT), True
        changed.append(parameter)
    return replace(arguments, parameters=tuple(changed)) if is_changed else arguments
