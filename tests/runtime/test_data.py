"""Data templates: what is listed, what expressions make of it, and what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pinnace.base.errors import ArtifactError
from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import TransformData
from pinnace.engine.node import Phase
from pinnace.runtime.data import Transformer
from pinnace.runtime.workers import Done
from pinnace.spec.bodies import ArtifactPaths, Data, DataSource, TransformationStep
from pinnace.spec.parameters import S3, Artifact, ArtifactLocation, Outputs
from pinnace.spec.templates import Template


class Shelf:
    """Keeps artifacts in memory; what is at ``locked`` cannot be listed."""

    def __init__(self, *keys: str) -> None:
        self.kept = dict.fromkeys(keys, "")

    def load(self, artifact: Artifact, target: Path) -> None:
        raise AssertionError(f"a data template loads nothing, not {artifact.name} to {target}")

    def save(self, artifact: Artifact, source: Path) -> None:
        assert artifact.s3 is not None
        self.kept[artifact.s3.key] = source.read_text()

    def delete(self, artifact: Artifact) -> None:
        raise AssertionError(f"a data template deletes nothing, not {artifact.name}")

    def list(self, artifact: Artifact) -> Sequence[str]:
        assert artifact.s3 is not None
        if artifact.s3.key == "locked":
            raise ArtifactError("access denied")
        return sorted(key for key in self.kept if key.startswith(artifact.s3.key))


async def done(shelf: Shelf, *expressions: str, key: str = "in", **more: Any) -> Done:
    source = DataSource(artifact_paths=ArtifactPaths(name="source", s3=S3(key=key)))
    steps = tuple(TransformationStep(expression=each) for each in expressions)
    template = Template(name="list", data=Data(source=source, transformation=steps), **more)
    command = TransformData(node=NodeNumber(1), attempt_id="a", node_name="wf.list", template=template)
    return await Transformer(shelf, ArtifactLocation(s3=S3(key="wf/wf-list-1"))).perform(command)


SHELF = ("in/a.pdf", "in/b.txt", "in/c&d.pdf", "out/e.pdf")


@pytest.mark.parametrize(
    ("expressions", "result"),
    [
        ([], '["in/a.pdf","in/b.txt","in/c\\u0026d.pdf"]'),
        (["filter(data, {# endsWith 'b.txt'})"], '["in/b.txt"]'),
        (["filter(data, {# endsWith '.txt'})", "map(data, {# + '!'})", "data[0]"], '"in/b.txt!"'),
        (["len(data)"], "3"),
        (["map(data, {{'key': #, 'n': 1.5}})", "data[0]"], '{"key":"in/a.pdf","n":1.5}'),
        (["filter(data, {# contains 'nowhere'})"], "[]"),
        (["", "nil"], "null"),
    ],
)
async def test_expressions_are_laid_one_over_the_other_and_the_result_is_json(
    expressions: list[str], result: str
) -> None:
    assert await done(Shelf(*SHELF), *expressions) == Done(result=result, exit_code=0)


@pytest.mark.parametrize(
    ("expressions", "key", "why"),
    [
        (["data"], "locked", "unable to process data source: unable to source artifact paths: access denied"),
        (["data", "nowhere"], "in", "unable to process data transformation: error processing data step 1: "),
        (["sprig.upper('a')"], "in", "unable to process data transformation: error processing data step 0: "),
    ],
)
async def test_what_goes_wrong_fails_the_node_and_says_where(
    expressions: list[str], key: str, why: str
) -> None:
    found = await done(Shelf(*SHELF), *expressions, key=key)
    assert (found.phase, found.result) == (Phase.FAILED, None)
    assert found.message.startswith(f"main: Error (exit code 64): unable to process data template: {why}")


async def test_an_output_artifact_holds_the_result() -> None:
    shelf = Shelf(*SHELF)
    outputs = Outputs(artifacts=(Artifact(name="index", path="/tmp/index.json"),))  # nobody opens it
    found = await done(shelf, "len(data)", outputs=outputs)
    [artifact] = found.artifacts
    assert artifact.s3 is not None
    assert shelf.kept[artifact.s3.key] == "3"
