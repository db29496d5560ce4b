from __future__ import annotations

from collections.abc import Callable

import pytest

from pinnace.base.errors import PinnaceError, RefusedError, UsageError
from pinnace.ports.store import Request
from pinnace.runtime.fleet import events_of
from pinnace.service import control
from pinnace.service.control import Ask
from pinnace.testing.play import Play

Made = Callable[..., Play]

WAITS = """
  - name: main
    steps:
    - - {name: approve, template: wait, arguments: {parameters: [{name: who, value: ann}]}}
      - {name: other, template: wait, arguments: {parameters: [{name: who, value: bob}]}}
  - name: wait
    inputs: {parameters: [{name: who}]}
    suspend: {}
    outputs: {parameters: [{name: x, valueFrom: {supplied: {}}}]}
"""
PLAIN = "\n  - {name: main, suspend: {}}\n"


def told(play: Play, ask: Ask) -> Play:
    """Tell the engine what the owner of the run makes of a request."""
    return play.tell(*events_of(Request(id=1, uid="u", kind=ask.kind, payload=ask.payload, created_at=0)))


def phases(play: Play) -> dict[str, str]:
    return {node.name: node.phase.value for node in play.run.nodes.values()}


def test_a_stop_ends_the_run(play: Made) -> None:
    assert (
        told(play(PLAIN), control.stop(play(PLAIN).run)).run.state.message == "Stopped with strategy 'Stop'"
    )


def test_a_stop_with_a_selector_only_lets_the_chosen_waits_fail(play: Made) -> None:
    run = play(WAITS)
    ask = control.stop(run.run, selector="inputs.parameters.who.value=ann", message="refused")

    told(run, ask)

    assert phases(run)["wf[0].approve"] == "Failed"
    assert phases(run)["wf[0].other"] == "Running"


def test_a_resume_needs_the_outputs_that_have_no_default(play: Made) -> None:
    run = play(WAITS)
    with pytest.raises(RefusedError, match="raw output parameter 'x' has not been set") as caught:
        control.resume(run.run)
    assert "pinnace node set wf --node-field-selector name=wf[0].approve -p x=VALUE" in str(caught.value)

    told(run, control.node_set(run.run, selector="", parameters=['x="1"']))
    told(run, control.resume(run.run))

    assert run.run.state.phase == "Succeeded"
    assert {node.outputs.parameters["x"] for node in run.run.nodes.values() if node.outputs} == {"1"}


def test_a_resume_with_a_selector_ends_only_those_waits(play: Made) -> None:
    run = play(WAITS)
    told(run, control.node_set(run.run, selector="", parameters=["x=1"]))

    told(run, control.resume(run.run, selector="displayName=other"))

    assert phases(run)["wf[0].approve"] == "Running"
    assert phases(run)["wf[0].other"] == "Succeeded"


def test_node_set_can_end_a_wait_with_a_message(play: Made) -> None:
    run = play(PLAIN)
    told(run, control.node_set(run.run, selector="", phase="Failed", message="no"))

    assert (run.run.state.phase, run.run.state.message) == ("Failed", "no")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"selector": ""}, "nothing to set"),
        ({"selector": "", "parameters": ["y=1"]}, "node is not expecting output parameter 'y'"),
        ({"selector": "displayName=none", "phase": "Failed"}, "no suspend nodes matching nodeFieldSelector"),
        ({"selector": "", "parameters": ["x"]}, "expected parameter of the form: NAME=VALUE"),
    ],
)
def test_node_set_says_what_makes_no_sense(play: Made, options: dict[str, object], error: str) -> None:
    with pytest.raises(PinnaceError, match=error):
        control.node_set(play(WAITS).run, **options)  # type: ignore[arg-type]  # passed through


def test_an_output_is_given_only_once(play: Made) -> None:
    run = play(WAITS)
    told(run, control.node_set(run.run, selector="", parameters=["x=1"]))

    with pytest.raises(RefusedError, match="it was already set"):
        control.node_set(run.run, selector="", parameters=["x=2"])


@pytest.mark.parametrize("ask", [control.stop, control.terminate, control.suspend, control.resume])
def test_a_run_that_has_ended_takes_no_requests(play: Made, ask: Callable[..., Ask]) -> None:
    done = play("\n  - {name: main, container: {image: i, command: [c]}}\n").end_all()

    with pytest.raises(RefusedError, match="completed workflow: wf Succeeded"):
        ask(done.run)


def test_a_selector_that_cannot_be_read_is_refused(play: Made) -> None:
    with pytest.raises(UsageError, match="invalid selector"):
        control.stop(play(WAITS).run, selector="approve")
