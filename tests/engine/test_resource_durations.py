from __future__ import annotations

from fractions import Fraction

import pytest

from manifests import workflow
from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_amount
from pinnace.engine.resources import duration_of_pod
from pinnace.engine.turn import Turn
from pinnace.testing.play import Play

MAIN = """
  - name: main
    inputs: {parameters: [{name: cpu, value: "{{workflow.parameters.cpu}}"}]}
"""
ARGUMENTS = '  arguments: {parameters: [{name: cpu, value: "2"}]}\n'


def asked(body: str) -> dict[str, int]:
    """Return the resource seconds of a pod with ``body`` that runs for a minute."""
    main = MAIN + "".join(f"    {line}\n" for line in body.splitlines())
    play = Play(workflow(main, spec=ARGUMENTS)).start().begin("wf")
    play.now += 60.9
    play.end("wf")
    turn = Turn(play.run, 0.0)
    return duration_of_pod(turn, turn.node(next(iter(play.run.nodes))))


@pytest.mark.parametrize(
    ("resources", "durations"),
    [
        ("{}", {"cpu": 6, "memory": 60}),
        ("{requests: {cpu: 2000m}}", {"cpu": 120, "memory": 60}),
        ("{limits: {cpu: 4, memory: 1Gi}, requests: {cpu: 1}}", {"cpu": 60, "memory": 614}),
        ("{limits: {nvidia.com/gpu: 1}}", {"cpu": 6, "memory": 60, "nvidia.com/gpu": 60}),
        ("{requests: {ephemeral-storage: 20Gi}}", {"cpu": 6, "memory": 60, "ephemeral-storage": 120}),
        ('{requests: {cpu: "{{inputs.parameters.cpu}}"}}', {"cpu": 120, "memory": 60}),
        ("{requests: {cpu: much}}", {}),
    ],
)
def test_a_pods_resources_are_requests_over_limits_times_whole_seconds(
    resources: str, durations: dict[str, int]
) -> None:
    assert asked(f"container: {{image: i, command: [c], resources: {resources}}}") == durations


def test_what_the_pod_asks_for_as_a_whole_counts_once() -> None:
    body = "container: {image: i, command: [c]}\npodResources: {requests: {cpu: 1}}"

    assert asked(body) == {"cpu": 60, "memory": 60}


def test_a_pod_that_never_ran_has_had_everything_for_no_time() -> None:
    main = MAIN + "    container: {image: i, command: [c]}\n"
    play = Play(workflow(main, spec=ARGUMENTS)).start()
    play.now += 10
    play.end("wf", exit_code=None, problem="preparation", message="no image")
    turn = Turn(play.run, 0.0)

    assert duration_of_pod(turn, turn.node(next(iter(play.run.nodes)))) == {"cpu": 0, "memory": 0}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100m", Fraction(1, 10)),
        ("1", Fraction(1)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("1e3", Fraction(1000)),
        ("12E", Fraction(12 * 10**18)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("-2k", Fraction(-2000)),
    ],
)
def test_an_amount_is_read_as_kubernetes_reads_it(text: str, amount: Fraction) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1KiB", "1e", "--1", "0x10"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="not a quantity"):
        parse_amount(text)
