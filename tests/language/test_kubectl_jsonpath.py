"""JSONPath templates as kubectl has them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.errors import ExpressionError
from pinnace.language.kubectl_jsonpath import render

PODS = {
    "items": [
        {"name": "a", "ready": True, "restarts": 0, "ports": [80, 443], "labels": {"app.io/x": "1"}},
        {"name": "b", "ready": False, "restarts": 3, "ports": [], "note": None},
        {"name": "it's", "ready": True, "restarts": 12, "ports": [8080]},
    ],
    "kind": "List",
    "load": 1000000.0,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.kind}", "List"),
        ("{$.kind}{@['kind']}{['kind']}", "ListListList"),
        ("kind is {.kind}.", "kind is List."),
        ("{.nope}", ""),
        ("{.nope.deeper}", ""),
        ("{.load}", "1e+06"),
        ("{.items[0].restarts} {.items[1].note} {.items[0].ready}", "0 null true"),
        ("{.items[*].name}", "a b it's"),
        ("{.items[-1].name}{.items[0,1].restarts}", "it's0 3"),
        ("{.items[0:2].name}/{.items[::2].name}/{.items[1:].name}", "a b/a it's/b it's"),
        ("{.items[0].ports}{.items[0].labels}", '[80,443]{"app.io/x":"1"}'),
        (r"{.items[0].labels.app\.io/x}", "1"),
        (r"{.items[0].labels['app\.io/x']}", "1"),
        ("{..restarts}", "0 3 12"),
        ("{.items[?(@.ready)].name}", "a b it's"),
        ("{.items[?(@.ready==true)].name}", "a it's"),
        ("{.items[?(@.restarts>2)].name}", "b it's"),
        ('{.items[?(@.name=="b")].restarts}', "3"),
        ('{.items[?(@.name != "b")].restarts}', "0 12"),
        ('{range .items[*]}{.name}={.restarts}{"\\n"}{end}', "a=0\nb=3\nit's=12\n"),
        ("{range .items[*]}{.name}:{range .ports[*]}{@},{end};{end}!", "a:80,443,;b:;it's:8080,;!"),
        ("{range .none[*]}{.name}{end}done", "done"),
        ("{'single'}{\"dou\\tble\"}{5}{1.5}", "singledou\tble51.5"),
        ("}", "}"),
        ("", ""),
    ],
)
def test_a_template_makes_text(template: str, text: str) -> None:
    assert render(template, PODS) == text


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{.kind", "unclosed action"),
        ("{.items[0}", "unterminated array"),
        ("{.items[x]}", "invalid array index x"),
        ("{.items[?(@.a==1]}", "unterminated filter"),
        ("{.....a}", "invalid multiple recursive descent"),
        ("{'open}", "unterminated quoted string"),
        ("{'\\q'}", "unquote string"),
        ("{1.2.3}", "cannot parse number"),
        ("{#}", "unrecognized character"),
        ("x" * 20_000, "too long"),
    ],
)
def test_what_is_no_template_is_refused_when_it_is_read(template: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as error:
        render(template, PODS)
    assert error.value.stage == "parse"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{.items[9]}", "array index out of bounds: index 9, length 3"),
        ("{.items[2:1]}", "starting index 2 is greater than ending index 1"),
        ("{.items[::0]}", "step must be > 0"),
        ("{.kind[0]}", "string is not array or slice"),
        ("{.kind[?(@.a)]}", "cannot be filtered"),
        ('{.items[?(@.restarts=="3")]}', "incompatible types for comparison: 0 and 3"),
        ("{.items[?(@.ports==1)]}", "invalid type for comparison"),
        ("{.items[?(@.name<>1)]}", "unrecognized filter operator <>"),
        ("{end}", "not in range"),
        ("{hello}", "unrecognized identifier hello"),
    ],
)
def test_a_template_that_cannot_be_followed_is_an_error(template: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as error:
        render(template, PODS)
    assert error.value.stage == "run"


def test_the_work_of_a_template_is_bounded() -> None:
    deep: object = "x"
    for _ in range(200):
        deep = [deep]
    with pytest.raises(ExpressionError, match="memory budget exceeded"):
        render("{range ..}{range ..}{range ..}{..}{end}{end}{end}", deep)


def test_a_document_of_any_depth_is_walked_or_refused() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ExpressionError, match="nested too deeply"):
        render("{..}", deep)


@given(st.text(alphabet="{}[]()?@$.*'\"\\ab0:,-=<>rangeend \n", max_size=40))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        render(text, PODS)
