"""What holds of every run, whatever its manifest, whatever happens in whatever order."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from random_manifests import manifests, script

from pinnace.base.ids import NodeNumber
from pinnace.engine.events import Event, ResumeAsked, ShutdownAsked, SuspendAsked, TaskEnded, WorkEnded
from pinnace.engine.garbage import ON_COMPLETION, garbage
from pinnace.engine.node import Node, NodeType
from pinnace.engine.run import Run, Shutdown
from pinnace.testing.builders import bundle_of, document, run_of
from pinnace.testing.simulation import Ask, Simulation, Stormy

seeds = st.integers(0, 2**32 - 1)


def new_run(spec: dict[str, Any]) -> Run:
    return run_of(bundle_of(document(spec)))


def facts(run: Run) -> dict[str, Any]:
    """Return all that does not depend on time and on the order in which nodes were made."""
    found: dict[str, Any] = {"": (run.state.phase, run.state.message, run.state.outputs)}
    for node in run.nodes.values():
        found[node.name] = (node.type, node.phase, node.message, node.inputs, node.outputs)
    return found


@given(manifests(), seeds, st.integers(0, 6))
def test_every_run_ends_and_no_finished_task_runs_twice(
    spec: dict[str, Any], seed: int, crashes: int
) -> None:
    simulation = Simulation(new_run(spec), script(seed), Stormy(Random(seed), crashes))
    assert simulation.play().state.is_finished


@given(manifests(timeless=True), seeds, st.integers(1, 8))
def test_crashes_order_and_batching_do_not_matter_to_the_end(
    spec: dict[str, Any], seed: int, crashes: int
) -> None:
    calm = Simulation(new_run(spec), script(seed)).play()
    stormy = Simulation(new_run(spec), script(seed), Stormy(Random(seed), crashes)).play()
    assert facts(stormy) == facts(calm)


@given(manifests(), seeds, st.integers(0, 4))
def test_what_goes_with_the_workflow_is_gone_when_it_has_ended_or_the_run_says_why_not(
    spec: dict[str, Any], seed: int, crashes: int
) -> None:
    run = Simulation(new_run(spec), script(seed), Stormy(Random(seed), crashes)).play()
    assert run.state.is_finished
    left = garbage(run.nodes.values(), run.workflow.spec, (ON_COMPLETION,))
    assert run.state.artifact_gc_error == ("trouble" if left else "")
    outputs = [node.outputs for node in run.nodes.values() if node.type is NodeType.POD and node.outputs]
    kept = [each for output in outputs for each in output.artifacts if each.name == "never"]
    assert not any(each.deleted for each in kept)


class Repeating(Stormy):
    """Tells ends that it told before again, now and then."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.chance = random
        self.ends: list[Event] = []

    def take(self, events: Any) -> list[Event]:
        chosen = super().take(events)
        again = [event for event in self.ends if self.chance.random() < 0.3]
        self.ends += [event for event in chosen if isinstance(event, TaskEnded | WorkEnded)]
        return [*again, *chosen, *chosen]


@given(manifests(timeless=True), seeds)
def test_an_end_that_is_told_again_changes_nothing(spec: dict[str, Any], seed: int) -> None:
    calm = Simulation(new_run(spec), script(seed)).play()
    repeated = Simulation(new_run(spec), script(seed), Repeating(Random(seed))).play()
    assert facts(repeated) == facts(calm)


asks = st.lists(
    st.builds(
        Ask,
        st.integers(0, 20).map(float),
        st.sampled_from(
            [
                ShutdownAsked(shutdown=Shutdown.STOP),
                ShutdownAsked(shutdown=Shutdown.TERMINATE),
                SuspendAsked(),
                ResumeAsked(),
                ResumeAsked(nodes=(NodeNumber(3), NodeNumber(4))),
            ]
        ),
    ),
    max_size=4,
)


@given(manifests(), seeds, asks, st.integers(0, 3))
def test_a_run_ends_whatever_is_asked_of_it_meanwhile(
    spec: dict[str, Any], seed: int, asked: list[Ask], crashes: int
) -> None:
    always = [*asked, Ask(200.0, ResumeAsked())]
    simulation = Simulation(new_run(spec), script(seed), Stormy(Random(seed), crashes), asks=always)
    assert simulation.play().state.is_finished


@given(manifests(), seeds, st.sampled_from([Shutdown.STOP, Shutdown.TERMINATE]), st.integers(0, 10))
def test_a_shutdown_ends_a_run_at_once(spec: dict[str, Any], seed: int, shutdown: Shutdown, at: int) -> None:
    asked = [Ask(float(at), ShutdownAsked(shutdown=shutdown))]
    simulation = Simulation(new_run(spec), script(seed), asks=asked)
    run = simulation.play()
    assume(run.state.shutdown is shutdown)
    leaves = [node for node in run.nodes.values() if node.type.is_leaf and not node.is_exit]
    daemons = [node for node in leaves if node.pod_ip]  # they end with what called them
    assert [node.name for node in leaves if ended_after(node, at) and node not in daemons] == []
    if shutdown is Shutdown.TERMINATE:
        assert (run.state.finished_at or 0) <= at


def ended_after(node: Node, at: float) -> bool:
    """Return whether the node ran and ended after ``at``; what was refused then never ran."""
    return node.finished_at is not None and node.finished_at > at and node.finished_at != node.started_at


@given(manifests(), seeds)
def test_a_run_does_the_same_when_all_happens_again(spec: dict[str, Any], seed: int) -> None:
    first = Simulation(new_run(spec), script(seed), Stormy(Random(seed), 2)).play()
    second = Simulation(new_run(spec), script(seed), Stormy(Random(seed), 2)).play()
    assert first.nodes == second.nodes
    assert first.state == second.state
