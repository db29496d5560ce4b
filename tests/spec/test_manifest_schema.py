"""The schema for editors says what the reader says."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pinnace.spec.decode import TYPES, decode
from pinnace.spec.documents import Document, Positions, read_documents
from pinnace.spec.schema import manifest_schema

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared" / "conformance"
VALIDATOR = jsonschema.Draft7Validator(manifest_schema())


def examples() -> Iterator[Document]:
    for path in sorted((REPOSITORY / "examples").rglob("*.yaml")):
        yield from read_documents(path.read_bytes(), str(path.relative_to(REPOSITORY)))[0]


def shared() -> Iterator[Document]:
    if SHARED.exists():
        with (SHARED / "manifests.csv").open() as table:
            names = [row["path"] for row in csv.DictReader(table)]
        for path in (SHARED / "manifests" / name for name in names):
            if path.exists():
                yield from read_documents(path.read_bytes(), path.name)[0]


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(manifest_schema())


@pytest.mark.parametrize(
    "document", list(examples()), ids=lambda document: f"{document.origin}-{document.index}"
)
def test_every_example_keeps_it(document: Document) -> None:
    if document.kind in TYPES:
        assert [error.message for error in VALIDATOR.iter_errors(document.value)] == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared manifests are not beside this clone")
def test_it_refuses_exactly_what_the_reader_refuses() -> None:
    documents = [document for document in shared() if document.kind in TYPES]
    assert len(documents) > 300
    for document in documents:
        refused = any(problem.is_error for problem in decode(document)[1])
        no_version = "apiVersion" not in document.value
        assert (not VALIDATOR.is_valid(document.value)) is (refused or no_version), document.origin


def workflow(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}, "spec": spec}


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        (workflow(entrypoint="main", templates=[{"name": "main", "suspend": {}}]), True),
        (workflow(entrypont="main"), False),
        (workflow(entrypoint=["main"]), False),
        (workflow(entrypoint=None, volumes=None, templates=None, podGC=None), True),
        (
            workflow(arguments={"parameters": [{"name": "p", "value": 1.5}, {"name": "q", "value": True}]}),
            True,
        ),
        (workflow(arguments={"parameters": [{"value": "x"}]}), False),
        (workflow(arguments={"parameters": [{"name": "p", "value": {"a": 1}}]}), False),
        (workflow(templates=[{"name": "t", "activeDeadlineSeconds": "{{x}}"}]), True),
        (workflow(templates=[{"name": "t", "steps": [[{"name": "a", "template": "b"}]]}]), True),
        (workflow(templates=[{"name": "t", "steps": [{"name": "a"}]}]), False),
        (workflow(templates=[{"name": "t", "dag": {"tasks": [{"name": "a", "inline": {"dg": {}}}]}}]), False),
        ({**workflow(), "kind": "Workflov"}, False),
        ({**workflow(), "apiVersion": "v1"}, False),
        ({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "b"}}, True),
        ({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": {}}}, False),
    ],
)
def test_a_document_is_valid_when_its_fields_are_known_and_of_their_types(value: Any, is_valid: bool) -> None:
    assert VALIDATOR.is_valid(value) is is_valid
    read = decode(Document(value, Positions(value, {}), "f", 0))[1]
    if is_valid:
        assert [str(problem) for problem in read] == []
