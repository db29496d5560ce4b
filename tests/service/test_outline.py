"""What a workflow looks like before it runs."""

from __future__ import annotations

import pytest

from pinnace.base.errors import ManifestError
from pinnace.service.outline import MOST_PLACES, Place, outline
from pinnace.spec.bundle import read_bundle

MAIN = "  entrypoint: main\n  templates:\n  - {name: ok, suspend: {}}\n"
HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"


def drawn(body: str, *more: str) -> tuple[Place, ...]:
    text = HEAD.format(kind="Workflow", name="w") + body
    bundle = read_bundle([("w", text), *((str(index), each) for index, each in enumerate(more))])
    assert [str(problem) for problem in bundle.problems] == []
    return outline(bundle.workflows[0], bundle.catalogue)


def lines(places: tuple[Place, ...], indent: str = "") -> list[str]:
    """Return each place as ``name template kind <names it follows> notes``."""
    names = {each.number: each.name for each in places}
    found: list[str] = []
    for each in places:
        after = "<" + " ".join(names[number] for number in each.follows) + ">" if each.follows else ""
        parts = [each.name, each.template, each.kind, after, *(f"[{note}]" for note in each.notes)]
        found += [indent + " ".join(part for part in parts if part), *lines(each.inside, f"{indent}. ")]
    return found


def test_groups_of_steps_follow_each_other() -> None:
    steps = "[[{name: a, template: ok}, {name: b, template: ok}], [{name: c, template: ok, when: 1 == 1}]]"
    body = f"{MAIN}  - {{name: main, steps: {steps}}}\n"
    assert lines(drawn(body)) == [
        "main main steps",
        ". a ok suspend",
        ". b ok suspend",
        ". c ok suspend <a b> [when 1 == 1]",
    ]


def test_tasks_follow_what_they_depend_on() -> None:
    tasks = """
        - {name: late, template: ok, depends: early.Failed || loop}
        - {name: early, template: ok}
        - {name: loop, template: ok, withItems: [1, 2], depends: early && early}
        - {name: many, template: ok, withSequence: {count: 5}}
        - {name: each, template: ok, withParam: "[1]", onExit: ok}
    """
    assert lines(drawn(f"{MAIN}  - name: main\n    dag:\n      tasks:{tasks}")) == [
        "main main dag",
        ". late ok suspend <early loop> [depends early.Failed || loop]",
        ". early ok suspend",
        ". loop ok suspend <early> [2 times]",
        ". many ok suspend [5 times]",
        ". each ok suspend [for each of [1]] [then ok]",
    ]


def test_exit_handlers_and_hooks_stand_beside_the_entrypoint() -> None:
    hooks = "{exit: {template: unheard}, running: {template: ok, expression: workflow.status == 'Running'}}"
    body = f"  entrypoint: ok\n  onExit: ok\n  hooks: {hooks}\n  templates: [{{name: ok, suspend: {{}}}}]\n"
    assert lines(drawn(body)) == [
        "ok ok suspend",
        "hook running ok suspend [when workflow.status == 'Running']",
        "onExit ok suspend [when the workflow ends]",
    ]


def test_templates_of_other_documents_and_inline_ones_are_followed() -> None:
    other = HEAD.format(kind="WorkflowTemplate", name="t")
    other += (
        "  templates:\n  - {name: far, steps: [[{name: x, template: near}]]}\n  - {name: near, suspend: {}}\n"
    )
    steps = "[[{name: a, templateRef: {name: t, template: far}}], [{name: b, inline: {suspend: {}}}]]"
    missing = steps.replace("name: t,", "name: gone,")
    body = f"  entrypoint: main\n  templates: [{{name: main, steps: {steps}}}]\n"
    assert lines(drawn(body, other)) == [
        "main main steps", ". a far steps", ". . x near suspend", ". b inline suspend <a>",
    ]  # fmt: skip
    assert lines(drawn(body.replace(steps, missing)))[1] == ". a far ?"


def test_a_template_that_calls_itself_is_drawn_once() -> None:
    steps = "[[{name: again, template: main, when: 1 == 2}]]"
    body = f"  entrypoint: main\n  templates: [{{name: main, steps: {steps}}}]\n"
    assert lines(drawn(body)) == ["main main steps", ". again main steps [when 1 == 2] [calls itself again]"]


def test_templates_that_double_at_each_level_are_not_drawn_to_the_end() -> None:
    def double(level: int) -> str:
        calls = ", ".join(f"{{name: {name}, template: t{level + 1}}}" for name in "ab")
        return f"  - {{name: t{level}, steps: [[{calls}]]}}\n"

    body = "  entrypoint: t0\n  templates:\n" + "".join(double(level) for level in range(40))
    assert MOST_PLACES < len(lines(drawn(f"{body}  - {{name: t40, suspend: {{}}}}\n"))) < 2 * MOST_PLACES


def test_a_long_chain_of_templates_ends_where_a_run_would() -> None:
    chain = "".join(f"  - {{name: t{i}, steps: [[{{name: s, template: t{i + 1}}}]]}}\n" for i in range(500))
    found = lines(drawn(f"  entrypoint: t0\n  templates:\n{chain}  - {{name: t500, suspend: {{}}}}\n"))
    assert len(found) == 102
    assert found[-1].endswith("[not drawn further]")


def test_a_workflow_without_an_entrypoint_cannot_be_drawn() -> None:
    with pytest.raises(ManifestError, match="entrypoint is required"):
        drawn("  templates: [{name: ok, suspend: {}}]\n")
