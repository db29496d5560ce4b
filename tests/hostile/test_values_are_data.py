"""A parameter's value is data wherever it stands: no quote, brace, tag or newline in it means anything."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from terminal import Terminal, shell, workflow

from pinnace.language.tags import FlatScope, substitute
from pinnace.testing.play import Play

ODD = [
    "'",
    '"',
    "`id`",
    "$(id)",
    "${HOME}",
    "$(HOME)",
    "$$",
    "\\",
    "\\n",
    "\n",
    "\r\n",
    "\t",
    "a\nb\n",
    "{",
    "}",
    "{{",
    "}}",
    "{{workflow.name}}",
    "{{=1+1}}",
    "{{inputs.parameters.x}}",
    "{{item}}",
    "{{{{x}}}}",
    "{{!",
    "%s%n",
    "%2e%2e%2f",
    "-rf",
    "--",
    "*",
    "~",
    "!",
    "#",
    "&&",
    "; exit 9",
    "| cat",
    "> /x",
    "true",
    "null",
    "0x10",
    "1e3",
    "012",
    "[1]",
    '{"a": 1}',
    "- a",
    "a: b",
    "!!python/object",
    "&a",
    "*a",
    "---",
    "\x01\x02\x1b[31m\x7f",
    "\u0085\u2028\u202e",
    "\ufeff",
    "é☃𝄞",
    " ",
    "",
    "'; DROP TABLE runs; --",
    "x" * 5_000,
]
#: What the language of the shell, of conditions and of texts makes of them, all at once.
ALL = "".join(ODD)


#: Makes a value that stands in no manifest: a task's output.
MAKE = {
    "name": "make",
    "script": {
        "image": "python:3",
        "command": ["python"],
        "source": "import base64, pathlib\n"
        "text = base64.b64decode('{{workflow.parameters.encoded}}')\n"
        "pathlib.Path('/tmp/out').write_bytes(text)\n",
    },
    "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]},
}
#: Compares what arrives by its bytes, and hands it on.
WAYS = {
    "name": "ways",
    "inputs": {
        "parameters": [{"name": "x"}],
        "artifacts": [{"name": "raw", "path": "/tmp/raw", "raw": {"data": "{{inputs.parameters.x}}"}}],
    },
    "script": {
        "image": "python:3",
        "command": ["python"],
        "env": [{"name": "X", "value": "{{inputs.parameters.x}}"}],
        "source": "import os, pathlib\n"
        "given = pathlib.Path('/tmp/raw').read_bytes()\n"
        "assert os.environb[b'X'] == given, os.environb[b'X']\n"
        "pathlib.Path('/tmp/out').write_bytes(given)\n",
    },
    "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]},
}
PRINT = {
    "name": "print",
    "inputs": {"parameters": [{"name": "x"}]},
    "container": {"image": "busybox", "command": ["printf", "[%s]"], "args": ["{{inputs.parameters.x}}"]},
}


def give(value: str) -> dict[str, Any]:
    return {"parameters": [{"name": "x", "value": value}]}


def test_a_value_arrives_byte_by_byte_in_environment_arguments_and_files(
    terminal: Terminal, private: None
) -> None:
    # A file that becomes a parameter loses one newline at its end; `$$` and `$(NAME)` are Kubernetes' own.
    value = ALL.replace("$$", "").replace("$(", "").rstrip("\n")
    groups = [
        [{"name": "make", "template": "make"}],
        [{"name": "ways", "template": "ways", "arguments": give("{{steps.make.outputs.parameters.out}}")}],
        [{"name": "print", "template": "print", "arguments": give("{{steps.ways.outputs.parameters.out}}")}],
    ]
    encoded = {"name": "encoded", "value": base64.b64encode(value.encode()).decode()}
    document = workflow(
        {"name": "main", "steps": groups}, MAKE, WAYS, PRINT, arguments={"parameters": [encoded]}
    )

    assert terminal.run(document).status == 0

    assert terminal.node("print")["inputs"]["parameters"][0]["value"] == value
    assert terminal.node("print")["outputs"]["exitCode"] == "0"


TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(ODD), max_size=4).map("".join))


@settings(max_examples=300, deadline=None)
@given(value=TEXTS)
@example(value=ALL)
def test_a_value_is_never_searched_for_tags(value: str) -> None:
    scope = FlatScope({"x": value, "workflow.name": "not asked for", "item": "not asked for"})
    assert substitute("<{{x}}|{{x}}>", scope) == f"<{value}|{value}>"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=TEXTS)
@example(value=ALL)
def test_a_value_is_the_same_in_every_field_of_a_template(value: str) -> None:
    tag = "{{inputs.parameters.x}}"
    template = {
        "name": "main",
        "inputs": {
            "parameters": [{"name": "x", "value": "{{workflow.parameters.x}}"}],
            "artifacts": [
                {"name": "raw", "path": "/raw", "raw": {"data": tag}},
                {"name": "stored", "path": "/stored", "s3": {"bucket": "b", "key": f"k/{tag}"}},
            ],
        },
        "script": {"image": "i", "command": ["c", tag], "args": [tag], "env": [{"name": "X", "value": tag}],
                   "source": tag},
    }  # fmt: skip
    play = Play(json.dumps(workflow(template, arguments=give(value)))).start()

    (command,) = play.open.values()

    asked = command.template
    assert asked.script.command == ("c", value)
    assert asked.script.args == (value,)
    assert asked.script.source == value
    assert asked.script.env[0].value == value
    assert asked.inputs.artifacts[0].raw.data == value
    assert asked.inputs.artifacts[1].s3.key == f"k/{value}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=st.lists(TEXTS, min_size=1, max_size=5))
@example(values=ODD)
def test_the_items_of_a_list_are_data(values: list[str]) -> None:
    call = {
        "name": "each",
        "template": "leaf",
        "withParam": "{{workflow.parameters.x}}",
        "arguments": give("{{item}}"),
    }
    leaf = {
        "name": "leaf",
        "inputs": {"parameters": [{"name": "x"}]},
        "script": {"image": "i", "command": ["c"], "source": "{{inputs.parameters.x}}"},
    }
    document = workflow({"name": "main", "steps": [[call]]}, leaf, arguments=give(json.dumps(values)))

    play = Play(json.dumps(document)).start()

    assert [command.template.script.source for command in play.open.values()] == values


@pytest.mark.parametrize(
    "value",
    ["'", '"', "x' == 'x' || 'x", "x' || 1 == 1 || '", "\\' || 1 == 1 || '", "\\", "{{x", "{{=1}}", "\n"],
)
def test_a_value_in_a_condition_does_not_make_it_hold(terminal: Terminal, value: str) -> None:
    call = {"name": "guarded", "template": "leaf", "when": "'{{workflow.parameters.x}}' == 'open sesame'"}
    arguments = {"parameters": [{"name": "x"}]}
    document = workflow({"name": "main", "steps": [[call]]}, shell("exit 0", "leaf"), arguments=arguments)

    ran = terminal.run(document, "-p", f"x={value}")

    assert ran.status == 0, ran
    assert [node for node in terminal.status()["nodes"].values() if node["type"] == "Pod"] == []
