"""What a transcript's commands do about CronWorkflows: a store, a clock, and schedulers that look.

    at TIME              a new, empty store, and what time it is (RFC 3339)
    keep                 the documents below are kept; one without a kind is the spec of a CronWorkflow
    update               the same, in place of what is kept
    wait DURATION        time passes, and a scheduler looks whenever it wants to
    away DURATION        time passes and nobody looks; then another scheduler does, once
    end RUN [PHASE]      a run ends; Succeeded if nothing else is said
    suspend, resume      the CronWorkflow
    next COUNT           when it is due next
    runs                 which runs are kept
    object PATH...       what is kept of the CronWorkflow: names with dots between
    child RUN PATH...    the same of a run of it, as an Argo client reads it

Answered by what a scheduler says, with the time, who is told to end (``>``), and what is forgotten (``-``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import yaml
from looking import part_of

from pinnace.base.errors import PinnaceError
from pinnace.base.quantities import parse_duration
from pinnace.engine.run import RunState
from pinnace.engine.times import rfc3339
from pinnace.language.dates import SECOND, parse_time
from pinnace.ports.images import StandIn
from pinnace.ports.store import Owner, RunChange, RunFilter
from pinnace.runtime.fleet import LEASE_SECONDS, rebuilt
from pinnace.schedules.status import RFC3339, Cron
from pinnace.service.crons import KIND, cron_of, next_ticks, suspended, updated
from pinnace.service.objects import new_object, require
from pinnace.service.scheduler import Scheduler
from pinnace.service.status import workflow_object
from pinnace.service.submission import Replacing, submit
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.workflow import Workflow
from pinnace.stores.memory import MemoryStore
from pinnace.testing.contracts.store_samples import make_owner

NAMESPACE, NAME = "default", "cron"
WORKFLOW = {
    "entrypoint": "main",
    "templates": [{"name": "main", "container": {"image": "i", "command": ["c"]}}],
}


class AnyImage:
    """Stands in for every image."""

    def resolve(self, *_: object) -> StandIn:
        """Return the same for all."""
        return StandIn(argv=("true",))


class Timetable:
    """One transcript as it goes on."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.given = ""
        self.now = 0.0
        self.said: list[str] = []

    def perform(self, line: str, given: str) -> str:
        """Return what ``line``, with the input ``given``, leads to."""
        name, *self.words = shlex.split(line)
        self.given, self.said = given, []
        try:
            answer = [*getattr(self, f"do_{name}")()]
        except PinnaceError as error:
            answer = [f"{type(error).__name__}: {error.message}"]
        return "\n".join([*self.said, *answer] or ["nothing"])

    # What happens ------------------------------------------------------------------------------------------

    def do_at(self) -> Iterable[str]:
        self.now = parse_time(RFC3339, self.words[0]).instant / SECOND
        self.store = MemoryStore(clock=lambda: self.now, is_dead=lambda _: False)
        self.leases: dict[str, tuple[int, Owner]] = {}
        self.terminated: set[int] = set()
        self.scheduler = self.another_scheduler()
        return ()

    def another_scheduler(self) -> Scheduler:
        """Return a scheduler that has not looked yet."""
        owner = make_owner("one")

        def keep(workflow: Workflow, catalogue: Catalogue, *, replacing: Replacing | None) -> str:
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
            lease = self.store.acquire(uid, owner, LEASE_SECONDS)
            assert lease is not None, "somebody drives it"
            self.leases[uid] = lease, owner

        def forget(uid: str) -> None:
            self.said.append(f"- {self.store.find_run(uid).name}")
            self.store.delete_run(uid)

        return Scheduler(
            self.store,
            submit=keep,
            take=take,
            delete=forget,
            said=lambda text: self.said.append(f"{rfc3339(self.now)} {text}"),
            clock=lambda: self.now,
        )

    def look(self) -> float:
        """Have the scheduler look, and return when it wants to look again."""
        for uid, (_, owner) in self.leases.items():
            self.store.renew([uid], owner, LEASE_SECONDS)
        wake_at = self.scheduler.look().wake_at
        for run in self.store.list_runs(RunFilter()):
            for request in self.store.pending_requests([run.uid]):
                if request.id not in self.terminated:
                    self.terminated.add(request.id)
                    self.said.append(f"> {request.kind} {run.name}")
        return wake_at

    def do_wait(self) -> Iterable[str]:
        until = self.now + parse_duration(self.words[0])
        while (wake_at := self.look()) < until:
            self.now = wake_at
        self.now = until
        self.look()
        return ()

    def do_away(self) -> Iterable[str]:
        self.now += parse_duration(self.words[0])
        self.scheduler = self.another_scheduler()
        self.look()
        return ()

    def do_end(self) -> Iterable[str]:
        name, phase = [*self.words, "Succeeded"][:2]
        uid = self.store.find_run(name).uid
        lease, owner = self.leases[uid]
        state = RunState(phase=phase, started_at=self.now, finished_at=self.now)
        self.store.save([RunChange(uid=uid, lease=lease, state=state)])
        self.store.release([uid], owner)
        return ()

    # What people ask ---------------------------------------------------------------------------------------

    def do_keep(self) -> Iterable[str]:
        for body in self.documents():
            self.store.objects.create(new_object(body, NAMESPACE, self.now))
        self.look()
        return ()

    def do_update(self) -> Iterable[str]:
        for body in self.documents():
            updated(self.store.objects, NAMESPACE, body)
        self.look()
        return ()

    def documents(self) -> Iterable[dict[str, object]]:
        """Yield what the input holds as whole documents."""
        for body in yaml.safe_load_all(self.given):
            if "kind" in body:
                yield body
            else:
                yield {"kind": KIND, "metadata": {"name": NAME}, "spec": {"workflowSpec": WORKFLOW, **body}}

    def do_suspend(self) -> Iterable[str]:
        suspended(self.store.objects, NAMESPACE, NAME, is_suspended=True)
        return ()

    def do_resume(self) -> Iterable[str]:
        suspended(self.store.objects, NAMESPACE, NAME, is_suspended=False)
        self.look()
        return ()

    # Looking -----------------------------------------------------------------------------------------------

    @property
    def cron(self) -> Cron:
        return cron_of(require(self.store.objects, KIND, NAMESPACE, NAME))

    def do_next(self) -> Iterable[str]:
        return map(rfc3339, next_ticks(self.cron, self.now, int(self.words[0])))

    def do_runs(self) -> Iterable[str]:
        runs = sorted(self.store.list_runs(RunFilter()), key=lambda run: run.name)
        return [f"{run.name} {run.phase or 'Pending'}" for run in runs]

    def do_object(self) -> Iterable[str]:
        body = require(self.store.objects, KIND, NAMESPACE, NAME).body
        return [self.without_uids(part_of(body, path)) for path in self.words]

    def do_child(self) -> Iterable[str]:
        name, *paths = self.words
        told = workflow_object(rebuilt(self.store.load_run(self.store.find_run(name).uid)))
        return [self.without_uids(part_of(told, path)) for path in paths]

    def without_uids(self, text: str) -> str:
        """Return ``text``, in which uids, which are never the same, are names."""
        names = {run.uid: run.name for run in self.store.list_runs(RunFilter())} | {self.cron.uid: NAME}
        for uid, name in names.items():
            text = text.replace(uid, f"uid of {name}")
        return text
