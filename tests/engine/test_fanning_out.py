"""Items: what they are called, what they are as text, and how sequences count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import ManifestError
from pinnace.engine.fanout import Number, describe, sequence
from pinnace.engine.printf import sprintf_integer
from pinnace.spec.parameters import Sequence
from pinnace.spec.templates import MAX_ITEMS


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Sequence(count="3"), ["0", "1", "2"]),
        (Sequence(start="5", count="2"), ["5", "6"]),
        (Sequence(start="2", end="4"), ["2", "3", "4"]),
        (Sequence(start="4", end="2"), ["4", "3", "2"]),
        (Sequence(start="-1", end="1"), ["-1", "0", "1"]),
        (Sequence(count="0"), []),
        (Sequence(end="0"), ["0"]),
        (Sequence(count="2", format="host-%03d"), ["host-000", "host-001"]),
    ],
)
def test_a_sequence_counts(spec: Sequence, expected: list[str]) -> None:
    assert list(sequence(spec)) == expected


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (Sequence(), "neither end nor count"),
        (Sequence(count="many"), "count is 'many', not a whole number"),
        (Sequence(start="1.5", end="3"), "start is '1.5'"),
        (Sequence(end=" 3"), "end is ' 3'"),
        (Sequence(count="1000000000000"), "has 1000000000000 items"),
        (Sequence(start="0", end=str(MAX_ITEMS)), f"has {MAX_ITEMS + 1} items"),
    ],
)
def test_a_sequence_that_is_wrong_says_what(spec: Sequence, text: str) -> None:
    with pytest.raises(ManifestError, match=text):
        sequence(spec)


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("%d", -7, "-7"),
        ("%5d|", 42, "   42|"),
        ("%-5d|", 42, "42   |"),
        ("%05d", -42, "-0042"),
        ("%+d", 42, "+42"),
        ("%x %%", 255, "ff %"),
        ("%#X", 255, "0XFF"),
        ("%o", 8, "10"),
        ("%b", 5, "101"),
        ("%c", 65, "A"),
        ("%s", 7, "%!s(int=7)"),
        ("none", 7, "none%!(EXTRA int=7)"),
        ("%d %d", 7, "7 %!d(MISSING)"),
    ],
)
def test_a_format_is_go_s(form: str, number: int, text: str) -> None:
    assert sprintf_integer(form, number) == text


@pytest.mark.parametrize(
    ("item", "variables", "description"),
    [
        ("text", {"item": "text"}, "text"),
        (7, {"item": "7"}, "7"),
        (1.5, {"item": "1.5"}, "1.5"),
        (True, {"item": "true"}, "true"),
        (Number("1.0"), {"item": "1.0"}, "1.0"),
        (["a", 1], {"item": '["a",1]'}, "[a 1]"),
        (
            {"b": 1, "a": "<x>", "c": [True]},
            {
                "item.a": "<x>",
                "item.b": "1",
                "item.c": "[true]",
                "item": r'{"a":"\u003cx\u003e","b":1,"c":[true]}',
            },
            "a:<x>,b:1,c:[true]",
        ),
        ('a\tb "c"\\', {"item": 'a\tb "c"\\'}, r"a\tb \"c\"\\"),
        (["x\ny"], {"item": r'["x\ny"]'}, r"[x\ny]"),
        ({"a": "x\ny"}, {"item.a": "x\ny", "item": r'{"a":"x\ny"}'}, r"a:x\ny"),
    ],
)
def test_an_item_is_text_to_its_child(item: object, variables: dict[str, object], description: str) -> None:
    assert describe(item) == (variables, description)


def test_null_is_an_item_that_is_shown_as_an_empty_list() -> None:
    assert describe(None) == ({"item": "null"}, "[]")


@given(st.integers(-500, 500), st.integers(-500, 500))
def test_a_sequence_goes_from_its_start_to_its_end(start: int, end: int) -> None:
    found = [int(text) for text in sequence(Sequence(start=str(start), end=str(end)))]
    assert (found[0], found[-1], len(found)) == (start, end, abs(end - start) + 1)
