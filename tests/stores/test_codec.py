"""Objects become bytes and come back; large texts are kept apart."""

from __future__ import annotations

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import StorageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.node import Node, NodeInputs, NodeOutputs, NodeType, Phase
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.store import Submission
from pinnace.spec.parameters import Artifact, HTTPArtifact, Raw
from pinnace.spec.templates import Template
from pinnace.spec.workflow import Secret, Workflow, WorkflowSpec
from pinnace.stores.codec import LARGE, Codec, DigestCache

TEXTS = st.text(st.characters(exclude_categories=())).flatmap(
    lambda text: st.sampled_from([text, text * (LARGE // max(len(text), 1) + 1)])
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=3)
TIMES = st.none() | st.floats(0, 1e11)
ARTIFACTS = st.lists(
    st.builds(Artifact, name=TEXTS, raw=st.builds(Raw, data=TEXTS), http=st.builds(HTTPArtifact, url=TEXTS)),
    max_size=2,
).map(tuple)
NODES = st.builds(
    Node,
    number=st.integers(0, 2**31).map(NodeNumber),
    name=TEXTS,
    type=st.sampled_from(NodeType),
    phase=st.sampled_from(Phase),
    message=TEXTS,
    inline=st.none() | st.builds(Template, name=TEXTS, affinity=JSON),
    inputs=st.none() | st.builds(NodeInputs, parameters=MAPS, artifacts=ARTIFACTS),
    outputs=st.none()
    | st.builds(NodeOutputs, parameters=MAPS, artifacts=ARTIFACTS, result=st.none() | TEXTS),
    started_at=TIMES,
    wake_at=TIMES,
    is_expanded=st.booleans(),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
)


T = TypeVar("T")


def round_trip(value: T) -> T:
    encoded = Codec().encode(value)
    return Codec().decode(encoded.data, type(value), lambda digest: encoded.texts[digest])


@given(NODES)
def test_a_node_with_any_texts_comes_back(node: Node) -> None:
    assert round_trip(node) == node


@given(
    st.builds(RunState, message=TEXTS, outputs=st.builds(NodeOutputs, parameters=MAPS)),
    st.builds(
        RunInfo,
        uid=TEXTS,
        name=TEXTS,
        namespace=TEXTS,
        created_at=st.floats(0, 1e11),
        labels=MAPS,
        parameters=MAPS,
        artifacts=ARTIFACTS,
    ),
    st.builds(
        Submission,
        workflow=st.builds(Workflow, spec=st.builds(WorkflowSpec, affinity=JSON), status=JSON),
        secrets=st.lists(st.builds(Secret, data=MAPS), max_size=2).map(tuple),
    ),
)
def test_everything_else_of_a_run_comes_back(state: RunState, info: RunInfo, submission: Submission) -> None:
    assert round_trip(state) == state
    assert round_trip(info) == info
    assert round_trip(submission) == submission


def node(text: str, number: int = 1) -> Node:
    return Node(
        number=NodeNumber(number),
        name="n",
        type=NodeType.POD,
        inputs=NodeInputs(parameters={"a": text}),
        outputs=NodeOutputs(result=text),
    )


def test_a_large_text_is_kept_apart_and_once() -> None:
    text = "x" * 10_000_000
    encoded = Codec().encode(node(text))
    assert list(encoded.texts.values()) == [text]
    assert len(encoded.data) < 200


def test_a_text_is_large_above_the_limit_only() -> None:
    assert Codec().encode(node("x" * LARGE)).texts == {}
    assert len(Codec().encode(node("x" * (LARGE + 1))).texts) == 1


def test_equal_texts_have_one_digest_whatever_object_they_are() -> None:
    codec = Codec()
    first, second = (codec.encode(node("é" * size)).texts for size in (2 * LARGE, 2 * LARGE))
    assert first == second


def test_a_text_that_is_known_is_not_hashed_again() -> None:
    digests = DigestCache()
    text = "x" * 100_000
    digests.remember(text, b"known")
    assert digests.of(text) == b"known"


def test_the_digests_remembered_do_not_keep_everything_alive() -> None:
    digests = DigestCache()
    digests.CAPACITY = 250
    texts = [letter * 100 for letter in "abc"]
    for text in texts:
        digests.remember(text, b"known")
    assert [digests.of(text) == b"known" for text in texts[1:]] == [True, True]
    assert digests.of(texts[0]) != b"known"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "in a form that this version does not know"),
        (b"\x09\x80", "in a form that this version does not know"),
        (b"\x01\x80", "a Node that cannot be read: Object missing required field"),
        (b"\x01\xc1", "a Node that cannot be read"),
        (b"\x02\xd4\x63\x00", "a Node that cannot be read: unknown extension 99"),
    ],
)
def test_bytes_that_cannot_be_read_are_reported(data: bytes, message: str) -> None:
    with pytest.raises(StorageError, match=message):
        Codec().decode(data, Node, lambda _: "")
