"""The environment of a task: what the manifest says, and nothing of Pinnace's own.

Source: Kubernetes core/v1 EnvVar and EnvFromSource; Argo workflow/controller/workflowpod.go for ``ARGO_*``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pinnace.base.errors import ManifestError
from pinnace.runtime.downward import PodFacts
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.templates import Container, EnvFromSource, EnvVar

#: Linux refuses an environment or argument string of this many bytes. Source: MAX_ARG_STRLEN.
LONGEST_STRING = 131_072
#: So many characters fit, whatever they are: UTF-8 has at most 4 bytes for one, and two are added.
_SURELY_SHORT = LONGEST_STRING // 4 - 1

_REFERENCE = re.compile(r"\$(\$|\(([-._a-zA-Z][-._a-zA-Z0-9]*)\))")


def environment(container: Container, catalogue: Catalogue, facts: PodFacts) -> dict[str, str]:
    """Return the variables that the container asks for, in the order in which they are defined.

    Args:
        container: its tags replaced.
        catalogue: where ConfigMaps and Secrets are.
        facts: what its pod is told about itself.

    Raises:
        ManifestError: a ConfigMap, a Secret or a key is missing, or a field is not known here.
    """
    found: dict[str, str] = {}
    for source in container.env_from:
        found |= _whole(source, catalogue)
    for variable in container.env:
        value = _value(variable, container, catalogue, facts)
        if value is not None:
            found[variable.name] = expand(value, found) if variable.value_from is None else value
    return found


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Return ``text`` with ``$(NAME)`` replaced where NAME is known; ``$$`` is a dollar sign.

    Source: Kubernetes third_party/forked/golang/expansion.
    """
    if "$" not in text:
        return text

    def replaced(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else variables.get(match[2], match[0])

    return _REFERENCE.sub(replaced, text)


def secret_text(catalogue: Catalogue, name: str, key: str) -> str:
    """Return the text under a Secret's key.

    Raises:
        ManifestError: there is no such Secret or key; the remedy says what to give.
    """
    value = catalogue.secret_value(name, key)
    if value is None:
        what = f'key "{key}" of secret "{name}"' if name in catalogue.secrets else f'secret "{name}"'
        message = f"{what} not found"
        raise ManifestError(
            message, remedy=f"Give a document of kind Secret named {name} with the key {key}."
        )
    return value.decode("utf-8", "surrogateescape")


def _whole(source: EnvFromSource, catalogue: Catalogue) -> dict[str, str]:
    found: dict[str, str] = {}
    if source.config_map_ref is not None:
        name = source.config_map_ref.name
        config_map = catalogue.config_maps.get(name)
        if config_map is not None:
            found |= config_map.data
        elif not source.config_map_ref.optional:
            message = f'configmap "{name}" not found'
            raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {name}.")
    if source.secret_ref is not None:
        name = source.secret_ref.name
        secret = catalogue.secrets.get(name)
        if secret is not None:
            found |= {key: secret_text(catalogue, name, key) for key in (*secret.data, *secret.string_data)}
        elif not source.secret_ref.optional:
            message = f'secret "{name}" not found'
            raise ManifestError(message, remedy=f"Give a document of kind Secret named {name}.")
    return {f"{source.prefix}{key}": value for key, value in found.items()}


def _value(variable: EnvVar, container: Container, catalogue: Catalogue, facts: PodFacts) -> str | None:
    """Return the variable's value, None for an optional one that is not there."""
    source = variable.value_from
    if source is None:
        return variable.value
    if source.secret_key_ref is not None:
        wanted = source.secret_key_ref
        if wanted.optional and catalogue.secret_value(wanted.name, wanted.key) is None:
            return None
        return secret_text(catalogue, wanted.name, wanted.key)
    if source.config_map_key_ref is not None:
        wanted = source.config_map_key_ref
        value = catalogue.config_map_value(wanted.name, wanted.key)
        if value is None and not wanted.optional:
            message = f'configmap "{wanted.name}" or its key "{wanted.key}" not found'
            raise ManifestError(message, remedy=f"Give a document of kind ConfigMap named {wanted.name}.")
        return value
    return facts.told(
        {"fieldRef": source.field_ref, "resourceFieldRef": source.resource_field_ref},
        f"env {variable.name}",
        container,
    )


def check_lengths(argv: tuple[str, ...], env: Mapping[str, str]) -> None:
    """Make sure that the kernel takes the command.

    Raises:
        ManifestError: a variable or an argument is too long; the remedy says how large values are handed on.
    """
    for name, value in env.items():
        if len(name) + len(value) < _SURELY_SHORT:
            continue
        size = len(name) + 2 + len(value.encode("utf-8", "surrogateescape"))
        if size > LONGEST_STRING:
            _too_long(f"env {name}", size)
    for index, argument in enumerate(argv):
        if len(argument) < _SURELY_SHORT:
            continue
        size = len(argument.encode("utf-8", "surrogateescape")) + 1
        if size > LONGEST_STRING:
            _too_long(f"argument {index}", size)


def _too_long(what: str, size: int) -> None:
    message = f"{what} has {size} bytes; the system takes {LONGEST_STRING} at most"
    remedy = (
        "Hand the value over as a file: an input artifact with "
        "`raw: {data: '{{inputs.parameters.NAME}}'}` and a path has no limit."
    )
    raise ManifestError(message, remedy=remedy)
