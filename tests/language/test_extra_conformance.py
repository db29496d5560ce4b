"""jq, the JSONPaths and conditions of resources give the answers that were recorded from their engines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from reference_cases import SHARED_CASES, Case, plain

from pinnace.base.errors import PinnaceError
from pinnace.language.gjson import text_at
from pinnace.language.jq import apply
from pinnace.language.jsonpath import query
from pinnace.language.kubectl_jsonpath import render
from pinnace.language.resources import parse_conditions
from pinnace.language.values import Failure

CASES = SHARED_CASES.with_name("extra.jsonl")
TABLE = Path(__file__).resolve().parents[2] / "docs" / "expressions.md"

#: The least share of each kind that must pass; what is missing is explained in ``docs/expressions.md``.
FLOORS = {"jq": 1.0, "kubectl-jsonpath": 1.0, "jsonpath": 1.0, "resource": 1.0, "gjson": 1.0}


def with_floats(value: object) -> object:
    """Return a document as Go's encoding/json reads it, which the recorder did: every number is a float."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return [with_floats(each) for each in value]
    return {key: with_floats(each) for key, each in value.items()} if isinstance(value, dict) else value


def run_condition(case: Case) -> object:
    if case.get("mode") == "fail":
        return parse_conditions("", case["expr"]).failed_by(case["data"]) is not None
    return parse_conditions(case["expr"], "").succeeded(case["data"])


def run_gjson(case: Case) -> object:
    text = text_at(json.dumps(case["data"]), case["expr"])
    return text is not None, text or ""


RUNNERS: dict[str, Callable[[Case], object]] = {
    "jq": lambda case: apply(case["expr"], case["data"]),
    "kubectl-jsonpath": lambda case: render(case["expr"], with_floats(case["data"])),
    "jsonpath": lambda case: plain(query(case["expr"], with_floats(case["data"]))),
    "resource": run_condition,
    "gjson": run_gjson,
}


def passes(case: Case) -> bool:
    """Return whether a case has its recorded answer."""
    wanted = case.get("want")
    if case["lang"] == "gjson":
        wanted = (case["exists"], case["want"])
    try:
        got = RUNNERS[case["lang"]](case)
    except (PinnaceError, Failure):
        return bool(case.get("error"))
    return not case.get("error") and type(got) is type(wanted) and got == wanted


@pytest.mark.slow
@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not beside this repository")
def test_the_shared_cases_of_other_languages_pass_to_their_floors(capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    failed = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        total[case["lang"]] += 1
        if passes(case):
            passed[case["lang"]] += 1
        else:
            failed.append(f"{case['lang']} {case['id']} {json.dumps(case['expr'])[:100]}")
    rows = [f"{kind}: {passed[kind]}/{total[kind]}" for kind in FLOORS]
    with capsys.disabled():
        print("\nother languages against the recorded cases:", *rows, sep="\n  ")
    missed = [kind for kind, floor in FLOORS.items() if passed[kind] < floor * total[kind]]
    assert missed == [], "\n".join(failed)


def test_the_table_of_languages_names_every_kind() -> None:
    table = TABLE.read_text(encoding="utf-8")
    assert [kind for kind in FLOORS if f"| {kind} |" not in table] == []
