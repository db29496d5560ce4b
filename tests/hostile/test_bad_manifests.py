"""Manifests that are wrong: everything that is wrong is told, and nothing starts."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from terminal import Terminal

from pinnace.base.errors import UsageError
from pinnace.service.intake import take_in
from pinnace.spec.overrides import Overrides

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\n"
#: By file: a manifest and its problems as `line:column: error[code]: path`.
WRONG = {
    "cycle.yaml": (
        HEAD
        + """metadata: {name: cycle}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: leaf, dependencies: [c]}
      - {name: b, template: leaf, dependencies: [a]}
      - {name: c, template: leaf, dependencies: [b]}
  - {name: leaf, suspend: {}}
""",
        ["10:9: error[dependency-cycle]: spec.templates[0].dag.tasks[0]"],
    ),
    "duplicates.yaml": (
        HEAD
        + """metadata: {name: duplicates}
spec:
  entrypoint: main
  templates:
  - {name: main, steps: [[{name: a, template: leaf}], [{name: a, template: leaf}]]}
  - {name: leaf, suspend: {}}
  - {name: leaf, suspend: {}}
""",
        [
            "7:63: error[duplicate-name]: spec.templates[0].steps[1][0].name",
            "9:12: error[duplicate-name]: spec.templates[2].name",
        ],
    ),
    "missing.yaml": (
        HEAD
        + "metadata: {name: missing}\nspec: {entrypoint: maain, templates: [{name: main, suspend: {}}]}\n",
        ["4:20: error[unknown-template]: spec.entrypoint"],
    ),
    "misspelt.yaml": (
        HEAD
        + """metadata: {name: misspelt}
spec:
  entrypoint: main
  parallelismm: 3
  templates:
  - name: main
    container: {image: busybox, comnand: [echo]}
    activeDeadlineSeconds: [3]
""",
        [
            "6:3: error[unknown-field]: spec.parallelismm",
            "9:33: error[unknown-field]: spec.templates[0].container.comnand",
            "10:28: error[wrong-type]: spec.templates[0].activeDeadlineSeconds",
        ],
    ),
    "text.yaml": ("kind: Workflow\nspec: {entrypoint: [main\n", ["3:1: error[invalid-yaml]"]),
    "undefined.yaml": (
        HEAD
        + """metadata: {name: undefined}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo, "{{inputs.parameters.no}} {{workflow.parameters.nor}}"]}
