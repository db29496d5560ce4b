"""Label selectors: what they read, what they match, what they refuse."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.errors import ExpressionError
from pinnace.language.labels import parse_label_selector

LABELS = {"phase": "Running", "count": "3", "empty": "", "example.com/team": "blue"}


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "  ",
        "phase=Running",
        "phase == Running",
        "phase!=Failed",
        "nope!=Failed",
        "phase in (Failed, Running)",
        "phase notin (Failed)",
        "nope notin (Failed)",
        "phase",
        "!nope",
        "count > 2",
        "count<4",
        "empty=",
        "empty in ()",
        "empty in (a,)",
        "empty",
        "example.com/team=blue",
        "phase=Running,count>2,!nope",
    ],
)
def test_a_selector_matches(selector: str) -> None:
    assert parse_label_selector(selector).matches(LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        "phase=running",
        "phase!=Running",
        "phase in (Failed)",
        "nope in (Failed)",
        "nope=",
        "phase notin (Running)",
        "nope",
        "!phase",
        "count > 3",
        "count < 3",
        "phase > 2",
        "nope < 5",
        "phase=Running,nope",
    ],
)
def test_a_selector_does_not_match(selector: str) -> None:
    assert not parse_label_selector(selector).matches(LABELS)


def test_a_selector_is_written_in_the_order_of_its_keys_and_values() -> None:
    written = "z, x in (b,,a) ,!y,c>1,d!=e, in"
    assert str(parse_label_selector(written)) == "c>1,d!=e,in,x in (,a,b),!y,z"


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("a >= 3", "found '=', expected: a label"),
        ("a === b", "found '=', expected: a label"),
        ("= b", "found '=', expected: !, a label, or the end"),
        ("a == b || c", r"found '\|\|', expected: ',' or the end"),
        ("a is b", "found 'is', expected: in, notin, =, ==, !=, >, <"),
        ("a in b", "found 'b', expected: '\\('"),
        ("a in (b", "found '', expected: ',', '\\)' or a value"),
        ("a in (b c)", "found 'c', expected: ',', '\\)' or a value"),
        ("a,", "found '', expected: a label after ','"),
        ("!", "found '', expected: a label"),
        ("a > b", "for '>' the value must be an integer: 'b'"),
        ("a > -1", "'-1' is no value of a label"),
        ('a == "b"', "no value of a label"),
        ("a=" + "b" * 64, "no value of a label"),
        ("a.#", "is no label"),
        ("Example.com/a", "before '/' must be a domain"),
        ("/a", "before '/' must be a domain"),
        ("-a", "is no label"),
    ],
)
def test_what_is_no_selector_is_refused_with_the_reason(selector: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as error:
        parse_label_selector(selector)
    assert error.value.stage == "parse"
    assert error.value.position is not None


@given(st.text(alphabet="ab1.-/!=<>(),\t in", max_size=30))
def test_a_selector_is_read_again_as_it_is_written(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        selector = parse_label_selector(text)
        if all(requirement.values != ("",) for requirement in selector.requirements):
            assert parse_label_selector(str(selector)) == selector
