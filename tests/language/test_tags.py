"""Tags: what is inserted, what stays, what fails."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.errors import AbsentValue, ExpressionError, TagError, UnresolvedVariable
from pinnace.language.tags import LENIENT, MISSING, STRICT, FlatScope, Strictness, Tag, mentions, substitute

BODIES = Strictness(prefixes=("steps", "tasks"))


def test_a_text_without_tags_is_returned_itself() -> None:
    text = "no tags { here }"
    assert substitute(text, FlatScope()) is text


def test_a_text_that_is_one_tag_yields_the_scopes_own_string() -> None:
    value = "x" * 1000
    assert substitute("{{big}}", FlatScope(big=value)) is value


def test_blanks_around_a_key_do_not_count() -> None:
    assert substitute("<{{  x }}>", FlatScope(x="1")) == "<1>"


def test_line_ends_around_a_key_do_count_as_in_argo() -> None:
    assert substitute("{{\nx}}", FlatScope(x="1")) == "{{\nx}}"


@given(st.text())
def test_any_value_is_inserted_as_it_is(value: str) -> None:
    assert substitute("a{{x}}b", FlatScope(x=value)) == f"a{value}b"


@given(st.text(alphabet='{}x="\\\n\x00 '))
def test_a_value_is_never_searched_for_tags(value: str) -> None:
    scope = FlatScope({"x": value, "y": "secret", "z": "{{y}}"})
    assert substitute("{{x}}{{z}}", scope) == value + "{{y}}"


@given(st.text(alphabet="{}ab.= ", max_size=30))
def test_any_text_is_substituted_or_refused_as_malformed(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        substitute(text, FlatScope(a="1", b="2"))


def test_what_the_scope_lacks_stays_when_nothing_must_resolve() -> None:
    assert substitute("{{a}} {{ b }}", FlatScope(a="1"), strict=LENIENT) == "1 {{ b }}"


def test_what_the_scope_lacks_is_unresolved_when_everything_must_resolve() -> None:
    with pytest.raises(UnresolvedVariable, match=r"failed to resolve \{\{b\}\}") as caught:
        substitute("{{a}} {{b}}", FlatScope(a="1"), strict=STRICT)
    assert caught.value.name == "b"


def test_only_the_given_prefixes_must_resolve() -> None:
    assert substitute("{{stepsx.a}}", FlatScope(), strict=BODIES) == "{{stepsx.a}}"
    with pytest.raises(UnresolvedVariable):
        substitute("{{steps.a.status}}", FlatScope(), strict=BODIES)


def test_artifacts_need_not_resolve_below_a_prefix_but_must_when_everything_must() -> None:
    text = "{{tasks.a.outputs.artifacts.b}}"
    assert substitute(text, FlatScope(), strict=BODIES) == text
    with pytest.raises(UnresolvedVariable):
        substitute(text, FlatScope(), strict=STRICT)


def test_an_absent_output_is_an_error_that_waiting_does_not_cure() -> None:
    with pytest.raises(AbsentValue, match="absent optional"):
        substitute("{{steps.a.outputs.result}}", FlatScope({"steps.a.outputs.result": None}))


def test_a_value_that_is_no_string_is_for_expressions_only() -> None:
    assert substitute("{{a}}", FlatScope(a={"b": 1})) == "{{a}}"
    assert substitute("{{= a.b }}", FlatScope(a={"b": 1})) == "1"


def test_an_inner_tag_is_resolved_before_the_outer_one() -> None:
    scope = FlatScope({"i": "2", "p.2": "two", "q.two": "deep"})
    assert substitute("{{p.{{i}}}}", scope) == "two"
    assert substitute("<{{q.{{p.{{i}}}}}}>", scope) == "<deep>"


def test_an_outer_tag_without_a_value_keeps_the_inner_value() -> None:
    assert substitute("{{p.{{i}}}}", FlatScope(i="3")) == "{{p.3}}"


def test_an_inner_value_with_braces_opens_no_tag() -> None:
    assert substitute("{{p.{{i}}}}", FlatScope(i="{{x}}", x="1")) == "{{p.{{x}}}}"


def test_an_absent_inner_value_is_an_error() -> None:
    with pytest.raises(AbsentValue):
        substitute("{{p.{{i}}}}", FlatScope(i=None))


def test_a_tag_that_never_closes_is_an_error_with_its_place() -> None:
    with pytest.raises(TagError) as caught:
        substitute("abc {{x", FlatScope())
    assert caught.value.position == 4


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a'", "a"),
        ("1.0", "1"),
        ("[1, 'a', nil]", '[1,"a",null]'),
        ("{b: '<', a: true}", '{"a":true,"b":"\\u003c"}'),
        ("duration('1s')", "1000000000"),
        ("date('2024-01-02')", "2024-01-02T00:00:00Z"),
        ("1 == 2", "false"),
    ],
)
def test_a_result_is_inserted_as_a_string_or_as_json(expression: str, text: str) -> None:
    assert substitute(f"{{{{={expression} }}}}", FlatScope()) == text


def test_an_expression_that_cannot_be_read_is_an_error_even_when_nothing_must_resolve() -> None:
    with pytest.raises(ExpressionError) as caught:
        substitute("{{= 1 + }}", FlatScope())
    assert caught.value.stage == "parse"


def test_an_expression_whose_variables_are_missing_stays_or_is_unresolved() -> None:
    assert substitute("{{= steps.a.x + 'b' }}", FlatScope()) == "{{= steps.a.x + 'b' }}"
    with pytest.raises(UnresolvedVariable) as caught:
        substitute("{{= steps.a.x + 'b' }}", FlatScope(), strict=BODIES)
    assert caught.value.name == "steps"


def test_an_expression_that_fails_with_all_its_variables_is_an_error_where_strict() -> None:
    scope = FlatScope({"steps.a.x": "b"})
    assert substitute("{{= asInt(steps.a.x) }}", scope) == "{{= asInt(steps.a.x) }}"
    with pytest.raises(ExpressionError, match="int"):
        substitute("{{= asInt(steps.a.x) }}", scope, strict=BODIES)


def test_an_expression_waits_for_variables_that_come_late() -> None:
    text = "{{= lastRetry.exitCode == '1' ? 'again' : 'first' }}"
    assert substitute(text, FlatScope()) == text
    assert substitute(text, FlatScope({"lastRetry.exitCode": "1"})) == "again"


def test_a_coalescing_operator_excuses_what_may_be_absent() -> None:
    scope = FlatScope({"tasks.a.outputs.result": None})
    assert substitute("{{= tasks.a.outputs.result ?? 'none' }}", scope, strict=BODIES) == "none"


def test_nil_stays_where_lenient_and_is_an_error_where_strict() -> None:
    assert substitute("{{= nil }}", FlatScope()) == "{{= nil }}"
    with pytest.raises(ExpressionError, match="nil"):
        substitute("{{= nil }}", FlatScope(), strict=STRICT)


def test_a_placeholder_of_a_check_makes_an_expression_wait() -> None:
    scope = FlatScope(x="__argo__internal__placeholder-1")
    assert substitute("{{= asInt(x) }}", scope, strict=STRICT) == "{{= asInt(x) }}"


def test_a_scope_is_asked_only_for_the_roots_that_an_expression_names() -> None:
    asked: list[frozenset[str]] = []

    class Scope(FlatScope):
        def variables(self, roots: frozenset[str], /) -> dict[str, object]:
            asked.append(roots)
            return {"inputs.parameters.x": "1"}

    assert substitute("{{= inputs.parameters.x + '2' }}", Scope()) == "12"
    assert asked == [frozenset({"inputs"})]


def test_mentions_lists_tags_with_their_places() -> None:
    assert mentions("a {{ x }} {{=y+1}} {{p.{{i}}}}") == (
        Tag("simple", "x", 2, 9),
        Tag("expression", "y+1", 10, 18),
        Tag("nested", "p.", 19, 28),
        Tag("simple", "i", 19, 28),
    )


def test_a_flat_scope_says_missing_for_what_it_lacks() -> None:
    assert FlatScope().get("x") is MISSING
    assert FlatScope({"a.b": 1, "ab": 2}).variables(frozenset({"a"})) == {"a.b": 1}
