from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinnace.base.errors import NotFoundError, UsageError
from pinnace.engine.run import RunInfo, RunState
from pinnace.ports.store import Owner, RunChange, Store, Submission
from pinnace.service.queries import Wanted, find, parse_span, resolve
from pinnace.spec.workflow import Workflow
from pinnace.stores.memory import MemoryStore

NOW = 1_000_000.0
DAY = 86_400.0


def keep(store: Store, name: str, state: RunState, age: float, **info: object) -> None:
    made = RunInfo(uid=f"uid-{name}", name=name, namespace="argo", created_at=NOW - age, **info)  # type: ignore[arg-type]  # a test's shorthand
    owner = Owner(id="me")
    lease = store.create_run(
        made, Submission(workflow=Workflow()), RunState(), (), owner=owner, lease_seconds=60
    )
    store.save([RunChange(uid=made.uid, lease=lease, state=state)])


@pytest.fixture
def store() -> Iterator[Store]:
    store = MemoryStore()
    keep(
        store,
        "old",
        RunState(phase="Succeeded", started_at=NOW - 3 * DAY, finished_at=NOW - 2 * DAY),
        3 * DAY,
    )
    keep(
        store,
        "failed",
        RunState(phase="Failed", started_at=NOW - 60, finished_at=NOW - 30),
        60,
        labels={"team": "a", "workflows.argoproj.io/resubmitted-from-workflow": "old"},
    )
    keep(store, "going", RunState(phase="Running", started_at=NOW - 90), 90, labels={"team": "b"})
    keep(store, "made", RunState(), 1)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["made", "going", "failed", "old"]),
        (Wanted(completed=True), ["failed", "old"]),
        (Wanted(running=True), ["made", "going"]),
        (Wanted(statuses=("Failed,Running",)), ["going", "failed"]),
        (Wanted(statuses=("Pending",)), ["made"]),
        (Wanted(statuses=("Running",), completed=True), []),
        (Wanted(prefix="fa"), ["failed"]),
        (Wanted(since="80s"), ["made", "failed"]),
        (Wanted(older="1d"), ["old"]),
        (Wanted(resubmitted=True), ["failed"]),
        (Wanted(labels="team in (a,b)"), ["going", "failed"]),
        (Wanted(labels="workflows.argoproj.io/phase=Succeeded"), ["old"]),
        (Wanted(labels="workflows.argoproj.io/completed!=true"), ["made", "going"]),
        (Wanted(fields="metadata.name!=old"), ["made", "going", "failed"]),
        (Wanted(namespace="other"), []),
    ],
)
def test_runs_are_found_by_what_they_are(store: Store, wanted: Wanted, expected: list[str]) -> None:
    assert [run.name for run in find(store, wanted, NOW)] == expected


def test_a_name_means_a_run_and_latest_the_newest(store: Store) -> None:
    assert resolve(store, "@latest", None).name == "made"
    assert resolve(store, "going", "argo").name == "going"
    assert resolve(store, "uid-old", None).name == "old"
    with pytest.raises(NotFoundError):
        resolve(store, "nothing", None)


def test_options_that_make_no_sense_are_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="cannot be used together"):
        find(store, Wanted(completed=True, running=True), NOW)
    with pytest.raises(UsageError, match="Fialed is not a status"):
        find(store, Wanted(statuses=("Fialed",)), NOW)


def test_a_time_span_is_read_with_its_units() -> None:
    assert [parse_span(text) for text in ("30s", "10m", "3h", "1d", "1h30m")] == [30, 600, 10_800, DAY, 5400]
    for text in ("", "10", "1w", "-5m"):
        with pytest.raises(UsageError, match="unable to parse the time span"):
            parse_span(text)
