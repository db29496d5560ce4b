from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.spec.composer import Composer, UnreadableError
from pinnace.spec.scalars import format_float32, format_float64

#: What sigs.k8s.io/yaml 1.6.0 answers, asked once and kept.
ANSWERS = json.loads((Path(__file__).parent / "goyaml.json").read_text())


def compose(text: str) -> Any:
    return Composer(text.encode()).compose()


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal as JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return isinstance(ours, bool) is isinstance(theirs, bool) and ours == theirs


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: repr(case["yaml"]))
def test_a_document_means_what_it_means_to_kubernetes(case: dict[str, Any]) -> None:
    if case.get("refused"):
        with pytest.raises(UnreadableError):
            compose(case["yaml"])
    else:
        assert same(compose(case["yaml"]), case["value"])


def test_a_merged_key_keeps_the_place_where_it_is_written() -> None:
    composer = Composer(b"x: &a {p: 1}\nz: {<<: *a, q: 2}")
    value = composer.compose()
    assert composer.places[id(value["z"])]["p"] == (0, 7, 0, 10)


def test_words_that_become_values_of_another_look_are_remembered() -> None:
    composer = Composer(b"a: [true, n, 'n', off, 5, 0755]")
    composer.compose()
    assert composer.changed_words == {(0, 10): "n", (0, 18): "off", (0, 26): "0755"}


def test_nesting_stops_at_a_limit() -> None:
    assert compose("[" * 200 + "]" * 200)
    with pytest.raises(UnreadableError, match="nested more than 200"):
        compose("[" * 201 + "]" * 201)


def test_a_billion_laughs_are_refused_before_they_are_written_out() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for name, before in zip("bcdefghij", "abcdefghi", strict=True):
        text += f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(UnreadableError, match="excessive aliasing") as caught:
        compose(text)
    assert caught.value.code == "excessive-aliasing"


def test_a_few_aliases_are_no_bomb() -> None:
    text = "base: &base {image: busybox}\nall: [" + ",".join(["*base"] * 200) + "]\n"
    assert len(compose(text)["all"]) == 200


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_quoted_text_is_always_that_text(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    if not any(break_ in text for break_ in "\x85\u2028\u2029\ufeff\ufffe\uffff"):
        assert compose(f"a: {quoted}") == {"a": text}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1"), (1e7, "1e+07"), (123456.0, "123456"), (1234567.0, "1.234567e+06"), (1e-5, "1e-05"),
        (0.0001, "0.0001"), (16777217.0, "1.6777216e+07"), (-2.5, "-2.5"), (0.0, "0"), (-0.0, "-0"),
        (3.4028234663852886e38, "3.4028235e+38"), (1e39, "+Inf"), (-1e39, "-Inf"),
    ],
)  # fmt: skip
def test_a_number_in_a_text_field_is_printed_through_32_bits(value: float, text: str) -> None:
    assert format_float32(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e3, "1000"), (1.1, "1.1"), (1e21, "1" + "0" * 21), (1.5e-7, "0.00000015"),
        (12345678901234567890.0, "12345678901234567000"), (5e-324, "0." + "0" * 323 + "5"), (0.0, "0"),
    ],
)  # fmt: skip
def test_a_parameter_value_is_printed_without_an_exponent(value: float, text: str) -> None:
    assert format_float64(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_parameter_value_reads_back_as_the_same_number(value: float) -> None:
    text = format_float64(value)
    assert "e" not in text
    assert float(text) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_32_bits_read_back_as_the_same_32_bits(value: float) -> None:
    back = struct.unpack("f", struct.pack("f", float(format_float32(value))))[0]
    assert back == value or math.isclose(back, value, rel_tol=1e-9)
