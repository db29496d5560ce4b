"""Manifests that are small and mean much, or are simply large: time and memory stay bounded."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable

import pytest
from terminal import Terminal, shell, workflow

from pinnace.checks.graph import ancestors_of
from pinnace.service.intake import take_in
from pinnace.spec.overrides import Overrides
from pinnace.spec.templates import DAGTask

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: wf}\nspec:\n  entrypoint: main\n"
TEMPLATES = HEAD + "  templates:\n  - {name: leaf, suspend: {}}\n"
TASKS = TEMPLATES + "  - name: main\n    dag:\n      tasks:\n"
CONTAINER = HEAD + "  templates:\n  - name: main\n    container: {image: busybox, command: [echo, '%s']}\n"


def bomb(level: str) -> str:
    """Return a document in which each part names the one before several times."""
    parts = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    parts += [f"a{n}: &a{n} {level.format(last=f'*a{n - 1}')}" for n in range(1, 40)]
    return "kind: Workflow\n" + "\n".join(parts) + "\n"


BOMBS = {
    "lists": bomb("[{last}, {last}, {last}, {last}]"),
    "maps": bomb("{{a: {last}, b: {last}, c: {last}}}"),
    "merges": "kind: Workflow\na0: &a0 {x: 1, y: 2}\n"
    + "".join(f"a{n}: &a{n} {{k: *a{n - 1}, l: *a{n - 1}, <<: *a{n - 1}}}\n" for n in range(1, 40)),
    "itself": "kind: Workflow\nspec: &a\n  templates: [*a]\n",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_aliases_that_grow_beyond_measure_are_refused(terminal: Terminal, kind: str) -> None:
    said = terminal("run", terminal.write(BOMBS[kind]))

    assert said.status == 2
    assert "excessive aliasing" in said.err or "contains itself" in said.err
    assert len(said.err) < 1_000


#: Each makes a file of about so many bytes.
LARGE: dict[str, Callable[[int], str]] = {
    "a long text": lambda size: CONTAINER % ("x" * size),
    "open braces": lambda size: CONTAINER % ("{" * size),
    "an expression": lambda size: CONTAINER % ("{{=1" + " + 1" * (size // 4) + "}}"),
    "blanks": lambda size: CONTAINER % ("{{=" + " " * size + "@}}"),
    "undefined variables": lambda size: CONTAINER % ("{{inputs.parameters.a}}" * (size // 23)),
    "brackets": lambda size: "a: " + "[" * size,
    "unknown fields": lambda size: HEAD + "".join(f"  k{n}: 1\n" for n in range(size // 10)),
    "repeated keys": lambda size: HEAD + "  priority: 1\n" * (size // 14),
    "documents": lambda size: "\n---\nkind: X\n" * (size // 13),
    "items": lambda size: (
        TEMPLATES
        + "  - {name: main, steps: [[{name: a, template: leaf, withItems: ["
        + "1," * (size // 2)
        + "]}]]}\n"
    ),
    "a chain": lambda size: (
        TASKS
        + "".join(
            f"      - {{name: t{n}, template: leaf, depends: 't{n - 1}'}}\n" for n in range(1, size // 48)
        )
        + "      - {name: t0, template: leaf}\n"
    ),
    "a condition": lambda size: (
        TASKS
        + "      - {name: a, template: leaf}\n"
        + f"      - {{name: b, template: leaf, depends: '{' && '.join('a' * (size // 5))}'}}\n"
    ),
    "wrong calls": lambda size: (
        TASKS
        + "".join(
            f"      - {{name: t{n}, arguments: {{parameters: [{{name: a, value: '{{{{tasks.q.id}}}}'}}]}}}}\n"
            for n in range(size // 100)
        )
    ),
    "templates": lambda size: (
        TEMPLATES
        + "".join(
            f"  - {{name: t{n}, suspend: {{}}, inputs: {{parameters: [{{name: a, value: '{{{{x}}}}'}}]}}}}\n"
            for n in range(size // 90)
        )
    ),
}
#: The second file is eight times the first: it may cost that, and some, but not eight times eight.
SIZES = (20_000, 160_000)
MOST_TIMES = 24


def seconds_to_judge(text: str) -> float:
    """Return the CPU time that it takes to say what is wrong; other tests' garbage is not collected in it."""
    gc.disable()
    try:
        before = time.process_time()
        take_in([("large.yaml", text.encode())], Overrides())
        return time.process_time() - before
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_a_large_file_is_judged_in_time_that_grows_with_it(kind: str) -> None:
    small, large = (seconds_to_judge(LARGE[kind](size)) for size in SIZES)
    assert large < max(0.25, MOST_TIMES * small)


def test_a_long_chain_of_tasks_takes_memory_that_grows_with_it() -> None:
    tasks = [DAGTask(name=f"t{n}", dependencies=(f"t{n - 1}",) if n else ()) for n in range(20_000)]
    tracemalloc.start()
    ancestors = ancestors_of(tasks)
    assert all(ancestors.holds(f"t{n}", f"t{n - 1}") for n in range(1, len(tasks)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000 * len(tasks)
    assert not ancestors.holds("t0", "t1")


@pytest.mark.parametrize("count", ["1000000000000", "{{workflow.parameters.n}}", "1000001"])
def test_a_sequence_beyond_measure_is_refused(terminal: Terminal, count: str) -> None:
    call = {"name": "a", "template": "leaf", "withSequence": {"count": count}}
    document = workflow(
        {"name": "main", "steps": [[call]]},
        {"name": "leaf", "suspend": {}},
        arguments={"parameters": [{"name": "n", "value": "1" + "0" * 12}]},
    )

    said = terminal.run(document)

    assert said.status in {1, 2}
    assert "1,000,000 at most" in said.all or "at most 1000000 are possible" in said.all


def test_a_parameter_that_is_no_list_beyond_measure_is_refused(terminal: Terminal) -> None:
    call = {"name": "a", "template": "leaf", "withParam": "{{=toJSON(1..1000000000)}}"}

    said = terminal.run(workflow({"name": "main", "steps": [[call]]}, {"name": "leaf", "suspend": {}}))

    assert said.status in {1, 2}


@pytest.mark.parametrize("kind", ["steps", "dag"])
def test_templates_that_call_themselves_end(terminal: Terminal, kind: str) -> None:
    call = {"name": "again", "template": "main"}
    body = {"steps": [[call]]} if kind == "steps" else {"dag": {"tasks": [call]}}

    said = terminal.run(workflow({"name": "main", **body}))

    assert said.status in {1, 2}
    assert "always calls itself again" in said.err
    assert len(terminal.status()["nodes"]) <= 250  # two a level, down to Argo's depth of 100


def test_templates_that_call_each_other_as_long_as_a_condition_holds_end(terminal: Terminal) -> None:
    again = {"name": "more", "template": "main", "when": "{{steps.flip.outputs.result}} == heads"}
    document = workflow(
        {"name": "main", "steps": [[{"name": "flip", "template": "toss"}], [again]]},
        shell("echo tails", "toss"),
    )  # fmt: skip

    assert terminal.run(document).status == 0


def test_a_file_without_end_is_refused(terminal: Terminal) -> None:
    said = terminal("lint", "/dev/zero")
    assert said.status == 2
    assert "/dev/zero: larger than 64 MiB" in said.err
