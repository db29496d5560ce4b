from __future__ import annotations

from msgspec.structs import replace

from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.store import Owner, RunChange, Submission
from pinnace.service.estimates import with_estimate
from pinnace.service.labels import CRON_WORKFLOW, WORKFLOW_TEMPLATE
from pinnace.spec.workflow import Workflow
from pinnace.stores.memory import MemoryStore

OWNER = Owner(id="me")
INFO = RunInfo(uid="new", name="new", namespace="default", created_at=100.0, labels={WORKFLOW_TEMPLATE: "t"})


def store_with(*runs: tuple[RunInfo, str, float]) -> MemoryStore:
    """Return a store of runs that ended in a phase after so many seconds."""
    store = MemoryStore()
    for info, phase, seconds in runs:
        lease = store.create_run(
            info, Submission(workflow=Workflow()), RunState(), (), owner=OWNER, lease_seconds=60
        )
        state = RunState(phase=phase, started_at=1.0, finished_at=1.0 + seconds)
        store.save([RunChange(uid=info.uid, lease=lease, state=state)])
    return store


def run(name: str, created_at: float, **fields: object) -> RunInfo:
    """Return a run of the same template as ``INFO``."""
    return replace(INFO, uid=name, name=name, created_at=created_at, **fields)


def test_a_run_is_expected_to_take_what_the_last_good_one_of_its_template_took() -> None:
    store = store_with(
        (run("first", 1.0), "Succeeded", 10.0),
        (run("second", 2.0), "Succeeded", 20.9),
        (run("third", 3.0), "Failed", 30.0),
        (run("other", 4.0, labels={WORKFLOW_TEMPLATE: "u"}), "Succeeded", 40.0),
        (run("elsewhere", 5.0, namespace="other"), "Succeeded", 50.0),
    )

    found = with_estimate(store, INFO)

    assert (found.baseline, found.estimated_duration) == ("second", 20)


def test_nothing_is_expected_of_a_run_of_no_template_or_of_a_first_one() -> None:
    store = store_with((run("first", 1.0), "Failed", 10.0))

    assert with_estimate(store, INFO) == INFO
    assert with_estimate(store, replace(INFO, labels={})) == replace(INFO, labels={})


def test_runs_of_a_schedule_are_compared_with_one_another() -> None:
    labels = {CRON_WORKFLOW: "nightly"}
    store = store_with((run("first", 1.0, labels=labels), "Succeeded", 7.0))

    assert with_estimate(store, replace(INFO, labels=labels)).estimated_duration == 7
