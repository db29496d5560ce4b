"""Changes that are documents, on small documents."""

from __future__ import annotations

from typing import Any

import pytest

from pinnace.base.errors import ManifestError
from pinnace.spec.patches import json_patch, merge_patch, strategic_patch

DOCUMENT = {"a": 1, "b": {"c": [1, 2, 3], "d/e": "x"}, "l": [{"name": "p", "value": 1}]}


@pytest.mark.parametrize(
    ("operation", "path", "found"),
    [
        ({"op": "add", "path": "/b/c/1", "value": 9}, ("b", "c"), [1, 9, 2, 3]),
        ({"op": "add", "path": "/b/c/-", "value": 9}, ("b", "c"), [1, 2, 3, 9]),
        ({"op": "add", "path": "/b/d~1e", "value": "y"}, ("b", "d/e"), "y"),
        ({"op": "remove", "path": "/b/c/0"}, ("b", "c"), [2, 3]),
        ({"op": "replace", "path": "/a", "value": {"z": 1}}, ("a", "z"), 1),
        ({"op": "move", "from": "/a", "path": "/b/c/0"}, ("b", "c"), [1, 1, 2, 3]),
        ({"op": "copy", "from": "/b/c", "path": "/n"}, ("n",), [1, 2, 3]),
        ({"op": "test", "path": "/a", "value": 1}, ("a",), 1),
        ({"op": "replace", "path": "", "value": {"whole": 1}}, ("whole",), 1),
    ],
)
def test_an_operation_does_what_the_rfc_says(operation: Any, path: tuple[str, ...], found: Any) -> None:
    changed = json_patch(DOCUMENT, [operation])
    for key in path:
        changed = changed[key]
    assert changed == found
    assert DOCUMENT["a"] == 1
    assert DOCUMENT["b"] == {"c": [1, 2, 3], "d/e": "x"}


@pytest.mark.parametrize(
    "operations",
    [
        {"op": "add"},
        ["add"],
        [{"op": "add", "path": "/b/c/7", "value": 1}],
        [{"op": "remove", "path": "/nowhere"}],
        [{"op": "replace", "path": "/nowhere", "value": 1}],
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "rename", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": "/a"}],
    ],
)
def test_what_cannot_be_done_is_refused(operations: Any) -> None:
    with pytest.raises(ManifestError, match="json patch"):
        json_patch(DOCUMENT, operations)


def test_null_takes_a_field_away_and_a_list_is_replaced_by_a_merge_patch() -> None:
    patch = {"a": None, "b": {"c": [9], "new": {"x": None, "y": 1}}}
    assert merge_patch(DOCUMENT, patch) == {
        "b": {"c": [9], "d/e": "x", "new": {"y": 1}},
        "l": [{"name": "p", "value": 1}],
    }


def test_null_takes_a_field_away_in_a_strategic_patch() -> None:
    assert strategic_patch({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": None, "e": 3}}) == {
        "a": 1,
        "b": {"d": 2, "e": 3},
    }
