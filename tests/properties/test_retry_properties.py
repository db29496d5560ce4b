"""What holds of every run that is retried, or resubmitted, after its end, whatever failed in it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from random_manifests import manifests, script

from pinnace.base.errors import RefusedError, UsageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import restore
from pinnace.engine.commands import StartTask, Work
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.recovery import open_tasks
from pinnace.engine.run import Run
from pinnace.service.resubmit import reused
from pinnace.service.retry import retry
from pinnace.service.selectors import parse_field_selector
from pinnace.testing.builders import bundle_of, document, run_of
from pinnace.testing.simulated import Behaviour, Script
from pinnace.testing.simulation import Simulation, Stormy

seeds = st.integers(0, 2**32 - 1)


class Watched:
    """Does as its script, and remembers for which nodes."""

    def __init__(self, does: Script) -> None:
        self.nodes: set[NodeNumber] = set()
        self._does = does

    def __call__(self, command: StartTask | Work) -> Behaviour:
        if command.node >= 0:  # the deletion of artifacts is nobody's
            self.nodes.add(command.node)
        return self._does(command)


def path(run: Run, number: NodeNumber) -> Iterator[NodeNumber]:
    """Yield a node and all that called it."""
    while number >= 0:
        yield number
        number = run.nodes[number].parent


def owner(run: Run, number: NodeNumber) -> NodeNumber:
    """Return the node that stands for what was done: a container's pod, an attempt's Retry node."""
    for each in path(run, number):
        node = run.nodes[each]
        if node.type is not NodeType.CONTAINER and not node.is_attempt:
            return each
    raise AssertionError(run.nodes[number].name)


def retried(run: Run, now: float, chosen: Node | None = None) -> Run:
    """Return the run as it is loaded after ``retry`` was saved."""
    restart = parse_field_selector(f"name={chosen.name}") if chosen is not None else None
    try:
        change = retry(run, now, restart=restart)
    except (RefusedError, UsageError):
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


@given(manifests(), seeds, st.integers(0, 4), st.integers(0))
def test_chosen_work_that_is_kept_is_done_again(
    spec: dict[str, Any], seed: int, crashes: int, choice: int
) -> None:
    spec.pop("activeDeadlineSeconds", None)  # it may be over before there is a place
    assume(not any("memoize" in template for template in spec["templates"]))
    did = Watched(script(seed))
    first = Simulation(run_of(bundle_of(document(spec))), did)
    run = first.play()
    daemons = {template["name"] for template in spec["templates"] if "daemon" in template}
    assume(not any(node.template in daemons for node in run.nodes.values()))  # their end may end others
    work = sorted({owner(run, number) for number in did.nodes})
    assume(work)
    chosen = work[choice % len(work)]
    assume(not any(run.nodes[number].is_hook for number in path(run, chosen)))
    again = retried(run, first.now, run.nodes[chosen])
    assume(chosen in again.nodes)
    does = Watched(lambda _: Behaviour(result="1"))
    second = Simulation(again, does, Stormy(Random(seed), crashes))
    second.now = first.now
    end = second.play()
    assert chosen in {owner(end, number) for number in does.nodes}


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
