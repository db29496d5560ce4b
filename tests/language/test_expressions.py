"""Expressions: the door, the errors, the bounds, and what cannot be reached."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import PinnaceError
from pinnace.language.dates import Duration
from pinnace.language.errors import SHOWN_CHARACTERS, ExpressionError
from pinnace.language.expressions import (
    analyse,
    compile_expression,
    environment,
    evaluate,
    evaluate_bool,
    format_result,
)
from pinnace.language.functions import BUILTIN_FUNCTIONS, SPRIG_FUNCTIONS
from pinnace.language.functions.sprig_encoding import REFUSED
from pinnace.language.grammar import PLAIN_BUILTINS
from pinnace.language.parser import parse
from pinnace.language.values import Header

INTEGERS = st.integers(-(2**63), 2**63 - 1)


def run(text: str, **env: object) -> object:
    """Return the value of an expression in a nested environment."""
    return evaluate(text, env, functions=False)


def failure(text: str, **env: object) -> ExpressionError:
    """Return the error of an expression."""
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, env)
    return caught.value


def test_every_builtin_of_the_grammar_is_registered_and_no_other() -> None:
    assert set(BUILTIN_FUNCTIONS) == PLAIN_BUILTINS


def test_flat_variables_become_nested_and_the_more_specific_wins() -> None:
    env = environment({"a": "lost", "a.b": "1", "a.b-c": "2", "a.b.c": "3"})
    assert env["a"] == {"b": {"c": "3"}, "b-c": "2"}


def test_a_condition_must_be_true_or_false() -> None:
    assert evaluate_bool("1 < 2", {}) is True
    with pytest.raises(ExpressionError, match="unable to cast expression result '1' to bool"):
        evaluate_bool("1", {})


def test_the_same_text_is_checked_anew_for_variables_of_other_types() -> None:
    assert run("a == 1", a=1) is True
    assert failure("a == 1", a="1").stage == "compile"
    assert run("a == 1", a=2) is False


def test_a_variable_hides_a_builtin_of_its_name() -> None:
    assert run("len == 3", len=3) is True
    assert failure("len('a')", len=3).reason == "int is not callable"
    assert run("::len('a')", len=3) == 1


def test_a_compiled_expression_serves_environments_of_the_same_types() -> None:
    program = compile_expression("a.b + 1", {"a": {"b": 1}})
    assert program({"a": {"b": 41}}) == 42


@given(INTEGERS, INTEGERS)
def test_integers_wrap_at_64_bits(a: int, b: int) -> None:
    expected = ((a + b + 2**63) % 2**64) - 2**63
    assert run("a + b", a=a, b=b) == expected


@given(INTEGERS, INTEGERS.filter(bool))
def test_a_remainder_has_the_sign_of_the_left_side(a: int, b: int) -> None:
    result = run("a % b", a=a, b=b)
    assert isinstance(result, int)
    assert abs(result) == abs(a) % abs(b)
    assert result == 0 or (result < 0) == (a < 0)


def test_true_is_not_one() -> None:
    assert run("m.t == 1", m={"t": True}) is False
    assert run("m.t in [1]", m={"t": True}) is False


def test_strings_are_cut_by_bytes_and_counted_by_characters() -> None:
    assert run("s[0:1]", s="é") == "\udcc3"
    assert run("s[0:1] + s[1:2]", s="é") == "\udcc3\udca9"
    assert run("len(s)", s="é") == 1


def test_headers_are_lists_with_canonical_names_and_a_get_method() -> None:
    response = {"headers": Header.of([("content-type", "text/html"), ("X-A", "1"), ("x-a", "2")])}
    assert run('response.headers["X-A"]', response=response) == ["1", "2"]
    assert run('response.headers.Get("content-TYPE")', response=response) == "text/html"
    assert run('response.headers["Nope"] == nil', response=response) is True


def test_methods_of_times_and_durations_can_be_called() -> None:
    assert run('date("2024-02-29").Weekday().String()') == "Thursday"
    assert run('date("2024-03-01") - date("2024-02-28")') == Duration(2 * 86_400 * 10**9)
    assert run('duration("1h30m").Minutes()') == 90.0


def test_a_long_row_of_operators_is_no_deep_tree() -> None:
    assert run(" + ".join(["1"] * 3000)) == 3000
    assert run(" && ".join(["true"] * 3000)) is True


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 500 + "]" * 500,
        "-" * 500 + "1",
        "a" + ".b" * 9000,
        "if true {" * 300,
        "1 ? " * 300,
    ],
)
def test_a_text_that_is_too_deep_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"a": {}})


@pytest.mark.parametrize(
    "text",
    [
        "1..2000000",
        "map(1..1000, 1..1000)",
        'let a = repeat("x", 999999); let b = a+a+a+a+a+a+a+a; let c = b+b+b+b+b+b+b+b; c + c',
        "sprig.until(999999999)",
        'sprig.repeat(999999999, "a")',
        "reduce(1..60, sprig.concat(#acc, #acc), [1])",
        'sprig.regexReplaceAll("", s, s)',
        "count(l, count(l, count(l, true) > 0) > 0)",
        'toJSON(sprig.set(d, "self", d))',
    ],
)
def test_an_expression_cannot_exhaust_memory_or_time(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"budget|times|deep"):
        evaluate(text, {"s": "a" * 100_000, "l": [1] * 3000, "d.x": "1"})


@pytest.mark.parametrize(
    "text",
    [
        "__class__",
        '"".__class__',
        "m.__class__.__mro__",
        "sprig.trim.__globals__",
        "now().instant",
        "l.append",
    ],
)
def test_no_attribute_of_python_can_be_reached(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"m": {}, "l": []})


@pytest.mark.parametrize("name", ["env", "expandenv"])
def test_the_environment_of_the_process_is_not_there(name: str) -> None:
    assert name not in SPRIG_FUNCTIONS
    assert failure(f'sprig.{name}("HOME")').stage == "run"


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_the_network_or_makes_keys_is_refused_with_a_remedy(name: str) -> None:
    assert "do this in a task instead" in failure(f"sprig.{name}()").reason


def test_an_error_shows_where_it_is_and_no_more_of_the_text_than_needed() -> None:
    error = failure("1 +\n  nope" + " " * 500)
    assert (error.stage, error.position) == ("compile", 6)
    assert "(2:3) near " in str(error)
    assert len(str(error)) < 3 * SHOWN_CHARACTERS


def test_a_run_error_points_at_the_part_that_fails() -> None:
    assert failure('true && sprig.div(1, 0) == 1 ? "a" : "b"').position == 14


def test_what_an_expression_mentions_is_known_without_evaluating_it() -> None:
    analysis = analyse("steps.a.outputs.x + (b.c ?? d['e f'].g) + h?.i + len(j[k].l)")
    assert analysis.roots == frozenset({"steps", "b", "d", "h", "j", "k"})
    assert set(analysis.required) == {
        "steps", "steps.a", "steps.a.outputs", "steps.a.outputs.x", "b", "d", "d.e f", "d.e f.g", "h", "j",
        "k",
    }  # fmt: skip


def test_a_stored_result_is_written_as_go_prints_it() -> None:
    assert format_result([1, 2.5, None, {"b": True, "a": "x"}]) == "[1 2.5 <nil> map[a:x b:true]]"


@given(st.text(alphabet="ab1.?[](){}+-*/%&|!=<>\"' ,:;#$\\n\x00é", max_size=40))
def test_any_text_evaluates_or_is_refused(text: str) -> None:
    with contextlib.suppress(PinnaceError):
        evaluate(text, {"a.b": "1", "b": [1, {"a": 2}]})


@given(
    st.recursive(st.none() | st.booleans() | INTEGERS | st.text(), lambda inner: st.lists(inner, max_size=3))
)
def test_a_literal_means_its_value(value: object) -> None:
    assert run(literal(value)) == value


def literal(value: object) -> str:
    """Return the expression of a value."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(each):08x}" for each in value)
        return f'"{escaped}"'
    return f"(0 - {-value - 1} - 1)" if isinstance(value, int) and value < 0 else str(value)


def test_the_tree_keeps_the_place_of_every_part() -> None:
    assert parse("a + b").position == 2


def test_what_is_given_to_an_unknown_function_is_not_checked_for_its_number_of_arguments() -> None:
    assert evaluate("$env?.nope?.f(ceil(1, 2), toJSON(1, 2))", {"a": 1}, functions=False) is None
    with pytest.raises(ExpressionError, match="invalid number of arguments"):
        evaluate("$env?.nope?.f(ceil())", {"a": 1}, functions=False)


@pytest.mark.parametrize("expression", ["sprig.fromJson(!0)", "sprig.max(-true)", "sprig.trim(not -3)"])
def test_a_sign_before_the_wrong_type_of_constant_fails_when_it_is_evaluated(expression: str) -> None:
    with pytest.raises(ExpressionError) as error:
        evaluate(expression, {})
    assert error.value.stage == "run"
