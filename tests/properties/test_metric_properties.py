from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from pinnace.engine.commands import StartTask, Work
from pinnace.testing.builders import bundle_of, run_of
from pinnace.testing.simulated import Behaviour
from pinnace.testing.simulation import Schedule, Simulation, Stormy

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  metrics: {prometheus: [{name: runs, help: Runs., counter: {value: "1"}}]}
  templates:
  - name: main
    metrics: {prometheus: [{name: mains, help: Mains., counter: {value: "1"}}]}
    steps: [[{name: a, template: work, withSequence: {count: "4"}, continueOn: {failed: true}}]]
  - name: work
    retryStrategy: {limit: "1"}
    metrics:
      prometheus:
      - name: ends
        help: Ends.
        labels: [{key: node, value: "{{node.name}}"}, {key: status, value: "{{status}}"}]
        counter: {value: "1"}
    container: {image: i, command: [c]}
"""


def script(command: StartTask | Work) -> Behaviour:
    """Return that the even items fail at first, and the third for good."""
    name = command.node_name
    return Behaviour(exit_code=1 if "(2:" in name or ("(0:" in name and name.endswith("(0)")) else 0)


def emitted(schedule: Schedule) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    """Return how often each series was added to, by what was saved."""
    simulation = Simulation(run_of(bundle_of(MANIFEST)), script, schedule)
    simulation.play()
    return Counter((each.name, each.labels) for each in simulation.journal.metrics)


@pytest.mark.parametrize("seed", range(30))
def test_every_end_is_measured_once_wherever_the_process_dies(seed: int) -> None:
    calm = emitted(Schedule())

    assert emitted(Stormy(Random(seed), crashes=6)) == calm
    assert calm["runs", ()] == calm["mains", ()] == 1
    ends = {labels: count for (name, labels), count in calm.items() if name == "ends"}
    assert len(ends) == 6
    assert set(ends.values()) == {1}
