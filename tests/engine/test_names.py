"""Names and ids are Argo's. The numbers are from Argo's own tests."""

from __future__ import annotations

import pytest

from pinnace.base.ids import NodeNumber
from pinnace.engine.naming import attempt_id, child_name, display_name, fnv32a, node_id, pod_name
from pinnace.engine.node import Node, NodeType


@pytest.mark.parametrize(
    ("run", "node", "expected"),
    [
        ("dag-taskgroup-id-ref", "dag-taskgroup-id-ref.fanout", "dag-taskgroup-id-ref-2094038697"),
        (
            "container-set-termination-demopw5vv",
            "container-set-termination-demopw5vv.using-container-set-template",
            "container-set-termination-demopw5vv-842041608",
        ),
        (
            "container-set-termination-demopw5vv",
            "container-set-termination-demopw5vv.using-container-set-template.step-2",
            "container-set-termination-demopw5vv-876886607",
        ),
        ("wf", "wf", "wf"),
    ],
)
def test_the_id_of_a_node_is_a_hash_of_its_name(run: str, node: str, expected: str) -> None:
    assert node_id(run, node) == expected


@pytest.mark.parametrize(("text", "value"), [("", 2166136261), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_the_hash_is_fnv_1a(text: str, value: int) -> None:
    assert fnv32a(text) == value


def test_a_pod_is_called_after_its_template_and_is_never_too_long() -> None:
    assert pod_name("wfname", "nodename", "templatename") == f"wfname-templatename-{fnv32a('nodename')}"
    assert pod_name("wfname", "wfname", "templatename") == "wfname"
    assert pod_name("wfname", "stp.inline", "") == f"wfname-{fnv32a('stp.inline')}"
    long = pod_name("w" * 200, "n", "t" * 200)
    assert long == f"{'w' * 200}-{'t' * 41}-{fnv32a('n')}"
    assert len(long) <= 253


@pytest.mark.parametrize(
    ("name", "boundary", "shown"),
    [
        ("wf", "", "wf"),
        ("wf[0].a", "wf", "a"),
        ("wf[0].a(0:x)", "wf", "a(0:x)"),
        ("wf[0].a(0:x)(1)", "wf", "a(0:x)(1)"),
        ("wf.a.b", "wf.a", "b"),
        ("wf.a.onExit", "wf", "a.onExit"),
    ],
)
def test_people_see_the_last_part_of_a_name(name: str, boundary: str, shown: str) -> None:
    node = Node(number=NodeNumber(1), name=name, type=NodeType.POD)
    assert display_name(node, boundary) == shown


def test_groups_are_shown_by_their_place() -> None:
    group = Node(number=NodeNumber(1), name="wf[3]", type=NodeType.STEP_GROUP, key="[3]")
    assert display_name(group, "wf") == "[3]"


def test_a_retried_run_gives_the_same_node_another_attempt_id() -> None:
    node = Node(number=NodeNumber(7), name="wf", type=NodeType.POD)
    again = Node(number=NodeNumber(7), name="wf", type=NodeType.POD, generation=1)
    assert attempt_id("0123456789", node) == "01234567.7.0"
    assert attempt_id("0123456789", again) == "01234567.7.1"


def test_the_name_of_a_loop_s_child_has_no_parentheses_of_its_own() -> None:
    assert child_name("a", 3, "f(x)") == "a(3:fx)"
