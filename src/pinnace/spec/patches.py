"""Changes to a document that are documents themselves.

Sources: RFC 6902 (JSON Patch), RFC 7386 (JSON Merge Patch); Kubernetes' strategic merge adds to the second.
"""

from __future__ import annotations

import copy
from typing import Any

from pinnace.base.errors import ManifestError
from pinnace.spec.merge import strategic_merge


def merge_patch(document: Any, patch: Any) -> Any:
    """Return ``document`` with what ``patch`` says, in which null takes a field away; neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def strategic_patch(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` with ``patch`` over it: null takes a field away, lists are merged by their keys."""
    return _without_nulls(strategic_merge(document, patch))


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nulls(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if item is not None
    }


def json_patch(document: Any, operations: Any) -> Any:
    """Return ``document`` after the operations, which is not changed itself.

    Raises:
        ManifestError: one of them is none, or cannot be done.
    """
    if not isinstance(operations, list):
        message = "a json patch is a list of operations"
        raise ManifestError(message)
    changed = copy.deepcopy(document)
    for number, operation in enumerate(operations):
        try:
            changed = _operate(changed, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"operation {number} of the json patch cannot be done: {error}"
            raise ManifestError(message) from None
    return changed


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    path = _keys(operation["path"])
    match operation["op"]:
        case "add":
            return _added(document, path, copy.deepcopy(operation["value"]))
        case "remove":
            _taken(document, path)
            return document
        case "replace":
            if path:
                _taken(document, path)
            return _added(document, path, copy.deepcopy(operation["value"]))
        case "move":
            return _added(document, path, _taken(document, _keys(operation["from"])))
        case "copy":
            return _added(document, path, copy.deepcopy(_found(document, _keys(operation["from"]))))
        case "test":
            if _found(document, path) != operation["value"]:
                message = f"{operation['path']} is not {operation['value']!r}"
                raise ValueError(message)
            return document
        case other:
            message = f"there is no operation {other!r}"
            raise ValueError(message)


def _keys(pointer: str) -> list[str]:
    """Return the keys of a JSON pointer."""
    if pointer and not pointer.startswith("/"):
        message = f"{pointer!r} is no JSON pointer"
        raise ValueError(message)
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def _found(document: Any, path: list[str]) -> Any:
    for key in path:
        document = document[int(key) if isinstance(document, list) else key]
    return document


def _taken(document: Any, path: list[str]) -> Any:
    """Take away what is at ``path``, and return it."""
    parent = _found(document, path[:-1])
    return parent.pop(int(path[-1]) if isinstance(parent, list) else path[-1])


def _added(document: Any, path: list[str], value: Any) -> Any:
    """Put ``value`` at ``path``, and return the document; in a list, what follows makes room."""
    if not path:
        return value
    parent = _found(document, path[:-1])
    if isinstance(parent, list):
        at = len(parent) if path[-1] == "-" else int(path[-1])
        if not 0 <= at <= len(parent):
            message = f"there is no place {path[-1]} in a list of {len(parent)}"
            raise IndexError(message)
        parent.insert(at, value)
    else:
        parent[path[-1]] = value
    return document
