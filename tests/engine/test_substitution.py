"""Replacing tags value by value: what is inserted is data, and what has no tag is not touched."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pinnace.engine.substitute import fill, tagged
from pinnace.language.tags import FlatScope
from pinnace.spec.templates import HTTP, HTTPHeader, Template

anything = st.text(st.characters(codec=None))
nasty = st.one_of(
    anything,
    st.sampled_from(
        ["{{x}}", "}}", "{{", "{{=1+1}}", '"', "\\", "\n", "\x00\x1b\x7f", '"}},{"a":"', "\ud800"]
    ),
)


@given(nasty, nasty)
def test_a_value_is_data_wherever_it_is_put(value: str, other: str) -> None:
    scope = FlatScope({"x": value, "y": other})
    part: Any = {"plain": ["<{{x}}>", "{{y}}{{x}}"], "{{x}}": {"deep": ("{{ x }}", 7, None)}}
    found = fill({}, part, scope)
    assert found["plain"] == [f"<{value}>", f"{other}{value}"]
    assert list(found)[1] == value or value == "plain"


def test_structures_are_replaced_where_they_hold_tags_and_only_there() -> None:
    header = HTTPHeader(name="A", value="{{x}}")
    plain = HTTPHeader(name="B", value="b")
    template = Template(name="t", http=HTTP(url="{{x}}/{{unknown}}", headers=(header, plain)))
    found = fill({}, template, FlatScope({"x": "X"}))
    assert found.http is not None
    assert found.http.url == "X/{{unknown}}"
    assert found.http.headers == (HTTPHeader(name="A", value="X"), plain)
    assert found.http.headers[1] is plain


def test_a_part_without_tags_is_returned_as_it_is() -> None:
    template = Template(name="t", http=HTTP(url="http://there"))
    assert tagged(template) is None
    assert fill({}, template, FlatScope()) is template


def test_where_tags_are_is_found_once_a_part() -> None:
    memo: dict[Any, Any] = {}
    part = ["{{x}}"]
    fill(memo, part, FlatScope({"x": "1"}))
    kept = dict(memo)
    assert fill(memo, part, FlatScope({"x": "2"})) == ["2"]
    assert memo == kept
