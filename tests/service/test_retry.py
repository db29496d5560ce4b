from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import RefusedError, UsageError
from pinnace.engine.advance import apply, reassess, restore
from pinnace.engine.commands import StartTask, Work
from pinnace.engine.events import TaskProgressed
from pinnace.engine.run import Run
from pinnace.service.resubmit import resubmitted
from pinnace.service.retry import Retried, retry
from pinnace.service.selectors import parse_field_selector
from pinnace.service.status import workflow_object
from pinnace.testing.play import Play

Made = Callable[..., Play]


def again(play: Play, **options: object) -> Play:
    """Retry the run of ``play`` as the store and the driver would, and go on playing."""
    change: Retried = retry(play.run, play.now + 100, **options)  # type: ignore[arg-type]  # passed through
    nodes = {number: node for number, node in play.run.nodes.items() if number not in change.removed}
    nodes |= {node.number: node for node in change.nodes}
    run = Run(change.info, play.run.workflow, play.run.lookup)
    restore(run, change.state, nodes.values())
    play.run, play.now, play.open = run, play.now + 100, {}
    outcome = reassess(run, play.now)
    apply(run, outcome)
    starts = [command for command in outcome.commands if isinstance(command, StartTask | Work)]
    play.open = {run.nodes[command.node].name: command for command in starts}
    return play


def phases(play: Play) -> dict[str, str]:
    return {node.name: node.phase.value for node in play.run.nodes.values()}


STEPS = """
  - name: main
    steps:
    - - {name: a, template: task}
    - - {name: b, template: task}
      - {name: c, template: task}
    - - {name: d, template: task}
"""
DAG = """
  - name: main
    dag:
      tasks:
      - {name: a, template: task}
      - {name: b, template: task, depends: a, withItems: [one, two]}
      - {name: c, template: inner, depends: b}
      - {name: d, template: task, depends: a}
  - name: inner
    steps: [[{name: x, template: task}], [{name: z, template: task}]]
"""
FLAKY = """
  - name: main
    steps: [[{name: f, template: flaky}], [{name: d, template: task}]]
  - name: flaky
    retryStrategy: {limit: "1"}
    container: {image: i, command: [c]}
"""


def test_only_what_failed_in_steps_runs_again_and_then_what_comes_after(play: Made) -> None:
    done = again(play(STEPS).end_all(failing=["wf[1].b"]))

    assert list(done.open) == ["wf[1].b"]
    done.end_all()
    assert done.run.state.phase == "Succeeded"
    assert set(phases(done).values()) == {"Succeeded"}
    assert "wf[2].d" in phases(done)


def test_only_the_failed_item_of_a_loop_runs_again_and_omitted_tasks_are_called(play: Made) -> None:
    done = play(DAG).end_all(failing=["wf.b(1:two)"])
    assert phases(done)["wf.c"] == "Omitted"

    again(done)

    assert list(done.open) == ["wf.b(1:two)"]
    done.end_all()
    assert done.run.state.phase == "Succeeded"
    assert phases(done)["wf.c[1].z"] == "Succeeded"


def test_what_failed_inside_a_nested_template_opens_all_that_holds_it(play: Made) -> None:
    done = again(play(DAG).end_all(failing=["wf.c[0].x"]))

    assert list(done.open) == ["wf.c[0].x"]
    assert phases(done)["wf.c"] == "Running"
    assert done.end_all().run.state.phase == "Succeeded"


def test_what_is_run_again_has_done_nothing_yet(play: Made) -> None:
    begun = play(STEPS).begin("wf[0].a")
    command = begun.open["wf[0].a"]
    begun.tell(TaskProgressed(node=command.node, attempt_id=command.attempt_id, progress="3/4"))
    done = again(begun.end("wf[0].a", 1))
    assert workflow_object(done.run)["status"]["progress"] == "0/1"


def test_a_retry_strategy_begins_afresh(play: Made) -> None:
    done = again(play(FLAKY).end_all(failing=["wf[0].f(0)", "wf[0].f(1)"]))

    assert list(done.open) == ["wf[0].f(0)"]
    assert "wf[0].f(1)" not in phases(done)
    assert done.end_all(failing=["wf[0].f(0)"]).run.state.phase == "Succeeded"


def test_the_exit_handler_runs_again(play: Made) -> None:
    done = play(STEPS, spec="  onExit: task\n").end_all(failing=["wf[0].a"])
    assert phases(done)["wf.onExit"] == "Succeeded"

    again(done)

    assert "wf.onExit" not in phases(done)
    assert phases(done.end_all())["wf.onExit"] == "Succeeded"


