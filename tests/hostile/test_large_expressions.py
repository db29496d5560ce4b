"""Expressions, conditions and tags that are made to take long: reading them takes time in proportion."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from pinnace.base.errors import PinnaceError
from pinnace.language.conditions import evaluate_when
from pinnace.language.depends import parse_depends
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import analyse, evaluate
from pinnace.language.grammar import MAX_TOKENS
from pinnace.language.tags import FlatScope, mentions, substitute
from pinnace.language.tokens import tokenize

SCOPE = FlatScope({"a": "1", "inputs.parameters.x": "v"})
READERS: dict[str, Callable[[str], object]] = {
    "tokens": tokenize,
    "analysis": analyse,
    "evaluation": lambda text: evaluate(text, {}),
    "condition": evaluate_when,
    "depends": lambda text: parse_depends(text).evaluate({}),
    "mentions": mentions,
    "substitution": lambda text: substitute(text, SCOPE),
}
#: What is repeated, and what then shows that it was no expression after all.
PARTS = (
    " ", "\t", "\n", "{", "{{", "}}", "{{=", "{{a", "{{a}}", "{{=1}}", "(", "[", "a", "a.", "a ? ", "1 + ",
    "1.", "1_",
    "'", '"', "\\", "//", "//a\n", "/*", "/* */", "a && ", "a || ", "!", "-", "not ", "in ", "..", "??",
    "?.", "~", "^ ",
    "é", "\x1b", "let a=1;", "tasks.a.", "$", "#", "@", "%", "0x", "1e", ":", "a:", ",",
)  # fmt: skip
ENDS = ("", "@", ")", "}}", "'")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("part", PARTS)
def test_reading_takes_time_in_proportion(reader: str, part: str) -> None:
    for end in ENDS:
        text = part * (5_000 // len(part)) + end
        before = time.process_time()
        with contextlib.suppress(PinnaceError):
            READERS[reader](text)
        # A few milliseconds; whatever tries all ways of parting such a text would take hours.
        assert time.process_time() - before < 1


def test_blanks_before_a_wrong_character_are_looked_at_once() -> None:
    with pytest.raises(ExpressionError):
        tokenize(" " * 5_000_000 + "@")


@pytest.mark.parametrize("part", ["(", "1 + ", "a.", "[", "!"])
def test_no_more_tokens_are_read_than_an_expression_may_have(part: str) -> None:
    text = part * (MAX_TOKENS + 1)
    with pytest.raises(ExpressionError, match="exceeds maximum allowed nodes") as raised:
        tokenize(text + "'never looked at")
    assert len(str(raised.value)) < 1_000


def test_as_many_tokens_as_there_may_be_are_read() -> None:
    assert len(tokenize("a " * (MAX_TOKENS - 1))) == MAX_TOKENS


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["1 == 1"] * 3_000, True),
        (["1 == 1"] * 3_000 + ["1 == 2"], False),
        (["1 == 2"] + ["1 == 1"] * 3_000, False),
    ],
)
def test_a_condition_of_thousands_of_terms_is_evaluated(terms: list[str], expected: bool) -> None:
    assert evaluate_when(" && ".join(terms)) is expected
    assert evaluate_when(" || ".join(["1 == 2", *terms])) is True


def test_the_terms_of_a_long_chain_are_taken_from_the_left() -> None:
    assert evaluate_when("10000 - 1" + " - 1" * 3_000 + " == 6999")


@pytest.mark.parametrize(
    "deep", ["(" * 500 + "1 == 1" + ")" * 500, "!" * 5_000 + "true", "1 == " * 5_000 + "1"]
)
def test_nesting_beyond_measure_is_no_defect(deep: str) -> None:
    for read in (evaluate_when, analyse, parse_depends):
        with contextlib.suppress(PinnaceError):  # a RecursionError is none
            read(deep)
