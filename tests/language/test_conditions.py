"""Conditions: ``when`` of steps and of CronWorkflows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.conditions import (
    evaluate_condition,
    evaluate_cron_when,
    evaluate_when,
    substitute_when,
)
from pinnace.language.errors import ExpressionError
from pinnace.language.tags import FlatScope

WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True).filter(
    lambda word: word not in {"in", "true", "false"}
)


def test_without_a_condition_a_step_runs() -> None:
    assert evaluate_when("") is True
    assert evaluate_cron_when("") is True


@given(WORDS, WORDS)
def test_a_bare_word_means_itself(a: str, b: str) -> None:
    assert evaluate_when(f"{a} == {b}") is (a == b)
    assert evaluate_when(f"{a} != '{b}'") is (a != b)


@given(st.text(max_size=30))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert evaluate_when(text) in (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a==-1", "Invalid 'when' expression 'a==-1': Invalid token: '==-' (hint: try wrapping"),
        ("a b", "Invalid 'when' expression 'a b': Cannot transition token types from VARIABLE [a]"),
        ("(a == b", "Invalid 'when' expression '(a == b': Unbalanced parenthesis"),
        ("f(1)", "Invalid 'when' expression 'f(1)': Undefined function f"),
        ("'a", "Invalid 'when' expression ''a': Unclosed string literal"),
        ("!foo", "Failed to parse 'when' expression '!foo'"),
        (
            "a && true",
            "Failed to evaluate 'when' expression 'a && true': Value 'a' cannot be used with the logical",
        ),
        ("foo-bar == x", "Failed to evaluate 'when' expression 'foo-bar == x': Value 'foo' cannot be used"),
        ("1 + 1", "Expected boolean evaluation for '1 + 1'. Got 2"),
    ],
)
def test_an_error_says_what_argo_says(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate_when(text)
    assert str(caught.value).startswith(message)


def test_a_cron_condition_knows_no_bare_words() -> None:
    assert evaluate_cron_when("1 < 2") is True
    with pytest.raises(ExpressionError, match="No parameter 'foo' found"):
        evaluate_cron_when("foo == 'foo'")


def test_a_quoted_date_is_a_number_of_seconds() -> None:
    assert evaluate_condition("'2020-01-01' < '2020-01-02'", {}) is True
    assert evaluate_condition("'1970-01-02' + 0", {}) == 86_400.0


def test_parameters_are_numbers_strings_or_booleans() -> None:
    assert evaluate_condition("n * 2 > 3 && s =~ '^a'", {"n": 2, "s": "abc"}) is True


def test_deep_brackets_are_refused() -> None:
    with pytest.raises(ExpressionError, match="levels deep"):
        evaluate_when("(" * 500 + "true" + ")" * 500)


@given(st.text(max_size=20), st.sampled_from("'\""))
def test_a_value_between_quotes_stays_between_them(value: str, quote: str) -> None:
    condition = f"[a]b' == {quote}{{{{x}}}}{quote} && 'a' == 'b'"
    substituted = substitute_when(condition.replace("[a]b'", "'a\\'b'"), FlatScope(x=value))
    assert evaluate_when(substituted) is False


@pytest.mark.parametrize("value", ["it's", 'say "hi"', "' || 'a' == 'a", "\\'", "a\\"])
def test_a_value_with_quotes_and_backslashes_equals_itself(value: str) -> None:
    assert evaluate_when(substitute_when("'{{x}}' == '{{x}}' && 'y' != '{{x}}'", FlatScope(x=value)))


def test_a_tag_outside_quotes_is_a_part_of_the_condition() -> None:
    scope = FlatScope({"x": "'a' == 'a'", "y": "]'"})
    assert substitute_when("{{x}} && [{{y}}] == '{{x}}'", scope) == (
        "'a' == 'a' && []'] == '\\'a\\' == \\'a\\''"
    )


def test_a_tag_that_stays_is_left_as_it_is_written() -> None:
    assert substitute_when("'{{=item == 'a'}}' == 'b'", FlatScope()) == "'{{=item == 'a'}}' == 'b'"


def test_an_expression_may_write_the_quotes_of_several_texts() -> None:
    condition = """'b' in ("{{= x | fromJSON() | join('","') }}","")"""
    assert evaluate_when(substitute_when(condition, FlatScope(x='["a","b"]')))
