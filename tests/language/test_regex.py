"""Patterns of RE2: what they match, what is refused, and how long it takes."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.regex import Pattern, compile_pattern, quote_meta
from pinnace.language.regex_machine import Machine
from pinnace.language.regex_parts import emit
from pinnace.language.values import Failure


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^a.c$", "abc", True),
        (r"^a.c$", "abc\n", False),
        (r"(?m)^b$", "a\nb\nc", True),
        (r"a.b", "a\nb", False),
        (r"(?s)a.b", "a\nb", True),
        (r"(?i)STRASSE", "strasse", True),
        (r"\d", "٣", False),
        (r"\w", "é", False),
        (r"\pL+", "é", True),
        (r"\p{Greek}", "\u03b1", True),
        (r"\P{L}", "é", False),
        (r"[[:alpha:]]{3}", "a1b", False),
        (r"[^[:^digit:]]", "5", True),
        (r"\Qa.b\E+", "a.bb", True),
        (r"(?P<n>a)(?<m>b)", "ab", True),
        (r"\x41\x{42}\103", "ABC", True),
        (r"x\z", "x\n", False),
        (r"[]a]", "]", True),
        (r"a{,2}", "a{,2}", True),
        (r"(?i-s:A)b", "aB", False),
        (r"\bfoo\b", "a foo b", True),
        (r"\B", "", True),
        (r"a**", "", None),
        (r"(?U)a+", "aa", True),
    ],
)
def test_a_pattern_matches_as_in_re2(pattern: str, text: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(Failure):
            compile_pattern(pattern)
    else:
        assert compile_pattern(pattern).matches(text) is found


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "[", "[z-a]", "*", "a|*", "(?=a)", "(?!a)", "(?<=a)", "(?>a)", r"(a)\1", r"\Z", r"\k<n>",
        "a{1001}", "a{2,1}", "(a{100}){11}", r"\pX", "[[:foo:]]", "\\", "(?P<n>a)(?P<n>b)", "(?P<>a)", "(?z)",
        "(" * 200 + ")" * 200, "a+++",
    ],
)  # fmt: skip
def test_what_re2_lacks_is_refused(pattern: str) -> None:
    with pytest.raises(Failure, match="regexp"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*)*x", "((a*)*)*b", "(a?){50}a{50}"])
def test_no_pattern_explodes(pattern: str) -> None:
    assert compile_pattern(pattern).matches("a" * 5000 + "!") in (True, False)


def test_a_loop_over_a_long_text_takes_time_that_grows_with_it_alone() -> None:
    assert compile_pattern(".*x.*y").matches("x" * 200_000) is False
    assert compile_pattern("us.*id").matches("-" * 200_000 + "us" + "-" * 100 + "id") is True


@pytest.mark.slow
def test_groups_in_a_text_too_long_for_backtracking_are_refused() -> None:
    with pytest.raises(Failure, match="too expensive"):
        compile_pattern("(a+)+b").search("a" * 2_000_000)


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\b", "^", "$", "(?m:^)", "(?m:$)", r"\w", "c"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        ATOMS.map(lambda each: f"(?:{each}x?)+"),
        ATOMS.map(lambda each: f"{each}*" if each[0] not in "^$(\\" else each),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(alphabet="abc \n_", max_size=8))
def test_the_slow_search_finds_what_the_fast_one_finds(pattern: str, text: str) -> None:
    compiled = Pattern(pattern)
    expected = re.search(emit(compiled.parsed.root), text)
    machine = Machine(compiled.parsed)
    assert machine.matches(text) is (expected is not None)
    spans = machine.search(text, 0)
    assert (spans[0] if spans else None) == (expected.span() if expected else None)


@given(st.text())
def test_a_quoted_text_matches_itself(text: str) -> None:
    pattern = Pattern(quote_meta(text))
    assert pattern.search(text) is not None


@given(st.text(alphabet="ab\\[](){}*+?|^$.-:dpLQE<>P=!", max_size=12))
def test_any_pattern_compiles_or_is_refused(pattern: str) -> None:
    with contextlib.suppress(Failure):
        compile_pattern(pattern).matches("aab-b")


def test_empty_matches_are_found_as_go_finds_them() -> None:
    pattern = compile_pattern("a*")
    assert [spans[0] for spans in pattern.find_all("baac")] == [(0, 0), (1, 3), (4, 4)]
    assert pattern.replace("baac", "-") == "-b-c-"


def test_a_replacement_names_groups() -> None:
    pattern = compile_pattern("(?P<k>[a-z]+)=([0-9]+)")
    assert pattern.replace("a=1, b=2", "$2:${k} $$ $nope $1x") == "1:a $  , 2:b $  "
    assert pattern.replace("a=1", "$2", literal=True) == "$2"


def test_a_split_is_that_of_go() -> None:
    assert compile_pattern("a+").split("baac", -1) == ["b", "c"]
    assert compile_pattern("a").split("banana", 2) == ["b", "nana"]
    assert compile_pattern("").split("abc", -1) == ["a", "b", "c"]
    assert compile_pattern("a").split("a", 0) == []
