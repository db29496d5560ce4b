"""jq filters: what they make of documents, what they refuse, and that they end."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.errors import ExpressionError
from pinnace.language.jq import apply, evaluate
from pinnace.language.jq.budget import Budget

POD = {
    "name": "a",
    "phase": "Running",
    "ports": [80, 443, 8080],
    "labels": {"app": "x", "tier": "web"},
    "conditions": [{"type": "Ready", "ok": True}, {"type": "Synced", "ok": False}],
}


@pytest.mark.parametrize(
    ("filter_", "text"),
    [
        (".", json.dumps(POD, separators=(",", ":"), sort_keys=True)),
        (".name", "a"),
        (".nope.deeper", "null"),
        (".ports[0], .ports[-1]", "80\n8080"),
        (".ports[1:]", "[443,8080]"),
        (".ports | map(. + 1)", "[81,444,8081]"),
        ('.conditions[] | select(.type == "Ready") | .ok', "true"),
        (".labels | to_entries | map(\"\\(.key)=\\(.value)\") | join(\",\")", "app=x,tier=web"),
        ("[.conditions[] | .type] | sort | reverse", '["Synced","Ready"]'),
        ("{name, n: (.ports | length)}", '{"n":3,"name":"a"}'),
        ('"<\\(.name)>", ["<"]', '<a>\n["\\u003c"]'),
        (".nope // \"default\"", "default"),
        (".name | try error(\"no \" + .) catch .", "no a"),
        ("[.ports[] as $p | $p * 2]", "[160,886,16160]"),
        ("reduce .ports[] as $p (0; . + $p)", "8603"),
        ("[foreach .ports[] as $p (0; . + $p)]", "[80,523,8603]"),
        (". as {name: $n, ports: [$first]} | [$n, $first]", '["a",80]'),
        ("[.ports, .name] | map(. as [$p] ?// $p | $p)", '[80,"a"]'),
        ("[path(..)] | length", "17"),
        ("[paths(type == \"boolean\")]", '[["conditions",0,"ok"],["conditions",1,"ok"]]'),
        (".ports[0] = 1 | .ports", "[1,443,8080]"),
        (".ports |= map(select(. > 100)) | .ports", "[443,8080]"),
        ("(.ports[] | select(. > 100)) |= empty | .ports", "[80]"),
        (".ports[1:] += [1] | .ports", "[80,443,8080,1]"),
        ("del(.labels, .conditions[0]) | keys | length", "4"),
        ("def twice(f): f | f; 2 | twice(. * .)", "16"),
        ("def f($x; g): [$x, g]; f(1, 2; 3)", "[1,3]\n[2,3]"),
        ("label $done | 1, break $done, 2", "1"),
        ("[limit(3; range(10))], first(range(5; 9)), [skip(8; range(10))]", "[0,1,2]\n5\n[8,9]"),
        ("[.conditions[] | .type] | @csv, (.[0] | @sh, @base64)", '"Ready","Synced"\n\'Ready\'\nUmVhZHk='),
        ('.phase | test("^run"; "i"), sub("(?<v>[aeiou])"; "<\\(.v)>")', "true\nR<u>nning"),
        ("0 | todate, (\"2020-02-03T04:05:06Z\" | fromdate)", "1970-01-01T00:00:00Z\n1580702706"),
        ("1 / 3, 10 / 5, 7 % 3, -7 % 3, 1e1000", None),
        ("9007199254740993, (9007199254740993 | . + 1)", "9007199254740993\n9007199254740994"),
        ("\"1.50\" | fromjson, tonumber", "1.50\n1.5"),
        ("env, $ENV | length", "0\n0"),
        ("[(1,2) + (10,20)]", "[11,12,21,22]"),
        ("{a: (1,2), b: 3} | .a", "1\n2"),
        ("\"a\" as $x | \"b\" as $y | $x + $y", "ab"),
        ("empty", ""),
        ("\"  padded  \"", "padded"),
        ("# only a comment\n .name # and one more", "a"),
    ],
)  # fmt: skip
def test_a_filter_makes_text(filter_: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(ExpressionError, match="unsupported value"):
            apply(filter_, POD)
    else:
        assert apply(filter_, POD) == text


def test_numbers_of_a_document_are_floats_as_go_reads_them() -> None:
    assert apply(".", 12345678901234567890) == "12345678901234567000"
    assert apply(". * 1", 5) == "5"


@pytest.mark.parametrize(
    ("filter_", "stage", "reason"),
    [
        ("", "parse", "unexpected EOF"),
        (".a |", "parse", "unexpected EOF"),
        ("1 == 2 == 3", "parse", 'unexpected token "=="'),
        ('"\\q"', "parse", "invalid escape sequence"),
        ('"open', "parse", "unterminated string literal"),
        ("1.2.3", "parse", "invalid token"),
        ("{(1)}", "parse", "unexpected token"),
        ("nope(1)", "compile", "function not defined: nope/1"),
        ("$nope", "compile", r"variable not defined: \$nope"),
        ("break $x", "compile", r"label not defined: \$x"),
        ("input", "compile", r"input\(s\)/0 is not allowed"),
        (".name.a", "run", r'expected an object but got: string \("a"\)'),
        (".ports.a", "run", r"expected an object but got: array \(\[80,443,8080\]\)"),
        (".name[]", "run", "cannot iterate over: string"),
        ('1 + "a"', "run", r'cannot add: number \(1\) and string \("a"\)'),
        ("1 / 0", "run", "cannot divide"),
        ("path(1 + 1)", "run", "invalid path against"),
        ('error("mine")', "run", "error: mine"),
        ("try halt catch 1", "run", "halt error"),
        ("nan", "run", "unsupported value"),
        ('.name | test("(")', "run", "invalid regular expression"),
    ],
)
def test_an_error_says_what_failed_and_when(filter_: str, stage: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as error:
        apply(filter_, POD)
    assert error.value.stage == stage


def test_an_error_in_a_filter_leaves_no_results() -> None:
    with pytest.raises(ExpressionError):
        apply('1, error("x")', None)


def test_an_error_after_a_try_is_not_its_own() -> None:
    assert apply('[.[] | try (if . then . else error("in") end) catch "caught"]', [1, None]) == '[1,"caught"]'
    with pytest.raises(ExpressionError, match="error: out"):
        apply('try 1 catch "caught" | error("out")', None)


def test_a_call_in_the_last_place_takes_no_stack() -> None:
    assert apply("def count: if . < 50000 then . + 1 | count else . end; 0 | count", None) == "50000"
    assert apply("last(range(20000))", None) == "19999"
    assert apply("[recurse(if . < 3000 then . + 1 else empty end)] | length", 0) == "3001"


@pytest.mark.parametrize(
    "filter_",
    [
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: (1, f); [f]",
        "repeat(1)",
        "def f: try error catch f; f",
        "def f(x): f(x | x); f(1)",
        "def f: [., .] | f; f",
        "reduce range(60) as $i (0; [., .]) | tojson",
        "reduce range(60) as $i (0; [., .]) | . == (map(.))",
        "reduce range(99) as $i (\"a\"; . + .)",
        '"a" * 1000000000',
        ".[1e9] = 1",
        "[range(1e18)]",
        "path(def f: .a | f; f)",
        "reduce range(1000000) as $i (1; . * 3)",
        "[" * 2000,
        "1" + "+1" * 5000,
    ],
)  # fmt: skip
def test_a_filter_that_never_ends_or_grows_too_large_is_refused(filter_: str) -> None:
    with pytest.raises(ExpressionError, match=r"too|memory|unexpected EOF"):
        list(evaluate(filter_, None, Budget(400_000)))


def test_the_document_is_not_changed() -> None:
    document = {"a": [1, {"b": 2}], "c": {"d": 3}}
    before = json.dumps(document)
    list(evaluate(".a[1].b |= 5 | .c.d = 6 | del(.a[0]) | .a[:1] = [7]", document))
    assert json.dumps(document) == before


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_is_made_again_of_its_stream(value: object) -> None:
    assert apply(". as $whole | fromstream(tostream) == $whole", value) == "true"


@given(VALUES)
def test_what_is_sorted_is_in_order(value: object) -> None:
    assert apply("[..] | sort | . == (sort_by(.)) and (length < 2 or .[0] <= .[1])", value) == "true"


@given(st.text(alphabet='.[]{}()|,:;"\\$?/=+-*ab1 \n#@', max_size=25))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        apply(text, {"a": [1, 2]})
