"""Schedulers look at a store whose clock is moved by hand; nothing sleeps, and no task runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import RefusedError
from pinnace.engine.run import RunState
from pinnace.ports.images import Refusal, StandIn
from pinnace.ports.store import Owner, RunChange, RunFilter
from pinnace.schedules.status import Cron
from pinnace.service.crons import KIND, changed, cron_of, suspended, updated
from pinnace.service.labels import WORLD
from pinnace.service.objects import new_object, require
from pinnace.service.scheduler import Scheduler
from pinnace.service.submission import Replacing, submit
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.workflow import Workflow
from pinnace.stores.memory import MemoryStore
from pinnace.testing.contracts.store_samples import make_owner

#: 2026-11-23T09:00:30Z
BEGIN = 1_795_424_430.0
MINUTE = BEGIN + 30


class AnyImage:
    """Stands in for every image but ``nowhere``."""

    def resolve(self, image: str, *_: object) -> StandIn | Refusal:
        return (
            Refusal(message="nothing stands in for nowhere")
            if image == "nowhere"
            else StandIn(argv=("true",))
        )


def manifest(**spec: Any) -> dict[str, Any]:
    workflow = {
        "entrypoint": "main",
        "templates": [{"name": "main", "container": {"image": "busybox", "command": ["true"]}}],
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": "tick"},
        "spec": {"schedules": ["* * * * *"], "workflowSpec": workflow, **spec},
    }


@dataclass
class Town:
    """A store with one CronWorkflow, a clock, and schedulers that look when they are told."""

    now: float = BEGIN
    dead: set[str] = field(default_factory=set)
    leases: dict[str, tuple[int, Owner]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    before_submit: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=lambda: self.now, is_dead=lambda owner: owner.id in self.dead)

    def scheduler(self, name: str = "one") -> Scheduler:
        owner = make_owner(name)

        def keep(workflow: Workflow, catalogue: Catalogue, *, replacing: Replacing | None) -> str:
            if self.before_submit is not None:
                meanwhile, self.before_submit = self.before_submit, None
                meanwhile()
            uid, lease = submit(
                self.store,
                workflow,
                catalogue,
                images=AnyImage(),
                owner=owner,
                now=self.now,
                replacing=replacing,
            )
            self.leases[uid] = lease, owner
            return uid

        def take(uid: str) -> None:
            lease = self.store.acquire(uid, owner, 30.0)
            if lease is None:
                raise RefusedError("driven")
            self.leases[uid] = lease, owner

        return Scheduler(
            self.store,
            submit=keep,
            take=take,
            delete=self.store.delete_run,
            said=self.said.append,
            clock=lambda: self.now,
        )

    def create(self, **spec: Any) -> None:
        self.store.objects.create(new_object(manifest(**spec), "default", self.now))

    def wait(self, seconds: float, *schedulers: Scheduler) -> None:
        """Let time pass; the schedulers look at its end."""
        self.now += seconds
        for scheduler in schedulers:
            scheduler.look()

    def end(self, name: str, phase: str = "Succeeded") -> None:
        uid = self.store.find_run(name).uid
        lease, owner = self.leases[uid]
        state = RunState(phase=phase, started_at=self.now, finished_at=self.now)
        self.store.save([RunChange(uid=uid, lease=lease, state=state)])
        self.store.release([uid], owner)

    @property
    def names(self) -> list[str]:
        return sorted(run.name for run in self.store.list_runs(RunFilter()))

    @property
    def cron(self) -> Cron:
        return cron_of(require(self.store.objects, KIND, "default", "tick"))

    @property
    def active(self) -> list[str]:
        return [run.name for run in self.cron.status.active]


@pytest.fixture
def town() -> Town:
    return Town()


def name_at(tick: float) -> str:
    return f"tick-{int(tick)}"


def test_a_tick_starts_a_run_that_knows_its_time_and_its_origin(town: Town) -> None:
    town.create(workflowMetadata={"labels": {"team": "a"}, "annotations": {"note": "b"}})
    one = town.scheduler()
    one.look()
    assert town.names == []

    town.now = MINUTE
    (uid,) = one.look().begun

    run = town.store.load_run(uid)
    assert run.info.name == name_at(MINUTE)
    assert run.info.labels == {"workflows.argoproj.io/cron-workflow": "tick", "team": "a"}
    assert run.info.annotations == {
        "workflows.argoproj.io/scheduled-time": "2026-11-23T09:01:00Z",
        "note": "b",
    }
    status = town.cron.status
    assert (status.phase, status.last_scheduled_time) == ("Active", "2026-11-23T09:01:00Z")
    assert [(run.name, run.uid) for run in status.active] == [(name_at(MINUTE), uid)]


def test_a_look_says_when_the_next_one_is_due(town: Town) -> None:
    one = town.scheduler()
    assert one.look().wake_at == BEGIN + 10
    town.create()
    town.now = MINUTE - 3
    assert one.look().wake_at == MINUTE


def test_a_tick_starts_one_run_however_many_schedulers_look(town: Town) -> None:
    town.create()
    one, two = town.scheduler("one"), town.scheduler("two")
    town.wait(0, one, two)
    town.now = MINUTE
    town.before_submit = two.look  # between what the first reads and what it writes
    assert one.look().begun == ()
    assert town.names == [name_at(MINUTE)]
    assert town.cron.status.last_tick == MINUTE


def test_a_run_that_is_gone_is_not_made_again_by_one_who_comes_late(town: Town) -> None:
    town.create(successfulJobsHistoryLimit=0)
    one, two = town.scheduler("one"), town.scheduler("two")
    town.wait(0, one, two)
    town.now = MINUTE
    one.look()
    town.end(name_at(MINUTE))
    one.look()
    assert town.names == []
    two.look()
    assert town.names == []
    assert (town.cron.status.succeeded, town.active) == (1, [])


def test_what_a_dead_scheduler_started_is_driven_on_by_the_next(town: Town) -> None:
    town.create()
    one = town.scheduler("one")
    one.look()
    town.now = MINUTE
    (uid,) = one.look().begun
    town.dead.add("one")
    assert town.scheduler("two").look().begun == (uid,)
    assert town.names == [name_at(MINUTE)]


def test_several_schedules_that_tick_at_once_start_one_run(town: Town) -> None:
    town.create(schedules=["* * * * *", "1 9 * * *", "@every 10s"])
    one = town.scheduler()
    one.look()
    for _ in range(6):
        town.wait(10, one)
    # Every ten seconds from the making on; the minute is one of them.
    assert town.names == [name_at(BEGIN + 10 * count) for count in range(1, 7)]


def test_a_suspended_one_starts_nothing_until_it_is_resumed(town: Town) -> None:
    town.create(suspend=True)
    one = town.scheduler()
    one.look()
    town.now = MINUTE
    one.look()
    suspended(town.store.objects, "default", "tick", is_suspended=False)
    town.wait(5, one)
    assert town.names == []
    town.now = MINUTE + 60
    one.look()
    assert town.names == [name_at(MINUTE + 60)]


# Policies --------------------------------------------------------------------------------------------------


def test_allow_starts_beside_what_goes_on(town: Town) -> None:
    town.create()
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    town.wait(60, one)
    assert town.active == [name_at(MINUTE), name_at(MINUTE + 60)]


def test_forbid_starts_nothing_beside_what_goes_on(town: Town) -> None:
    town.create(concurrencyPolicy="Forbid")
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    town.wait(60, one)
    assert town.names == [name_at(MINUTE)]
    town.end(name_at(MINUTE))
    town.wait(60, one)
    assert town.active == [name_at(MINUTE + 120)]


def test_what_forbid_kept_from_starting_starts_within_its_deadline(town: Town) -> None:
    town.create(concurrencyPolicy="Forbid", startingDeadlineSeconds=20)
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    town.wait(60, one)
    town.end(name_at(MINUTE))
    town.wait(19, one)
    assert town.active == [name_at(MINUTE + 60)]
    town.wait(41, one)  # forbidden
    town.end(name_at(MINUTE + 60))
    town.wait(21, one)
    assert town.active == []


def test_replace_ends_what_goes_on(town: Town) -> None:
    town.create(concurrencyPolicy="Replace")
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    uid = town.store.find_run(name_at(MINUTE)).uid
    town.wait(60, one)
    assert [request.kind for request in town.store.pending_requests([uid])] == ["terminate"]
    town.end(name_at(MINUTE), "Failed")
    town.wait(1, one)
    assert (town.active, town.cron.status.failed) == ([name_at(MINUTE + 60)], 1)


# Missed ticks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deadline", "late", "expected"),
    [
        (None, 150, []),
        (20, 150, []),  # the last tick was 30 seconds ago
        (31, 150, [name_at(MINUTE + 120)]),
        (10_000, 150, [name_at(MINUTE + 120)]),  # the last one alone
    ],
)
def test_a_missed_tick_is_run_within_its_deadline(
    town: Town, deadline: int | None, late: int, expected: list[str]
) -> None:
    spec = {} if deadline is None else {"startingDeadlineSeconds": deadline}
    town.create(**spec)
    first = town.scheduler("one")
    first.look()
    town.wait(30, first)
    town.end(name_at(MINUTE))
    town.wait(late, town.scheduler("two"))
    assert town.active == expected


def test_ticks_before_the_first_run_and_of_another_schedule_are_not_missed(town: Town) -> None:
    town.create(startingDeadlineSeconds=1000)
    town.wait(120, town.scheduler("one"))
    assert town.names == []
    town.wait(30, one := town.scheduler("two"))
    town.wait(60, one)
    assert len(town.names) == 1
    body = manifest(startingDeadlineSeconds=1000, schedules=["*/2 * * * *"])
    updated(town.store.objects, "default", body)
    town.wait(600, town.scheduler("three"))
    assert len(town.names) == 1


def test_somebody_who_wakes_late_runs_one_tick(town: Town) -> None:
    town.create()
    one = town.scheduler()
    one.look()
    town.wait(3600, one)
    assert town.names == [name_at(MINUTE)]


def test_a_daily_tick_comes_at_the_same_hour_when_clocks_change(town: Town) -> None:
    town.now = 1_774_652_400.0  # 2026-03-28T00:00:00 in Berlin, the night before the clocks go forward
    town.create(schedules=["30 8 * * *", "30 2 * * *"], timezone="Europe/Berlin")
    one = town.scheduler()
    one.look()
    for _ in range(3 * 24 * 60):
        town.wait(60)
        town.now = min(town.now, one.look().wake_at)
    hours = [(int(name.partition("-")[2]) - 1_774_652_400) / 3600 for name in town.names]
    assert hours == [2.5, 8.5, 24 + 7.5, 47 + 2.5, 47 + 8.5]  # there is no half past two on the 29th


# What may start --------------------------------------------------------------------------------------------


def test_a_condition_is_asked_at_each_tick(town: Town) -> None:
    town.create(when="{{= cronworkflow.succeeded < 1 }}")
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    town.end(name_at(MINUTE))
    town.wait(60, one)
    assert town.names == [name_at(MINUTE)]


def test_a_condition_that_cannot_be_evaluated_is_a_failure_counted_once(town: Town) -> None:
    town.create(when="{{= cronworkflow.nothing > 1 }}")
    one, two = town.scheduler("one"), town.scheduler("two")
    town.wait(0, one, two)
    town.wait(30, one, two)
    status = town.cron.status
    assert (status.failed, [each.type for each in status.conditions]) == (1, ["SubmissionError"])
    assert status.conditions[0].message.startswith("run policy error: ")


def test_the_stop_strategy_stops_for_good(town: Town) -> None:
    town.create(stopStrategy={"expression": "cronworkflow.succeeded >= 2"}, successfulJobsHistoryLimit=1)
    one = town.scheduler()
    one.look()
    for _ in range(4):
        town.now = max(town.now, one.look().wake_at)
        town.wait(60, one)
        for name in town.active:
            town.end(name)
    status = town.cron.status
    assert (status.phase, status.succeeded) == ("Stopped", 2)
    assert town.cron.manifest.metadata.labels == {"cronworkflows.argoproj.io/completed": "true"}
    assert len(town.names) == 1


def test_what_cannot_be_submitted_is_told_and_forgotten_by_the_next_success(town: Town) -> None:
    town.create()
    one = town.scheduler()
    one.look()
    body = manifest()
    body["spec"]["workflowSpec"]["templates"][0]["container"]["image"] = "nowhere"
    updated(town.store.objects, "default", body)
    town.wait(30, one)
    status = town.cron.status
    assert status.failed == 1
    assert [(each.type, each.message) for each in status.conditions] == [
        ("SubmissionError", "Failed to submit Workflow: nothing stands in for nowhere (template main)")
    ]
    changed(town.store.objects, "default", "tick", lambda body: {**body, "spec": manifest()["spec"]})
    town.wait(60, one)
    assert (town.active, town.cron.status.conditions) == ([name_at(MINUTE + 60)], ())


def test_what_is_wrong_is_a_condition_and_starts_nothing(town: Town) -> None:
    town.create(workflowSpec={"workflowTemplateRef": {"name": "none"}})
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    (condition,) = town.cron.status.conditions
    assert (condition.type, "none not found" in condition.message) == ("SpecError", True)
    template = {
        "kind": "WorkflowTemplate",
        "metadata": {"name": "none"},
        "spec": manifest()["spec"]["workflowSpec"],
    }
    town.store.objects.create(new_object(template, "default", town.now))
    town.wait(60, one)
    assert town.active == [name_at(MINUTE + 60)]
    assert town.cron.status.conditions == ()


def test_a_schedule_that_cannot_be_read_is_told_once_and_harms_no_other(town: Town) -> None:
    town.create()
    bad = manifest(schedules=["every day"])
    bad["metadata"] = {"name": "bad"}
    town.store.objects.create(new_object(bad, "default", town.now))
    one = town.scheduler()
    one.look()
    town.wait(30, one)
    assert town.names == [name_at(MINUTE)]
    assert len([line for line in town.said if line.startswith("bad: ")]) == 1


# Histories -------------------------------------------------------------------------------------------------


def test_the_latest_of_each_kind_are_kept(town: Town) -> None:
    town.create(successfulJobsHistoryLimit=2)
    one = town.scheduler()
    one.look()
    town.wait(-30)
    for phase in ("Failed", "Succeeded", "Error", "Succeeded", "Failed", "Succeeded"):
        town.wait(60, one)
        for name in town.active:
            town.end(name, phase)
    town.wait(5, one)
    kept = [town.store.find_run(name).phase for name in town.names]
    assert kept == ["Succeeded", "Failed", "Succeeded"]
    assert (town.cron.status.succeeded, town.cron.status.failed) == (3, 3)


# Any order of things ---------------------------------------------------------------------------------------


class Disorder:
    """Three schedulers to which everything happens, in any order."""

    def __init__(self, **spec: Any) -> None:
        self.town = Town()
        self.town.create(successfulJobsHistoryLimit=0, **spec)
        self.schedulers = [self.town.scheduler(str(number)) for number in range(3)]
        for scheduler in self.schedulers:
            scheduler.look()  # from now on each waits for the next tick; those who come after a kill do not
        self.made: set[str] = set()
        self.ended = 0

    def wait(self, _: int, seconds: int) -> None:
        self.town.now += seconds

    def look(self, which: int, _: int) -> None:
        for uid in self.schedulers[which].look().begun:
            info = self.town.store.load_run(uid).info
            is_new = self.town.leases[uid][0] == 1
            assert is_new == (info.name not in self.made)  # a run is made once, and else taken over
            self.made.add(info.name)

    def meanwhile(self, which: int, _: int) -> None:
        """Let another one look between what one reads and what it writes."""
        self.town.before_submit = lambda: self.look((which + 1) % 3, 0)
        self.look(which, 0)
        self.town.before_submit = None

    def late(self, which: int, _: int) -> None:
        """Let what is due be run, ended and forgotten by another one before this one looks."""
        other = (which + 1) % 3
        self.look(other, 0)
        self.end()
        self.look(other, 0)
        self.look(which, 0)

    def kill(self, which: int, _: int) -> None:
        self.town.dead |= {lease[1].id for lease in self.town.leases.values() if lease[1].id[0] == str(which)}
        self.schedulers[which] = self.town.scheduler(f"{which} since {self.town.now} {len(self.town.dead)}")

    def end(self, *_: int) -> None:
        going = [run for run in self.town.store.list_runs(RunFilter()) if run.finished_at is None]
        for run in going[-1:]:
            self.town.dead.add(self.town.leases[run.uid][1].id)
            owner = make_owner("end")
            lease = self.town.store.acquire(run.uid, owner, 1.0)
            assert lease is not None
            self.town.leases[run.uid] = lease, owner
            self.town.end(run.name)
            self.ended += 1

    def suspend(self, which: int, _: int) -> None:
        suspended(self.town.store.objects, "default", "tick", is_suspended=which > 0)


STEPS = ("wait", "look", "meanwhile", "late", "kill", "end", "suspend")


@given(
    policy=st.sampled_from(["Allow", "Forbid", "Replace"]),
    deadline=st.sampled_from([None, 5, 70, 1000]),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2), st.integers(1, 130)), max_size=60),
)
def test_whatever_happens_a_tick_starts_one_run_and_every_end_is_counted_once(
    policy: str, deadline: int | None, steps: list[tuple[str, int, int]]
) -> None:
    spec = {} if deadline is None else {"startingDeadlineSeconds": deadline}
    disorder = Disorder(concurrencyPolicy=policy, **spec)
    for what, which, amount in steps:
        getattr(disorder, what)(which, amount)
        runs = disorder.town.store.list_runs(RunFilter())
        if policy == "Forbid":
            assert sum(run.finished_at is None for run in runs) <= 1
    assert all((int(name.partition("-")[2]) - MINUTE) % 60 == 0 for name in disorder.made)
    disorder.look(0, 0)
    assert disorder.town.cron.status.succeeded == disorder.ended


@pytest.mark.parametrize(("labels", "goes_on"), [({}, True), ({WORLD: "embedded"}, False)])
def test_what_a_dead_scheduler_left_goes_on_unless_its_world_is_gone(
    labels: dict[str, str], goes_on: bool
) -> None:
    town = Town()
    first = town.scheduler("first")
    town.create(workflowMetadata={"labels": labels})
    town.wait(0, first)
    town.wait(30, first)
    assert len(town.leases) == 1
    town.dead.add(make_owner("first").id)
    town.wait(1, town.scheduler("second"))
    assert any(line.endswith(" goes on") for line in town.said) == goes_on
