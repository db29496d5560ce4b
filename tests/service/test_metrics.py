from __future__ import annotations

from pinnace.engine.advance import advance, apply
from pinnace.engine.emissions import Definition, Emission
from pinnace.engine.events import RunStarted
from pinnace.engine.run import RunState
from pinnace.ports.metrics import Series, added
from pinnace.ports.store import Owner, RunChange, Submission
from pinnace.service.metrics import current, exposition
from pinnace.service.status import workflow_object
from pinnace.stores.memory import MemoryStore
from pinnace.testing.builders import bundle_of, run_of
from pinnace.testing.play import Play

MANIFEST = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wf}
spec:
  entrypoint: main
  metrics:
    prometheus:
    - name: seconds
      help: Seconds.
      labels: [{key: of, value: run}]
      gauge: {realtime: true, value: "{{workflow.duration}}"}
    - {name: runs, help: Runs., counter: {value: "1"}}
  templates:
  - name: main
    metrics:
      prometheus:
      - name: seconds
        help: Seconds.
        labels: [{key: of, value: "{{node.name}}"}]
        gauge: {realtime: true, value: "{{ duration }}"}
    container: {image: i, command: [c]}
"""


def test_realtime_gauges_of_runs_under_way_are_measured_now() -> None:
    store = MemoryStore()
    run = run_of(bundle_of(MANIFEST))
    lease = store.create_run(
        run.info,
        Submission(workflow=run.workflow),
        RunState(),
        (),
        owner=Owner(id="me"),
        lease_seconds=60,
    )
    outcome = advance(run, [RunStarted()], 100.0)
    apply(run, outcome)
    change = RunChange(uid=run.info.uid, lease=lease, state=outcome.state, nodes=outcome.nodes)
    store.save([change])

    shown = {(each.name, each.labels): each.value for each in current(store, 107.5)}

    assert shown == {("seconds", (("of", "run"),)): 7.5, ("seconds", (("of", "wf"),)): 7.5}


def test_series_are_written_as_prometheus_reads_them() -> None:
    histogram = Emission(
        name="size", definition=Definition("histogram", "Sizes\nof \\all"), value=3.0, buckets=(2.0, 4.5)
    )
    counter = Emission(
        name="ends", definition=Definition("counter", "Ends"), labels=(("a", 'x"\\\n'), ("b", "")), value=1e6
    )
    found: list[Series] = [added(None, counter), added(added(None, histogram), histogram)]

    assert exposition(found) == (
        "# HELP argo_workflows_ends Ends\n"
        "# TYPE argo_workflows_ends counter\n"
        'argo_workflows_ends{a="x\\"\\\\\\n",b=""} 1e+06\n'
        "# HELP argo_workflows_size Sizes\\nof \\\\all\n"
        "# TYPE argo_workflows_size histogram\n"
        'argo_workflows_size_bucket{le="2"} 0\n'
        'argo_workflows_size_bucket{le="4.5"} 2\n'
        'argo_workflows_size_bucket{le="+Inf"} 2\n'
        "argo_workflows_size_sum 6\n"
        "argo_workflows_size_count 2\n"
    )


def test_what_is_wrong_with_metrics_is_a_condition_and_told_once() -> None:
    play = Play(
        MANIFEST.replace("{{ duration }}", "{{status}}").replace(
            '{name: runs, help: Runs., counter: {value: "1"}}',
            '{name: seconds, help: Other., counter: {value: "1"}}',
        )
    ).start()
    play.end_all()

    conditions = {each["type"]: each for each in workflow_object(play.run)["status"]["conditions"]}

    assert play.run.state.phase == "Succeeded"
    assert conditions["MetricsError"]["message"] == (
        "'status' is not available as a real time metric, could not construct metric 'seconds': "
        "help for metric seconds is already set to Seconds., it cannot be changed"
    )
