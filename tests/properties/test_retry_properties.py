"""What holds of every run that is retried, or resubmitted, after its end, whatever failed in it."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from random_manifests import manifests, script

from pinnace.base.errors import RefusedError
from pinnace.engine.advance import restore
from pinnace.engine.node import NodeType, Phase
from pinnace.engine.recovery import open_tasks
from pinnace.engine.run import Run
from pinnace.service.resubmit import reused
from pinnace.service.retry import retry
from pinnace.testing.builders import bundle_of, document, run_of
from pinnace.testing.simulated import Behaviour
from pinnace.testing.simulation import Simulation, Stormy

seeds = st.integers(0, 2**32 - 1)


def retried(run: Run, now: float) -> Run:
    """Return the run as it is loaded after ``retry`` was saved."""
    try:
        change = retry(run, now)
    except RefusedError:
        assume(False)
    nodes = {number: node for number, node in run.nodes.items() if number not in change.removed}
    nodes |= {node.number: node for node in change.nodes}
    again = Run(change.info, run.workflow, run.lookup)
    restore(again, change.state, nodes.values())
    return again


@given(manifests(), seeds, st.integers(0, 4))
def test_a_retried_run_ends_and_does_not_repeat_what_it_keeps(
    spec: dict[str, Any], seed: int, crashes: int
) -> None:
    first = Simulation(run_of(bundle_of(document(spec))), script(seed))
    run = first.play()
    assume(run.state.phase in {"Failed", "Error"})
    again = retried(run, first.now)
    kept = {
        node.name
        for node in again.nodes.values()
        if node.type is NodeType.POD and node.phase is Phase.SUCCEEDED
    }
    assert open_tasks(again, first.now) == []
    second = Simulation(again, lambda _: Behaviour(result="1"), Stormy(Random(seed), crashes))
    second.now = first.now
    assert second.play().state.is_finished
    assert kept & set(second.executor.starts.values()) == set()
    assert set(first.executor.starts) & set(second.executor.starts) == set()


@given(manifests(), seeds, st.integers(0, 4))
def test_a_memoized_resubmission_ends_and_does_not_repeat_what_it_takes_over(
    spec: dict[str, Any], seed: int, crashes: int
) -> None:
    run = Simulation(run_of(bundle_of(document(spec))), script(seed)).play()
    assume(run.state.phase in {"Failed", "Error"})
    again = run_of(bundle_of(document(spec)))
    again.reused = reused(run)
    second = Simulation(again, lambda _: Behaviour(result="1"), Stormy(Random(seed), crashes))
    assert second.play().state.is_finished
    taken = {run.info.name + name for name in again.reused}
    assert taken & set(second.executor.starts.values()) == set()
