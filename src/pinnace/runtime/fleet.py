"""All runs that this process drives: their leases, what other processes ask of them, and their drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pinnace.base.errors import LeaseLost, NotFoundError, PinnaceError, RefusedError, StorageError
from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import restore
from pinnace.engine.commands import Work
from pinnace.engine.events import Event, NodeSet, ResumeAsked, ShutdownAsked, SuspendAsked
from pinnace.engine.run import Run, Shutdown
from pinnace.ports.artifacts import ArtifactKeeper
from pinnace.ports.executor import Executor, TaskUpdate
from pinnace.ports.hostfolders import HostFolder
from pinnace.ports.images import Images
from pinnace.ports.observer import Observer
from pinnace.ports.store import Owner, Request, Store, StoredRun
from pinnace.runtime.driver import Driver, Save
from pinnace.runtime.locks import LockKeeper
from pinnace.runtime.staging import Stager
from pinnace.runtime.workers import Worker, Workers
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.references import TemplateLookup

#: A lease lives this long without being renewed, in seconds.
LEASE_SECONDS = 30.0
#: Leases are renewed this often.
_RENEW_SECONDS = 10.0
#: The store is asked this often whether anything was left in it; the question costs microseconds.
_POLL_SECONDS = 0.1


class Fleet:
    """Drives runs.

    Args:
        store: where runs are kept.
        save: makes one change durable.
        owner: this process.
        executor: runs tasks.
        workers: makes who does the work of a run that this process does itself, by the command's type.
        keeper: makes what loads and saves the artifacts of a run.
        images: finds stand-ins.
        runs: the folder that holds one folder a run; that of claims lies beside it.
        observer: is told what happens.
        clock: returns Unix seconds.
        host_folders: what ``hostPath`` volumes may mount.
        extra_env: variables of every task, as under the embedded world.
        isolated: whether tasks get a private view of the machine.
    """

    def __init__(
        self,
        *,
        store: Store,
        save: Save,
        owner: Owner,
        executor: Executor,
        workers: Callable[[Run], Mapping[type[Work], Worker]],
        keeper: Callable[[Run], ArtifactKeeper],
        images: Images,
        runs: Path,
        observer: Observer,
        clock: Callable[[], float],
        host_folders: Sequence[HostFolder],
        extra_env: Mapping[str, str],
        isolated: bool,
    ) -> None:
        self._store = store
        self._locks = LockKeeper(store.locks)
        self._save = save
        self._owner = owner
        self._executor = executor
        self._workers = workers
        self._keeper = keeper
        self._images = images
        self._runs = runs
        self._observer = observer
        self._clock = clock
        self._host_folders = host_folders
        self._extra_env = extra_env
        self._isolated = isolated
        self._drivers: dict[str, Driver] = {}
        self._drives: dict[str, asyncio.Task[None]] = {}
        self._shutdown = Shutdown.NONE

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Hear of tasks and requests for the time of an ``async with``; runs still driven are let go of."""
        self._executor.listen(self._take_in, self._complain)
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            tasks = (watch, *self._drives.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._locks.close()

    def begin(self, uid: str, lease: int) -> asyncio.Task[None]:
        """Drive a run, whose lease this process holds, beside those that are driven already.

        A run that another process took over is let go of, and the observer told. The task ends with the run.
        """
        task = asyncio.create_task(self._drive(uid, lease))
        self._drives[uid] = task
        task.add_done_callback(lambda _: self._drives.pop(uid))
        return task

    def is_driving(self, uid: str) -> bool:
        """Return whether this process drives the run, or is about to."""
        return uid in self._drives

    async def drained(self) -> None:
        """Wait until no run is driven."""
        while self._drives:
            await asyncio.wait(self._drives.values())

    async def drive(self, leases: Mapping[str, int]) -> None:
        """Drive the runs, whose leases this process holds, and those begun meanwhile, to their ends."""
        async with self.at_work():
            drives = [self.begin(uid, lease) for uid, lease in leases.items()]
            results = await asyncio.gather(*drives, return_exceptions=True)
            while self._drives:  # those that were begun meanwhile
                results += await asyncio.gather(*self._drives.values(), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _drive(self, uid: str, lease: int) -> None:
        stored = self._store.load_run(uid)
        run = rebuilt(stored)
        run.metrics.update((series.name, series.definition) for series in self._store.metrics.series())
        driver = self._drivers[uid] = Driver(
            run,
            lease,
            save=self._save,
            executor=self._executor,
            stager=Stager(
                run,
                self._runs / uid,
                self._keeper(run),
                self._images,
                claims=self._runs.with_name("claims"),
                host_folders=self._host_folders,
                extra_env=self._extra_env,
                isolated=self._isolated,
            ),
            workers=Workers(self._workers(run), self._clock),
            locks=self._locks,
            caches=self._store.caches,
            observer=self._observer,
            clock=self._clock,
        )
        if self._shutdown is not Shutdown.NONE:
            driver.tell([ShutdownAsked(shutdown=self._shutdown)])
        try:
            await driver.drive()
        except LeaseLost as error:
            self._observer.said(f"{run.info.name}: {error}")
        finally:
            del self._drivers[uid]
            await asyncio.to_thread(self._store.release, [uid], self._owner)

    def _take_in(self, updates: Sequence[TaskUpdate]) -> None:
        """Hand each update to the driver whose run it is of; attempt ids begin with the run's uid."""
        by_prefix = {uid[:8]: driver for uid, driver in self._drivers.items()}
        for update in updates:
            driver = by_prefix.get(update.attempt_id.partition(".")[0])
            if driver is not None:
                driver.take_in(update)

    def _complain(self, uid: str, trouble: str) -> None:
        """Tell a person what the tasks of a run wait for, and when they go on."""
        driver = self._drivers.get(uid)
        if driver is not None:
            text = f"{trouble}. They wait until it can." if trouble else "its tasks go on."
            self._observer.said(f"{driver.run.info.name}: {text}")

    # What other processes ask ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Renew leases, and take in requests as soon as they are left."""
        seen: int | None = None
        renewed_at = self._clock()
        given: set[int] = set()
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                if self._clock() - renewed_at >= _RENEW_SECONDS:
                    self._store.renew(list(self._drivers), self._owner, LEASE_SECONDS)
                    renewed_at = self._clock()
                now = self._store.changed()
                if now != seen:
                    seen = now
                    self._locks.look()
                    for request in self._store.pending_requests(list(self._drivers)):
                        if request.id not in given:
                            given.add(request.id)
                            self._hand_over(request)
            except StorageError:
                continue  # the drivers say so, and go on when there is room again

    def _hand_over(self, request: Request) -> None:
        driver = self._drivers.get(request.uid)
        if driver is None:
            return
        if request.kind == "describe":
            driver.describe(request.payload["labels"], request.payload["annotations"], request=request.id)
            return
        try:
            events = events_of(request)
        except (PinnaceError, KeyError, TypeError, ValueError) as error:
            self._observer.said(f"{driver.run.info.name}: the request {request.kind!r} is wrong: {error}")
            events = []
        driver.tell(events, request=request.id)

    def ask(self, uid: str, event: Event) -> None:
        """Tell a run that this process drives, at once."""
        driver = self._drivers.get(uid)
        if driver is None:
            message = f"run {uid} is not driven by this process"
            raise NotFoundError(message)
        driver.tell([event])

    def stop_all(self, shutdown: Shutdown) -> None:
        """Ask every run that this process drives, or is about to, to end."""
        self._shutdown = shutdown
        for driver in self._drivers.values():
            driver.tell([ShutdownAsked(shutdown=shutdown)])


def events_of(request: Request) -> list[Event]:
    """Return what a request means to the engine.

    Raises:
        RefusedError: there is no such request.
    """
    payload = request.payload
    nodes = tuple(NodeNumber(int(number)) for number in payload["nodes"]) if "nodes" in payload else None
    match request.kind:
        case "stop" if nodes is not None:
            message = str(payload.get("message", ""))
            return [NodeSet(nodes=nodes, phase="Failed", message=message)]
        case "stop":
            return [ShutdownAsked(shutdown=Shutdown.STOP)]
        case "terminate":
            return [ShutdownAsked(shutdown=Shutdown.TERMINATE)]
        case "suspend":
            return [SuspendAsked()]
        case "resume":
            return [ResumeAsked(nodes=nodes)]
        case "node-set":
            parameters = {str(key): str(value) for key, value in payload.get("parameters", {}).items()}
            return [
                NodeSet(
                    nodes=nodes or (),
                    phase=str(payload.get("phase", "")),
                    message=str(payload.get("message", "")),
                    parameters=parameters,
                )
            ]
        case other:
            message = f"there is no request {other!r}"
            raise RefusedError(message)


def rebuilt(stored: StoredRun) -> Run:
    """Return a run as it was saved."""
    submission = stored.submission
    catalogue = Catalogue(submission.templates, submission.config_maps, submission.secrets)
    run = Run(stored.info, submission.workflow, TemplateLookup(submission.workflow, catalogue))
    run.written = submission.written
    run.reused = submission.reused
    restore(run, stored.state, stored.nodes)
    return run
