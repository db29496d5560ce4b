"""Conditions on resources."""

from __future__ import annotations

import pytest

from pinnace.language.errors import ExpressionError
from pinnace.language.resources import parse_conditions

JOB = {
    "status": {
        "succeeded": 3,
        "failed": 0,
        "phase": "Running",
        "load": 1.5,
        "large": 1e21,
        "ready": True,
        "none": None,
        "conditions": [{"type": "Complete", "status": "True"}],
    },
    "metadata": {"labels": {"example.com/team": "blue"}},
}


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("", True),
        ("status.succeeded > 2", True),
        ("status.succeeded > 2, status.phase == Succeeded", False),
        ("status.phase in (Running, Succeeded)", True),
        ("status.conditions.0.status == True", True),
        ("status.load > 1", False),
        ("status.none", True),
        ("!status.nope", True),
        ("status.nope != x", True),
        ("status.large == 1000000000000000000000", True),
        ("metadata.labels, status.conditions", True),
        ("status.conditions.1.type", False),
        ("status.conditions.type", False),
        ("status.phase.deeper", False),
    ],
)
def test_a_resource_has_succeeded_when_it_meets_all_conditions(condition: str, is_met: bool) -> None:
    assert parse_conditions(condition, "").succeeded(JOB) is is_met


def test_a_resource_has_failed_when_it_meets_one_condition() -> None:
    conditions = parse_conditions("", "status.failed > 0, status.phase in (Running)")
    assert str(conditions.failed_by(JOB)) == "status.phase in (Running)"
    assert parse_conditions("", "status.failed > 0").failed_by(JOB) is None


@pytest.mark.parametrize(
    "condition", ["status.succeeded >= 3", "status.phase == 'x'", "a && b", "a.#.b == x"]
)
def test_a_condition_that_is_no_selector_is_refused(condition: str) -> None:
    with pytest.raises(ExpressionError):
        parse_conditions(condition, "")
