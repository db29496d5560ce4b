"""What Go's decoder says about texts that are not JSON. Measured: each message is that of encoding/json."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language.gojson import decode_json
from pinnace.language.json_syntax import syntax_error
from pinnace.language.values import Failure


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unexpected end of JSON input"),
        ("[1,2", "unexpected end of JSON input"),
        ('"open', "unexpected end of JSON input"),
        ("mary had", "invalid character 'm' looking for beginning of value"),
        ("[NaN]", "invalid character 'N' looking for beginning of value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("'x'", r"invalid character '\'' looking for beginning of value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ("no list", "invalid character 'o' in literal null (expecting 'u')"),
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ("[1 2]", "invalid character '2' after array element"),
        ('{"a"}', "invalid character '}' after object key"),
        ('{"a":1 "b"}', "invalid character '\"' after object key:value pair"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ('{"a":1}}', "invalid character '}' after top-level value"),
        ("01", "invalid character '1' after top-level value"),
        ("-Infinity", "invalid character 'I' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ('"a\nb"', r"invalid character '\n' in string literal"),
        (r'"\x"', "invalid character 'x' in string escape code"),
        (r'"\u12g4"', r"invalid character 'g' in \u hexadecimal character escape"),
    ],
)
def test_what_is_wrong_is_told_as_go_tells_it(text: str, message: str) -> None:
    assert syntax_error(text) == message
    with pytest.raises(Failure) as caught:
        decode_json(text)
    assert caught.value.message == message


@given(st.text(alphabet='{}[]:,"\\ \n-+.eE01truefalsn\x01é', max_size=20))
def test_exactly_what_is_json_has_no_error(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refused)
    except ValueError:
        assert syntax_error(text)
    else:
        assert syntax_error(text) == ""


def _refused(constant: str) -> None:
    raise ValueError(constant)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_of_any_value_has_no_error(value: object) -> None:
    assert syntax_error(json.dumps(value)) == ""
    assert syntax_error(json.dumps(value, ensure_ascii=False, indent=1)) == ""


def test_what_no_number_can_hold_and_what_is_no_unicode() -> None:
    with pytest.raises(Failure, match=r"^json: cannot unmarshal number 1e999 into Go value of type float64$"):
        decode_json("[1e999]")
    with pytest.raises(Failure, match=r"^exceeded max depth$"):
        decode_json("[" * 200_000)
    assert decode_json(r'{"a\udc80": ["\ud83d\ude00 \ud800x"]}') == {"a�": ["\U0001f600 �x"]}
