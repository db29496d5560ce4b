"""The JSON schema of manifests, for editors: made from the types, so that it says what is read here."""

from __future__ import annotations

from typing import Any

import msgspec

from pinnace.spec.decode import TYPES
from pinnace.spec.workflow import API_VERSION

#: The version of JSON Schema that editors know best.
_DRAFT = "http://json-schema.org/draft-07/schema#"
#: What a scalar that is read in a way of its own may be written as; see ``struct``.
_READ_AS = {
    "any-string": ["string", "number", "boolean", "null"],
    "int-or-string": ["integer", "string", "null"],
}


def manifest_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 7) of one document: any of the kinds that are read here.

    It is stricter than the reader where the reader warns, and cannot say what only the checks know.
    """
    kinds = sorted(set(TYPES.values()), key=lambda cls: cls.__name__)
    _, components = msgspec.json.schema_components(kinds, ref_template="#/definitions/{name}")
    return {
        "$schema": _DRAFT,
        "title": "Manifests that Pinnace reads",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {"kind": {"enum": list(TYPES)}},
        "allOf": [_of_kind(kind, cls.__name__) for kind, cls in TYPES.items()],
        "definitions": {name: _definition(schema) for name, schema in components.items()},
    }


def _of_kind(kind: str, definition: str) -> dict[str, Any]:
    """Return the rule that documents of ``kind`` keep."""
    version = API_VERSION if kind.endswith(("Workflow", "Template", "Binding")) else "v1"
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {
            "properties": {"apiVersion": {"const": version}},
            "allOf": [{"$ref": f"#/definitions/{definition}"}],
        },
    }


def _definition(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type: its own fields and no others."""
    properties = {name: _field(field) for name, field in schema["properties"].items()}
    return {
        "description": schema["description"].split("\n", 1)[0],
        "type": "object",
        "properties": properties,
        "required": schema["required"],
        "additionalProperties": False,
    }


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field; what is null is not there, and counts as its default."""
    schema = {key: value for key, value in schema.items() if key != "default"}
    if "x-read-as" in schema:
        return {"type": _READ_AS[schema["x-read-as"]]}
    if "items" in schema:
        return {"type": ["array", "null"], "items": _field(schema["items"])}
    if "anyOf" in schema:
        (inner,) = (member for member in schema["anyOf"] if member != {"type": "null"})
        return _field(inner) if "$ref" not in inner else {"anyOf": [inner, {"type": "null"}]}
    if isinstance(schema.get("additionalProperties"), dict):
        return {"type": ["object", "null"], "additionalProperties": _field(schema["additionalProperties"])}
    return {"type": [schema["type"], "null"]} if "type" in schema else schema
