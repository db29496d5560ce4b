from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.spec.documents import read_documents


def told(text: str | bytes) -> list[str]:
    return [str(problem) for problem in read_documents(text, "f.yaml")[1]]


def test_a_file_is_cut_at_lines_that_start_with_three_dashes() -> None:
    documents, problems = read_documents("---\na: 1\n---\n\n--- # last\nb: 2\n", "f.yaml")
    assert [(document.value, document.index) for document in documents] == [({"a": 1}, 0), ({"b": 2}, 2)]
    assert problems == []


def test_every_key_and_value_has_its_line_and_column() -> None:
    documents, _ = read_documents("a: 1\n---\nspec:\n  templates:\n  - name: x\n    image: y\n", "f.yaml")
    positions = documents[1].positions
    assert positions.of(("spec", "templates", 0, "image")) == (6, 5)
    assert positions.of_value(("spec", "templates", 0, "image")) == (6, 12)
    assert positions.of(("spec", "templates", 0)) == (5, 5)


def test_what_has_no_place_gets_that_of_its_nearest_parent() -> None:
    documents, _ = read_documents("spec:\n  name: x\n", "f.yaml")
    assert documents[0].positions.of(("spec", "missing", 3)) == (1, 1)
    assert documents[0].positions.of(("spec", "name", "deeper")) == (2, 3)


def test_an_error_names_file_line_and_column() -> None:
    assert told("a: 1\n---\nb: [1,\n") == [
        "f.yaml:4:1: error[invalid-yaml]: while parsing a flow node: did not find expected node content"
    ]


def test_a_tag_without_quotes_is_told_to_want_them() -> None:
    _, problems = read_documents("a: {{inputs.parameters.x}}", "m.yaml")
    assert [str(problem) for problem in problems] == [
        "m.yaml:1:5: error[invalid-yaml]: a key must be a scalar (a value that begins with {{ needs quotes)"
    ]


def test_one_bad_document_does_not_hide_the_others() -> None:
    documents, problems = read_documents("a: 1\n---\nb: [\n---\nc: {\n---\nd: 4\n", "f.yaml")
    assert [document.value for document in documents] == [{"a": 1}, {"d": 4}]
    assert [problem.line for problem in problems] == [4, 6]


def test_a_repeated_key_warns_and_the_last_one_counts() -> None:
    documents, problems = read_documents("a: 1\na: 2\n", "f.yaml")
    assert documents[0].value == {"a": 2}
    assert [(problem.code, problem.severity, problem.line) for problem in problems] == [
        ("duplicate-key", "warning", 2)
    ]


def test_bytes_that_are_not_utf_8_are_a_problem_with_a_place() -> None:
    assert told(b"a: 1\nb: \xff") == [
        "f.yaml:2:4: error[invalid-utf-8]: byte 0xff is not UTF-8 (save the file as UTF-8)"
    ]


def test_a_nul_is_a_problem_with_a_place() -> None:
    assert told(b"a: 1\nb: \x00") == [
        "f.yaml:2:4: error[invalid-yaml]: character 0x0 is not allowed in YAML (remove it or escape it)"
    ]


def test_a_byte_order_mark_is_no_content() -> None:
    assert read_documents(b"\xef\xbb\xbfa: 1", "f.yaml")[0][0].value == {"a": 1}


def test_windows_line_ends_read_alike() -> None:
    documents, problems = read_documents("a: 1\r\n---\r\nb: 2\r\n", "f.yaml")
    assert [document.value for document in documents] == [{"a": 1}, {"b": 2}]
    assert problems == []


def test_json_that_is_no_yaml_reads_as_json() -> None:
    (document,), problems = read_documents('{"a": "\\ud83d\\ude00", "b": "\\/"}', "f.json")
    assert document.value == {"a": "\U0001f600", "b": "/"}
    assert problems == []


def test_json_that_is_no_yaml_may_not_be_deeper_than_yaml() -> None:
    deep = '{"s": "\\ud83d\\ude00", "a": ' + '{"a": ' * 300 + "1" + "}" * 301
    assert [problem.code for problem in read_documents(deep, "f.json")[1]] == ["invalid-yaml"]


@pytest.mark.slow
def test_ten_megabytes_are_read() -> None:
    step = "      - name: t\n        source: |\n" + "          print(1)\n" * 50
    text = "spec:\n  templates:\n  - dag:\n      tasks:\n" + step * (10_000_000 // len(step))
    documents, problems = read_documents(text, "f.yaml")
    assert len(text) > 9_900_000
    assert len(documents[0].value["spec"]["templates"][0]["dag"]["tasks"]) > 10_000
    assert problems == []


def test_words_as_keys_that_yaml_reads_as_booleans_are_told() -> None:
    (line,) = told("on: 1\n'off': 2\n")
    assert line == (
        "f.yaml:1:1: warning[boolean-key]: on without quotes is a boolean in YAML:"
        " this key is read as its text, true or false (put quotes around it)"
    )


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    read_documents(data, "f.yaml")


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    documents, _ = read_documents(text, "f.yaml")
    for document in documents:
        document.positions.of(("a", 0))


@given(st.text(alphabet="[]{}:,-&*!|>'\"#%@`ab \n\t<~?.0x1", max_size=120))
def test_no_heap_of_yaml_punctuation_raises(text: str) -> None:
    read_documents(text, "f.yaml")