""",
        ["8:49: error[unresolved-variable]: spec.templates[0].container.command[1]"] * 2,
    ),
}
#: What stands in a manifest where something else belongs.
ODD = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "{{", "}}", "{{}}", "{{=", "{{=1/0}}", "{{item}}", "{{item.x}}",
    "{{workflow.name}}", "{{=" + "(" * 500, "{{=" + "[" * 3000, "x" * 300, "../..", "%2F", "a\0b", "\x1b[31m",
    "\n", "'", "\ud7ff", "-1s", "999999999999h", "100%", [], {}, [None], [1, "a", {}], {"a": None}, {"": ""},
    [[[[]]]],    {"count": 10**12}, {"count": "1", "format": "%s%d%999999999d"}, "a && b || !c",
    "a.Succeeded && (b.Failed || c)", "((((", "1 == 1",
    "{{=jsonpath('{}', '$..')}}", "{{=sprig.repeat(1000000000,'x')}}",
    "{{=1..1000000000}}", "$((",
]  # fmt: skip


def documents() -> list[dict[str, Any]]:
    """Return every Kubernetes document of the examples, in an order that is always the same."""
    files = sorted(EXAMPLES.rglob("*.yaml"))
    found = [each for file in files for each in yaml.safe_load_all(file.read_text())]
    return [each for each in found if isinstance(each, dict) and "kind" in each]


DOCUMENTS = documents()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document but the whole."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((*path, key), *places(value[key], (*path, key)))]


def part(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutate(document: dict[str, Any], chooser: random.Random) -> dict[str, Any]:
    """Return the document with some of its parts replaced, moved, repeated or gone."""
    document = copy.deepcopy(document)
    for _ in range(chooser.choice([1, 1, 2, 4])):
        if not (ways := places(document)):
            break
        way = chooser.choice(ways)
        around, key = part(document, way[:-1]), way[-1]
        match chooser.randrange(5):
            case 0 | 1:
                around[key] = copy.deepcopy(chooser.choice(ODD))
            case 2:
                del around[key]
            case 3:
                other = chooser.choice(DOCUMENTS)
                around[key] = copy.deepcopy(part(other, chooser.choice(places(other))))
            case _ if isinstance(around, list):
                around.append(copy.deepcopy(around[key]))
            case _:
                around[chooser.choice(["steps", "dag", "withItems", "when", "inputs", "onExit", "x"])] = (
                    around.pop(key)
                )
    return document


def spoil(text: bytes, chooser: random.Random) -> bytes:
    """Return the text with bytes put in, left out or repeated."""
    odd = [
        b"\0",
        b"&a ",
        b"*a",
        b"{",
        b"[",
        b"- ",
        b": ",
        b"\t",
        b"\xff",
        b"<<: ",
        b"|\n",
        b"---\n",
        b"\x1b]",
    ]
    for _ in range(chooser.randrange(1, 6)):
        at, again = chooser.randrange(len(text) + 1), chooser.randrange(len(text) + 1)
        match chooser.randrange(3):
            case 0:
                text = text[:at] + chooser.choice(odd) + text[at:]
            case 1:
                text = text[:at] + text[at + 20 :]
            case _:
                text = text[:at] + text[again : again + 100] + text[at:]
    return text


def test_all_problems_of_all_files_are_told_at_once_and_nothing_is_started(terminal: Terminal) -> None:
    for name, (text, _) in WRONG.items():
        terminal.write(text, name)
    terminal.write(
        HEAD + "metadata: {name: good}\nspec: {entrypoint: a, templates: [{name: a, suspend: {}}]}\n",
        "good.yaml",
    )

    said = terminal("run", terminal.folder)

    expected = [f"{terminal.folder / name}:{line}" for name, (_, lines) in WRONG.items() for line in lines]
    told = said.err.splitlines()
    assert [line[: len(start)] for line, start in zip(told, expected, strict=False)] == expected
    assert told[len(expected) :] == [f"{len(expected)} errors; nothing was started"]
    assert (said.status, terminal.runs()) == (2, [])


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_file_alone_is_refused_by_run_and_lint(terminal: Terminal, name: str) -> None:
    file = terminal.write(WRONG[name][0])

    assert terminal("lint", file).status == 2
    assert terminal("run", file).status == 2
    assert terminal.runs() == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0", b"\xff\xfe", b"kind: Workflow", b"[]", b"3", b"{", b"---\n---\n", b"kind: [Workflow]\n",
        b"&a [*a]\n",
        b"kind: Workflow\nspec: \xff\n", b"kind: Workflow\nmetadata: 3\nspec: []\n",
        "kind: \u2028Workflow".encode(),
        b"kind: Workflow\nspec: {templates: {}}\n", b"%YAML 9.9\n---\nkind: Workflow\n",
        b"!!python/object:os.system {}\n",
        b"kind: Workflow\n" + b"a: " + b"[" * 5000, b"? {a: b}\n: c\n", b"x: !!binary '***'\n", b"<<: 3\n",
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused_in_words(terminal: Terminal, content: bytes) -> None:
    said = terminal("run", terminal.write(content))

    assert (said.status, terminal.runs()) == (2, [])
    assert said.err


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(chooser=st.randoms(use_true_random=False), strict=st.booleans(), is_spoilt=st.booleans())
def test_no_manifest_is_read_with_a_defect(chooser: random.Random, *, strict: bool, is_spoilt: bool) -> None:
    document = mutate(chooser.choice(DOCUMENTS), chooser)
    text = json.dumps(document).encode() if chooser.random() < 0.2 else yaml.safe_dump(document).encode()
    sources = [("f.yaml", spoil(text, chooser) if is_spoilt else text)]

    try:
        problems = take_in(sources, Overrides(), strict=strict).problems
    except UsageError:
        return
    assert all(problem.file == "f.yaml" and problem.line for problem in problems)
