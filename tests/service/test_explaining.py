from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import NotFoundError
from pinnace.cli.render.explained import as_objects, as_text
from pinnace.engine.events import SuspendAsked
from pinnace.service.explaining import explanations
from pinnace.testing.play import Play

Made = Callable[..., Play]

DAG = """
  - name: main
    inputs: {parameters: [{name: who, value: "{{workflow.parameters.who}}"}]}
    dag:
      tasks:
      - name: a
        template: say
        arguments: {parameters: [{name: m, value: "{{inputs.parameters.who}}"}]}
      - name: b
        template: say
        depends: a.Succeeded || c
        arguments: {parameters: [{name: m, value: "<{{tasks.a.outputs.parameters.out}}>"}]}
      - {name: c, template: task}
      - {name: d, template: task, depends: b.Failed}
"""
WHO = "  arguments: {parameters: [{name: who, value: me}]}\n"


def told(play: Play, name: str) -> str:
    """Return what is said of one step."""
    (found,) = explanations(play.run, name, play.now)
    return as_text(found)


def test_an_input_is_followed_from_caller_to_caller(play: Made) -> None:
    running = play(DAG, WHO)

    assert told(running, "a") == (
        "wf.a (Pod) is Pending\n"
        "  it was asked for, and has not begun\n"
        "  wf called it, with the template say\n"
        "Inputs\n"
        "  m = me\n"
        "    from {{inputs.parameters.who}} at task a of wf\n"
        "    from input who of wf\n"
        "    from argument who of the workflow"
    )


def test_an_output_is_named_with_the_node_that_gave_it(play: Made) -> None:
    running = play(DAG, WHO)
    running.end("wf.a", parameters={"out": "1"}).end("wf.c")

    assert told(running, "wf.b").splitlines()[-3:] == [
        "  m = <1>",
        "    from <{{tasks.a.outputs.parameters.out}}> at task b of wf",
        "    from {{tasks.a.outputs.parameters.out}}: outputs.parameters.out of wf.a, which is Succeeded",
    ]


def test_a_default_and_a_plain_text_and_an_item_are_told_apart(play: Made) -> None:
    running = play("""
  - name: main
    steps:
    - - {name: default, template: say}
      - {name: plain, template: say, arguments: {parameters: [{name: m, value: x}]}}
      - name: loop
        template: say
        withItems: [p, q]
        arguments: {parameters: [{name: m, value: "{{item}}!"}]}
""")

    assert "from default of its template" in told(running, "default")
    assert "from written at step plain of wf" in told(running, "plain")
    assert told(running, "wf[0].loop(1:q)").endswith(
        "from {{item}}! at step loop of wf\n    from {{item}}: item 1 of the loop"
    )


def test_a_task_that_was_not_called_yet_says_what_it_waits_for(play: Made) -> None:
    running = play(DAG, WHO)

    assert told(running, "d") == ("wf.d is Waiting\n  waits: it depends on b.Failed; b is not called yet")


def test_a_step_of_a_later_group_waits_for_the_group_before(play: Made) -> None:
    running = play("\n  - {name: main, steps: [[{name: a, template: task}], [{name: b, template: task}]]}\n")

    assert told(running, "b") == "wf[1].b is Waiting\n  waits for group [0] of wf"


def test_an_omitted_task_says_how_what_it_depends_on_stands(play: Made) -> None:
    done = play(DAG, WHO)
    done.end("wf.a", parameters={"out": "1"}).end_all()

    assert told(done, "d").splitlines()[:2] == [
        "wf.d (Skipped) is Omitted: omitted: depends condition not met",
        "  it depends on b.Failed; b is Error",
    ]


def test_a_skipped_step_shows_its_condition_as_it_was_written(play: Made) -> None:
    running = play(
        """
  - {name: main, steps: [[{name: a, template: task, when: "{{workflow.parameters.who}} == you"}]]}
""",
        WHO,
    )

    assert told(running, "a").splitlines()[:2] == [
        "wf[0].a (Skipped) is Skipped: when 'me == you' evaluated false",
        "  its condition is {{workflow.parameters.who}} == you",
    ]


def test_what_waits_says_which_limit_refused_it(play: Made) -> None:
    body = "\n  - {name: main, PARALLEL steps: [[{name: a, template: task}, {name: b, template: task}]]}\n"
    whole = play(body.replace("PARALLEL", ""), "  parallelism: 1\n")
    template = play(body.replace("PARALLEL", "parallelism: 1,"))

    assert "1 pods are at work, and the workflow's parallelism is 1" in told(whole, "b")
    assert "1 of what wf called are at work, and its template's parallelism is 1" in told(template, "b")


def test_a_suspended_workflow_says_how_it_goes_on(play: Made) -> None:
    running = play("\n  - {name: main, steps: [[{name: a, template: task}], [{name: b, template: task}]]}\n")
    running.tell(SuspendAsked())
    running.end_all()

    assert "the workflow is suspended; `pinnace resume wf` lets it go on" in told(running, "b")


def test_a_retried_step_tells_its_attempts_and_what_decides_about_another(play: Made) -> None:
    running = play("""
  - name: main
    retryStrategy: {limit: "3", retryPolicy: Always, backoff: {duration: "10"}}
    container: {image: i, command: [c]}
""")
    running.end("wf(0)", 2)

    text = told(running, "wf")

    assert "  it is tried again at most 3 times, Always\n" in text
    assert "  attempt 0 is Failed: main: Error (exit code 2)" in text
    assert "the next attempt is at 1970-01-12T13:46:50Z" in text
    assert "exit code 2; `pinnace logs wf wf(0)` shows what it said" in told(running, "wf(0)")


def test_a_failed_group_names_what_failed_in_it(play: Made) -> None:
    done = play("\n  - {name: main, steps: [[{name: a, template: task}, {name: b, template: task}]]}\n")
    done.end_all(failing=["wf[0].b"])

    assert "of what it called, wf[0].b is Failed: main: Error (exit code 1)" in told(done, "[0]")


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("template: gone", "it could not be called"),
        ("template: late", "what went wrong is its call, not what was called"),
    ],
)
def test_an_error_of_a_call_is_told_from_a_failure_of_what_was_called(
    play: Made, called: str, said: str
) -> None:
    done = play(f"""
  - {{name: main, steps: [[{{name: a, {called}, continueOn: {{failed: true, error: true}}}}]]}}
  - {{name: late, timeout: "10", container: {{image: i, command: [c]}}}}
""")
    done.wait(10)

    assert told(done, "a").splitlines()[1:3] == [
        f"  {said}",
        "  wf[0] ends with it: no continueOn forgives an error of a call",
    ]


def test_a_name_that_no_step_has_is_answered_with_those_that_are_like_it(play: Made) -> None:
    running = play(DAG, WHO)

    with pytest.raises(NotFoundError, match=r"has no step 'wf\.x'") as raised:
        explanations(running.run, "wf.x", 0.0)
    assert "wf.a" in (raised.value.remedy or "")


def test_explanations_are_json_too(play: Made) -> None:
    running = play(DAG, WHO)

    (found,) = as_objects(explanations(running.run, "wf.a", running.now))

    assert found["id"].startswith("wf-")
    assert found["inputs"][0]["trail"][-1] == "argument who of the workflow"