def test_an_exit_handler_that_alone_failed_runs_again_alone(play: Made) -> None:
    done = play(STEPS, spec="  onExit: task\n").end_all(failing=["wf.onExit"])
    assert done.run.state.phase == "Failed"

    again(done)

    assert list(done.open) == ["wf.onExit"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_an_attempt_started_again_is_another_attempt_to_the_executor(play: Made) -> None:
    done = play(STEPS)
    first = done.open["wf[0].a"].attempt_id
    again(done.end_all(failing=["wf[0].a"]))

    assert done.open["wf[0].a"].attempt_id != first


def test_a_forgiven_failure_is_not_run_again(play: Made) -> None:
    done = play(
        """
  - name: main
    steps:
    - - {name: a, template: task, continueOn: {failed: true}}
    - - {name: b, template: task}
    - - {name: c, template: task}
"""
    ).end_all(failing=["wf[0].a", "wf[2].c"])

    assert list(again(done).open) == ["wf[2].c"]


def test_chosen_steps_of_a_run_that_succeeded_run_again_with_all_that_follows(play: Made) -> None:
    done = again(play(STEPS).end_all(), restart=parse_field_selector("displayName=c"))

    assert list(done.open) == ["wf[1].c"]
    assert phases(done)["wf[1].b"] == "Succeeded"
    assert "wf[2].d" not in phases(done)
    assert done.end_all().run.state.phase == "Succeeded"


FORGIVEN = """
  - name: main
    dag:
      tasks:
      - {name: a, template: task}
      - {name: b, template: task, depends: a.Failed}
      - {name: c, template: task}
"""


def test_a_failure_counts_again_when_what_went_on_after_it_is_chosen(play: Made) -> None:
    failed = play(FORGIVEN).end_all(failing=["wf.a", "wf.c"])
    assert phases(failed)["wf.b"] == "Succeeded"

    again(failed, restart=parse_field_selector("displayName=b"))

    assert sorted(failed.open) == ["wf.a", "wf.c"]


FLAKY_STEPS = """
  - name: main
    steps: [[{name: f, template: flaky}], [{name: d, template: task}]]
  - name: flaky
    retryStrategy: {limit: "1"}
    steps: [[{name: first, template: task}], [{name: second, template: task}]]
"""


@pytest.mark.parametrize(
    ("selector", "runs"),
    [("displayName=f", "wf[0].f(0)[0].first"), ("displayName=second", "wf[0].f(1)[1].second")],
)
def test_of_chosen_steps_with_a_retry_strategy_one_attempt_runs(play: Made, selector: str, runs: str) -> None:
    done = play(FLAKY_STEPS).end_all(failing=["wf[0].f(0)[1].second"])
    again(done, restart=parse_field_selector(selector))

    assert list(done.open) == [runs]
    assert done.end_all().run.state.phase == "Succeeded"


def test_what_only_an_attempt_before_the_last_made_cannot_be_chosen(play: Made) -> None:
    done = play(FLAKY_STEPS).end_all(failing=["wf[0].f(0)[1].second"])
    with pytest.raises(UsageError, match="nothing in wf that can be run again matches"):
        again(done, restart=parse_field_selector("name=wf[0].f(0)[1].second"))


def test_a_chosen_exit_handler_runs_again_alone(play: Made) -> None:
    done = play(STEPS, spec="  onExit: task\n").end_all()

    again(done, restart=parse_field_selector("displayName=wf.onExit"))

    assert list(done.open) == ["wf.onExit"]
    assert done.end_all().run.state.phase == "Succeeded"


PARTS = """
  - name: main
    dag:
      tasks:
      - {name: a, template: task, when: "{{workflow.parameters.p}} == yes"}
      - {name: b, template: set, depends: a.Skipped || a}
  - name: set
    containerSet: {containers: [{name: one, image: i, command: [c]}, {name: two, image: i, command: [c]}]}
"""
WITH_P = "  arguments: {parameters: [{name: p, value: 'no'}]}\n"


def test_a_chosen_container_of_a_set_runs_with_its_pod(play: Made) -> None:
    done = play(PARTS, spec=WITH_P).end_all()
    ended = set(phases(done))

    again(done, restart=parse_field_selector("displayName=two"))

    assert sorted(done.open) == ["wf.b.one", "wf.b.two"]
    assert done.end_all().run.state.phase == "Succeeded"
    assert set(phases(done)) == ended


def test_a_chosen_step_that_was_skipped_is_called_again(play: Made) -> None:
    done = play(PARTS, spec=WITH_P).end_all()
    assert phases(done)["wf.a"] == "Skipped"

    again(done, restart=parse_field_selector("phase=Skipped"), parameters={"p": "yes"})

    assert list(done.open) == ["wf.a"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_a_chosen_group_without_steps_lets_what_follows_run_again(play: Made) -> None:
    done = play(
        "\n  - {name: main, steps: [[{name: a, template: task}], [], [{name: b, template: task}]]}\n"
    ).end_all()

    again(done, restart=parse_field_selector("displayName=[1]"))

    assert list(done.open) == ["wf[2].b"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_with_other_arguments_the_groups_that_failed_are_called_again(play: Made) -> None:
    done = play(STEPS, spec="  arguments: {parameters: [{name: p, value: one}]}\n")
    again(done.end_all(failing=["wf[1].b"]), parameters={"p": "two"})

    assert done.run.info.parameters == {"p": "two"}
    assert sorted(done.open) == ["wf[1].b", "wf[1].c"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_a_call_that_could_not_be_made_is_made_again(play: Made) -> None:
    done = play(
        """
  - name: main
    steps: [[{name: a, template: needs}]]
  - name: needs
    inputs: {parameters: [{name: p}]}
    container: {image: i, command: [c]}
"""
    )
    assert done.run.state.phase == "Failed" or done.run.state.phase == "Error"

    again(done)

    assert done.run.state.phase in {"Failed", "Error"}


def test_a_run_that_goes_on_or_succeeded_is_refused(play: Made) -> None:
    with pytest.raises(RefusedError, match="cannot retry a run in phase Running"):
        retry(play(STEPS).run, 0.0)
    with pytest.raises(RefusedError, match="wf succeeded"):
        retry(play(STEPS).end_all().run, 0.0)
    with pytest.raises(UsageError, match="needs --node-field-selector"):
        retry(play(STEPS).end_all().run, 0.0, restart=parse_field_selector(""))


def test_a_resubmitted_workflow_carries_labels_and_arguments_and_names_where_it_came_from(
    play: Made,
) -> None:
    spec = "  activeDeadlineSeconds: 0\n  arguments: {parameters: [{name: p, value: one}]}\n"
    done = play(STEPS, spec=spec)

    workflow = resubmitted(done.run, parameters=["p=two"], priority=3)

    assert workflow.metadata.name == ""
    assert workflow.metadata.generate_name == "wf-"
    assert workflow.metadata.labels == {"workflows.argoproj.io/resubmitted-from-workflow": "wf"}
    assert workflow.spec.active_deadline_seconds is None
    assert workflow.spec.priority == 3
    assert [each.value for each in workflow.spec.arguments.parameters] == ["two"]


NESTED = """
  - name: main
    parallelism: 1
    steps: [[{name: a, template: inner}, {name: b, template: inner}]]
  - name: inner
    dag: {tasks: [{name: x, template: task}, {name: z, template: task, depends: x}]}
"""


def test_what_is_opened_again_keeps_to_the_parallelism_of_what_called_it(play: Made) -> None:
    done = again(play(NESTED).end_all(failing=["wf[0].a.z", "wf[0].b.z"]))

    assert list(done.open) == ["wf[0].a.z"]
    status = workflow_object(done.run)["status"]["nodes"]
    shown = {node["name"]: node["phase"] for node in status.values()}
    assert (shown["wf[0].a"], shown["wf[0].b"], shown["wf[0].b.x"]) == ("Running", "Pending", "Succeeded")

    done.end("wf[0].a.z")
    assert list(done.open) == ["wf[0].b.z"]
    done.end_all()
    assert done.run.state.phase == "Succeeded"


HOOK_NOT_LET_IN = """
  - name: main
    parallelism: 1
    failFast: true
    dag:
      tasks:
      - {name: a, template: task}
      - {name: b, template: task, when: "nonsense (", onExit: task}
"""


def test_a_hook_that_was_never_let_in_is_forgotten_with_what_it_is_of(play: Made) -> None:
    run = play(HOOK_NOT_LET_IN).end_all(failing=["wf.a"]).run
    hooks = {number for number, node in run.nodes.items() if node.is_hook}

    assert len(hooks) == 1
    assert hooks <= retry(run, 0.0).removed


HOOKED = """
  - name: main
    failFast: FAST
    steps:
    - - {name: a, template: task, onExit: task}
    - - {name: b, template: task}
      - {name: c, template: task}
"""


def test_a_failed_hook_runs_again_and_does_not_fail_what_is_retried_at_once(play: Made) -> None:
    done = again(play(HOOKED.replace("FAST", "true")).end_all(failing=["wf[0].a.onExit"]))

    assert list(done.open) == ["wf[0].a.onExit"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_a_failed_hook_after_which_a_step_succeeded_is_not_run_again(play: Made) -> None:
    done = again(play(HOOKED.replace("FAST", "false")).end_all(failing=["wf[0].a.onExit", "wf[1].b"]))

    assert list(done.open) == ["wf[1].b"]
    assert done.end_all().run.state.phase == "Succeeded"


def test_a_forgiven_failure_whose_hook_succeeded_is_not_run_again(play: Made) -> None:
    forgiving = "continueOn: {failed: true}, onExit: task}"
    templates = HOOKED.replace("FAST", "false").replace("onExit: task}", forgiving)
    done = again(play(templates).end_all(failing=["wf[0].a", "wf[1].b"]))

    assert list(done.open) == ["wf[1].b"]


def test_a_failed_hook_of_a_step_group_that_another_followed_stays(play: Made) -> None:
    templates = """
  - name: main
    dag: {tasks: [{name: a, template: inner}, {name: b, template: task}]}
  - {name: inner, steps: [[{name: x, template: wait, onExit: task}], [{name: y, template: task}]]}
  - {name: wait, suspend: {duration: "0"}}
"""
    done = again(play(templates).end_all(failing=["wf.a[0].x.onExit", "wf.b"]))

    assert list(done.open) == ["wf.b"]
    assert done.end_all().run.state.phase == "Succeeded"
