"""The language gives the answers that were recorded from the reference engines."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from reference_cases import RUNNERS, SHARED_CASES, Case, own_cases, problem, shared_cases

#: The least share of the shared cases of each tier that must pass: Argo-shaped, the language, oddities.
FLOORS = {1: 1.0, 2: 1.0, 3: 1.0}


def case_id(case: Case) -> str:
    """Return how a case is named in a test run."""
    return f"{case['id']}-{case['expr'][:50]}"


@pytest.mark.parametrize("case", own_cases(), ids=case_id)
def test_the_answer_is_the_recorded_one(case: Case) -> None:
    assert problem(case) is None


@pytest.mark.slow
@pytest.mark.skipif(not SHARED_CASES.exists(), reason="the shared cases are not beside this repository")
def test_the_shared_cases_pass_to_their_floors(capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[int] = Counter()
    failed: dict[int, list[str]] = {tier: [] for tier in FLOORS}
    for case in shared_cases():
        if case["lang"] not in RUNNERS:
            continue
        total[case["tier"]] += 1
        reason = problem(case)
        if reason is not None:
            failed[case["tier"]].append(f"{case['id']} {json.dumps(case['expr'])[:100]}: {reason}")
    rows = [
        f"tier {tier}: {total[tier] - len(failed[tier])}/{total[tier]} "
        f"{100 * (1 - len(failed[tier]) / total[tier]):.2f} %"
        for tier in FLOORS
    ]
    with capsys.disabled():
        print("\nexpressions, conditions and tags against the recorded cases:", *rows, sep="\n  ")
    for tier, floor in FLOORS.items():
        assert 1 - len(failed[tier]) / total[tier] >= floor, "\n".join(failed[tier][:20])
