"""JSONPath as ``jsonpath()`` in expressions has it."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_cases import SHARED_CASES

from pinnace.language.expressions import evaluate
from pinnace.language.jsonpath import query
from pinnace.language.values import Failure

STORE = {
    "book": [
        {"title": "A", "price": 8.0, "tags": ["x", "y"]},
        {"title": "B", "price": 12.0},
        {"title": "it's", "price": 9.0, "a.b": 1.0},
    ],
    "length": "own",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.book[0].title", "A"),
        ("$['book'][-1][\"a.b\"]", 1.0),
        ("$.book[*].title", ["A", "B", "it's"]),
        ("$.book[*].tags", [["x", "y"]]),
        ("$..price", [8.0, 12.0, 9.0]),
        ("$.book[0:2].title", ["A", "B"]),
        ("$.book[::-2].title", ["it's", "A"]),
        ("$.book[0,2].price", [8.0, 9.0]),
        ("$.book[0]['title','price']", ["A", 8.0]),
        ("$.book[?(@.price < 10)].title", ["A", "it's"]),
        ("$.book[?(@.price > 8 && @.title == 'B')].price", [12.0]),
        ("$.book[?(@.tags)].title", ["A"]),
        ("$.book[?(@.title =~ '^[AB]$')].price", [8.0, 12.0]),
        ("$.book[?('x' in @.tags)].title", []),
        ("$.book[(@.length-1)].price", 9.0),
        ("$.book.length", 3),
        ("$.length", "own"),
        ("$.book[?(@.price>8)][0].title", "B"),
    ],
)
def test_a_path_selects(path: str, found: object) -> None:
    assert query(path, STORE) == found


@pytest.mark.parametrize(
    "path", ["$.nope", "$.book[9]", "$.book.title", "$.length[0]", "$.book[0:1:0]", "$.book[?()]"]
)
def test_a_definite_path_to_nothing_is_an_error(path: str) -> None:
    with pytest.raises(Failure):
        query(path, STORE)


@pytest.mark.parametrize(
    "path", ["", "book", "$book", "$[", "$[]", "$.book[0,:1]", "$[key]", "$['a'b']", "$[?@.a]"]
)
def test_a_malformed_path_is_an_error(path: str) -> None:
    with pytest.raises(Failure):
        query(path, STORE)


def test_an_expression_reads_json_by_a_path() -> None:
    assert evaluate("jsonpath(x, '$.a[1]')", {"x": '{"a": [1, 2]}'}) == 2.0


@pytest.mark.slow
def test_a_query_that_multiplies_itself_is_stopped() -> None:
    deep: object = [1.0] * 8
    for _ in range(5):
        deep = [deep] * 8
    with pytest.raises(Failure, match="steps"):
        query("$..*..*..*", deep)


@given(st.text(alphabet="$@.[]*?()'\"ab0-:,<= ", max_size=20))
def test_any_path_selects_or_is_refused(path: str) -> None:
    with contextlib.suppress(Failure):
        query("$" + path, {"a": [1.0, {"b": "x"}]})


@pytest.mark.skipif(not SHARED_CASES.exists(), reason="the shared cases are not beside this repository")
def test_the_shared_cases_all_pass() -> None:
    wrong: list[str] = []
    with SHARED_CASES.with_name("extra.jsonl").open(encoding="utf-8") as lines:
        cases = [case for case in map(json.loads, lines) if case["lang"] == "jsonpath"]
    for case in cases:
        document = json.loads(json.dumps(case["data"]), parse_int=float)
        try:
            found = json.dumps(query(case["expr"], document), sort_keys=True)
        except Failure:
            if not case.get("error"):
                wrong.append(case["expr"])
        else:
            if case.get("error") or found != json.dumps(case["want"], sort_keys=True):
                wrong.append(case["expr"])
    assert wrong == []
