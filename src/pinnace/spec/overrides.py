"""What the command line changes in a workflow before it starts.

Source: Argo workflow/util/util.go, ApplySubmitOpts and ReadParametersFile.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.base.errors import UsageError
from pinnace.language.gojson import encode_json
from pinnace.language.tags import literal
from pinnace.spec.documents import read_documents
from pinnace.spec.parameters import Parameter
from pinnace.spec.workflow import Workflow


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``run`` that change the workflow; what is empty or None changes nothing."""

    entrypoint: str = ""
    name: str = ""
    generate_name: str = ""
    service_account: str = ""
    pod_priority_class_name: str = ""
    priority: int | None = None
    labels: str = ""
    """``NAME1=VALUE1,NAME2=VALUE2``, as annotations."""
    annotations: str = ""
    parameters: tuple[str, ...] = ()
    """``NAME=VALUE`` each, as ``-p`` takes them."""
    file_parameters: tuple[str, ...] = ()
    """The same from ``--parameter-file``; ``parameters`` win. See ``read_parameter_file``."""


def apply_overrides(workflow: Workflow, overrides: Overrides) -> Workflow:
    """Return ``workflow`` with ``overrides``; parameters it does not know are added.

    Given parameters come first, in the order given: ``{{workflow.parameters}}`` shows it. Their values are
    data: a tag in them is not replaced, which differs from Argo.

    Raises:
        UsageError: a parameter or a label is not of the form NAME=VALUE, or a parameter is given twice.
    """
    metadata, spec = workflow.metadata, workflow.spec
    metadata = msgspec.structs.replace(
        metadata,
        name=overrides.name or metadata.name,
        generate_name=overrides.generate_name or metadata.generate_name,
        labels=metadata.labels | parse_pairs(overrides.labels, "labels"),
        annotations=metadata.annotations | parse_pairs(overrides.annotations, "annotations"),
    )
    arguments = msgspec.structs.replace(
        spec.arguments, parameters=_override_parameters(spec.arguments.parameters, overrides)
    )
    spec = msgspec.structs.replace(
        spec,
        entrypoint=overrides.entrypoint or spec.entrypoint,
        service_account_name=overrides.service_account or spec.service_account_name,
        pod_priority_class_name=overrides.pod_priority_class_name or spec.pod_priority_class_name,
        priority=spec.priority if overrides.priority is None else overrides.priority,
        arguments=arguments,
    )
    return msgspec.structs.replace(workflow, metadata=metadata, spec=spec)


def parse_parameter(text: str) -> tuple[str, str]:
    """Return name and value of ``NAME=VALUE``, split at the first equals sign.

    Raises:
        UsageError: there is no equals sign or no name.
    """
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageError(f"expected parameter of the form: NAME=VALUE. Received: {text}")
    return name, value


def read_parameter_file(text: str | bytes, origin: str) -> tuple[str, ...]:
    """Return the parameters of a YAML or JSON mapping as ``NAME=VALUE``; what is no text becomes Go's JSON.

    Raises:
        UsageError: the file is not a mapping; the text says where.
    """
    documents, problems = read_documents(text, origin)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        raise UsageError(f"{errors[0]}")
    if not documents:
        return ()
    value = documents[0].value
    if not isinstance(value, dict):
        raise UsageError(f"{origin}: a parameter file is a mapping of names to values")
    return tuple(f"{name}={_parameter_text(item)}" for name, item in value.items())


def parse_pairs(text: str, what: str) -> dict[str, str]:
    """Return ``NAME1=VALUE1,NAME2=VALUE2`` as a mapping; ``what`` names them in the error.

    Raises:
        UsageError: a part has no equals sign or no name, or has two equals signs.
    """
    pairs: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, separator, value = part.strip().partition("=")
        if not separator or not name or "=" in value:
            raise UsageError(f"expected {what} of the form: NAME1=VALUE1,NAME2=VALUE2. Received: {text}")
        pairs[name] = value
    return pairs


def _override_parameters(declared: tuple[Parameter, ...], overrides: Overrides) -> tuple[Parameter, ...]:
    given: dict[str, str] = {}
    for text in overrides.parameters:
        name, value = parse_parameter(text)
        if name in given:
            raise UsageError(f"parameter '{name}' is given twice")
        given[name] = value
    for text in overrides.file_parameters:
        name, value = parse_parameter(text)
        given.setdefault(name, value)
    # Only name and value are kept, as in Argo: the declaration's enum does not check a given value.
    return (
        *(Parameter(name=name, value=literal(value)) for name, value in given.items()),
        *(parameter for parameter in declared if parameter.name not in given),
    )


def _parameter_text(value: Any) -> str:
    return value if isinstance(value, str) else encode_json(value)
