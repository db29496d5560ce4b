"""Everything a command needs, from the store to what drives runs, wired for the settings."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pinnace.base.errors import NotFoundError, RefusedError
from pinnace.bootstrap.artifacts import artifact_keeper
from pinnace.bootstrap.tasks import IsolationTrial, image_table
from pinnace.bootstrap.web import http_runner
from pinnace.bootstrap.workers import workers
from pinnace.engine.artifacts import repository_of
from pinnace.engine.garbage import STRATEGIES, garbage, keeps_run
from pinnace.engine.node import Reused
from pinnace.engine.run import Run, Shutdown
from pinnace.runtime.fleet import LEASE_SECONDS, Fleet, rebuilt
from pinnace.service import submission
from pinnace.service.labels import WORLD
from pinnace.service.scheduler import Scheduler, keep_on
from pinnace.settings import Settings
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.locate import LOCAL, is_same_place, relocate
from pinnace.spec.workflow import Workflow
from pinnace.stores.home import Home, prepare_home
from pinnace.stores.processes import this_process

if TYPE_CHECKING:  # heavy adapters are imported when they are first used, so that `list` starts fast
    from pinnace.executors.images import ImageTable
    from pinnace.ports.artifacts import ArtifactKeeper
    from pinnace.ports.observer import Observer
    from pinnace.ports.store import RunChange, Store
    from pinnace.service.cluster import StoreCluster
    from pinnace.service.selectors import FieldSelector
    from pinnace.world.world import World


class Pinnace:
    """Everything a command needs, made when it is first asked for."""

    def __init__(self, settings: Settings, world: World | None = None) -> None:
        self.settings = settings
        self.home: Home = prepare_home(settings.home)
        self.owner = this_process()
        self._world = world
        self._store: Store | None = None
        self._images: ImageTable | None = None
        self._fleet: Fleet | None = None
        self._leases: dict[str, int] = {}
        self._shutdown = Shutdown.NONE
        self._trial = IsolationTrial(self.home.root)

    @property
    def store(self) -> Store:
        """Return where runs are kept."""
        if self._store is None:
            from pinnace.stores.sqlite import SqliteStore

            self._store = SqliteStore(self.home.database)
        return self._store

    @property
    def images(self) -> ImageTable:
        """Return the table of stand-ins: options, then the user's file, then what is shipped."""
        if self._images is None:
            self._images = image_table(self.settings, self.home.root, self._world)
        return self._images

    def answer_with(self, world: World) -> None:
        """Let ``world`` answer from now on for the services that manifests name."""
        self._world, self._images = world, None

    # Runs --------------------------------------------------------------------------------------------------

    def submit(
        self,
        workflow: Workflow,
        catalogue: Catalogue,
        *,
        labels: Mapping[str, str] | None = None,
        replacing: submission.Replacing | None = None,
        reused: dict[str, Reused] | None = None,
    ) -> str:
        """Keep a new run, owned by this process, and return its uid; ``drive`` runs it.

        With it, or not at all, the objects that ``replacing`` returns for it are replaced in the store. What
        ``reused`` holds is not done again.

        Raises:
            PinnaceError: the manifest is wrong, or something in it cannot run here.
        """
        self._require_isolation()
        if self.settings.plugins is None:
            submission.refuse_plugins(workflow, catalogue)
        uid, lease = submission.submit(
            self.store,
            workflow,
            catalogue,
            images=self.images,
            owner=self.owner,
            now=time.time(),
            transient_pattern=self.settings.transient_error_pattern,
            labels={**(labels or {}), **({WORLD: "embedded"} if self._world is not None else {})},
            host=socket.gethostname(),
            replacing=replacing,
            reused=reused,
        )
        self._leases[uid] = lease
        return uid

    def take(self, uid: str) -> int:
        """Become the owner of a run that nobody drives, and return the lease number.

        Raises:
            RefusedError: another process drives it, or its tasks cannot be isolated here.
        """
        self._require_isolation()
        lease = self.store.acquire(uid, self.owner, LEASE_SECONDS)
        if lease is None:
            owner = self.store.owner_of(uid)
            who = f"process {owner.pid} on {owner.host}" if owner is not None else "another process"
            name = self.store.find_run(uid).name
            message = f"{name} is driven by {who}"
            raise RefusedError(message, remedy=f"Follow it with `pinnace watch {name}`.")
        self._leases[uid] = lease
        return lease

    def retry(
        self,
        uid: str,
        *,
        parameters: Mapping[str, str] | None = None,
        restart: FieldSelector | None = None,
    ) -> None:
        """Give a run that has ended something to do again, as its owner; ``drive`` does it.

        Args:
            uid: of the run.
            parameters: workflow arguments that change.
            restart: nodes to run again although they succeeded.

        Raises:
            RefusedError: it is driven, has not ended, or holds nothing that could be run again.
        """
        from pinnace.service.retry import retry

        lease = self.take(uid)
        try:
            change = retry(self.load(uid), time.time(), parameters=parameters, restart=restart)
            self.store.save([change.of_run(uid, lease)])
        except BaseException:
            self.store.release([uid], self.owner)
            raise

    async def drive(self, uids: Sequence[str], *, observer: Observer) -> None:
        """Drive runs that this process owns until each has ended."""
        async with self._fleet_for(observer) as fleet:
            await fleet.drive({uid: self._leases[uid] for uid in uids})

    async def schedule(
        self, *, observer: Observer, namespace: str | None, workflow_defaults: Workflow | None
    ) -> None:
        """Start what CronWorkflows are due for and drive it, until ``shutdown``; then until all has ended."""
        scheduler = Scheduler(
            self.store,
            submit=self.submit,
            take=self.take,
            delete=self.delete,
            said=observer.said,
            clock=time.time,
            namespace=namespace,
            workflow_defaults=workflow_defaults,
        )
        async with self._fleet_for(observer) as fleet, fleet.at_work():
            await keep_on(
                scheduler, fleet, self.store, self._leases, lambda: self._shutdown is not Shutdown.NONE
            )

    @asynccontextmanager
    async def _fleet_for(self, observer: Observer) -> AsyncIterator[Fleet]:
        """Give what drives runs, with its adapters open for the time of an ``async with``."""
        from pinnace.executors.process import ProcessExecutor
        from pinnace.stores.writer import Writer

        writer = Writer(self.store)
        executor = ProcessExecutor(self.home.root)
        http = http_runner(self.settings, self._world)

        async def save(change: RunChange) -> None:
            await asyncio.wrap_future(writer.submit(change))

        self._fleet = Fleet(
            store=self.store,
            save=save,
            owner=self.owner,
            executor=executor,
            workers=workers(self.settings, http, self.cluster, self.keeper, self._adopt, self._world),
            keeper=self.keeper,
            images=self.images,
            runs=self.home.runs,
            host_folders=self.settings.host_folders,
            observer=observer,
            clock=time.time,
            extra_env=self._world.environment() if self._world is not None else {},
            isolated=self.settings.is_isolated,
        )
        if self._shutdown is not Shutdown.NONE:
            self._fleet.stop_all(self._shutdown)
        try:
            yield self._fleet
        finally:
            await http.close()
            await executor.close()
            await asyncio.to_thread(writer.close)

    def shutdown(self, how: Shutdown) -> None:
        """Ask every run that this process drives to end."""
        self._shutdown = how
        if self._fleet is not None:
            self._fleet.stop_all(how)

    def request(self, uid: str, kind: str, payload: Mapping[str, Any]) -> int:
        """Leave a request for the run's owner; it is taken in at once when a process drives the run."""
        return self.store.add_request(uid, kind, payload)

    def load(self, uid: str) -> Run:
        """Return a run as it was last saved."""
        return rebuilt(self.store.load_run(uid))

    def load_if_there(self, uid: str) -> Run | None:
        """Return a run as it was last saved, None when there is none of that uid."""
        try:
            return self.load(uid) if uid else None
        except NotFoundError:
            return None

    def delete(self, uid: str, *, force: bool = False) -> None:
        """Forget a run with its logs and scratch files; what a crash left running of it is ended.

        Its artifacts stay, but for those whose ``artifactGC`` says that they go with it.

        Raises:
            RefusedError: a process drives it, or such an artifact cannot be deleted and ``force`` is not set.
        """
        import shutil

        try:
            name = self.store.find_run(uid).name
        except NotFoundError:
            return
        if self.store.acquire(uid, self.owner, LEASE_SECONDS) is None:
            message = f"{name} is being driven"
            raise RefusedError(message, remedy=f"End it first: `pinnace terminate {name}`.")
        if (self.home.runs / uid).exists():
            from pinnace.executors.process import ProcessExecutor

            asyncio.run(ProcessExecutor(self.home.root).close_run(uid))
        if not force:
            self._delete_artifacts(uid, name)
        self.store.delete_run(uid)
        shutil.rmtree(self.home.runs / uid, ignore_errors=True)
        self.cluster.delete_owned(uid)

    def _delete_artifacts(self, uid: str, name: str) -> None:
        """Delete the artifacts that go with the run. Source: Argo artifact_gc.go, the finalizer."""
        from pinnace.runtime.garbage import delete

        run = self.load(uid)
        spec = run.workflow.spec
        waste = garbage(run.nodes.values(), spec, STRATEGIES)
        if WORLD in run.info.labels and self._world is None:
            # What its world kept is gone with that world; real buckets of the same names are somebody else's.
            waste = tuple(each for each in waste if is_same_place(relocate(each, repository_of(run)), LOCAL))
        if not waste:
            return
        _, trouble = delete(self.keeper(run), waste)
        if keeps_run(spec, trouble):
            self.store.release([uid], self.owner)
            message = f"{name} is kept: {trouble}"
            raise RefusedError(message, remedy="`pinnace delete --force` deletes the run without it.")

    def sweep(self) -> None:
        """Forget the ended runs that their ``ttlStrategy`` no longer keeps."""
        for run in self.store.expired(time.time()):
            try:
                self.delete(run.uid)
            except RefusedError:
                continue  # somebody runs it again

    def close(self) -> None:
        """Let go of the store, and leave nothing at work in the home."""
        if self._store is not None:
            self._store.close()
        self._trial.close()

    # Adapters ----------------------------------------------------------------------------------------------

    def begin_probe(self) -> None:
        """Try on another thread whether tasks can be isolated, if they are to be: it takes a while."""
        if self.settings.is_isolated:
            self._trial.begin()

    def _require_isolation(self) -> None:
        """Make sure, before there is a run to drive, that tasks can have the private view they are to get.

        Raises:
            RefusedError: they cannot; says why, and what can be done instead.
        """
        if self.settings.is_isolated:
            self._trial.begin()
            _ = self.store  # it is loaded and opened while another process tries a view
            self._trial.require()

    @property
    def cluster(self) -> StoreCluster:
        """Return the objects that resource templates act on."""
        from pinnace.service.cluster import StoreCluster

        def submit(workflow: Workflow, catalogue: Catalogue, labels: Mapping[str, str]) -> str:
            return self.submit(workflow, catalogue, labels=labels)

        return StoreCluster(self.store, submit, self.delete, self.owner)

    def _adopt(self, uid: str) -> None:
        """Drive a run beside the others, unless it is driven or has ended. Called on the loop's thread."""
        if self._fleet is None or self._fleet.is_driving(uid):
            return
        if self.store.find_run(uid).finished_at is not None:
            return
        lease = self.store.acquire(uid, self.owner, LEASE_SECONDS)
        if lease is not None:
            self._leases[uid] = lease
            self._fleet.begin(uid, lease)

    def keeper(self, run: Run) -> ArtifactKeeper:
        """Return what loads, saves and deletes the artifacts of a run."""
        return artifact_keeper(run, self.settings, self.home.artifacts, self._world)
