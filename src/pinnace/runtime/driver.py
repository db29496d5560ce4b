"""One run, driven to its end: take in what happened, save what follows, then have it done.

The order is the promise: a command is performed only after the outcome that holds it is saved, so a crash at
any instant loses nothing. What a crash leaves behind is found by ``_recover``: the executor tells what became
of each attempt, and ``reassess`` asks again for what was not done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from pinnace.base.errors import EnvironmentFailure, PinnaceError, StorageError
from pinnace.engine.advance import Outcome, advance, apply, next_wake, reassess
from pinnace.engine.commands import (
    CancelTask,
    ClaimLocks,
    Command,
    LookUpCache,
    ReleaseLocks,
    StartTask,
    Work,
)
from pinnace.engine.events import CacheAnswered, Event, RunStarted, TaskEnded, TaskReady
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import Node, NodeType
from pinnace.engine.recovery import lost_tasks, open_tasks
from pinnace.engine.run import Run, RunInfo
from pinnace.ports import executor as port
from pinnace.ports.caches import Caches
from pinnace.ports.executor import Executor
from pinnace.ports.observer import Observer
from pinnace.ports.store import RunChange
from pinnace.runtime.locks import LockKeeper
from pinnace.runtime.probes import Probe, Probes, attend, is_answered, probes_of
from pinnace.runtime.staging import Stager
from pinnace.runtime.workers import Workers

#: Seconds between attempts to save when there is no room.
_PAUSE = 1.0
#: With so many tasks at work, news is gathered for so many seconds before a turn: a turn costs one commit,
#: however much it takes in. With fewer, each is taken in at once.
_MANY = 32
_GATHER = 0.004
#: Seconds for which a task's start waits to be saved together with what comes next: nothing follows from it.
_START_PATIENCE = 0.02
#: Seconds for which attempts that may be forgotten are gathered: nobody waits for that.
_RELEASE_SECONDS = 0.5

#: Makes one change durable; returns when it is.
Save = Callable[[RunChange], Awaitable[None]]


class Driver:
    """Drives one run. Everything happens on the event loop's thread.

    Args:
        run: what is driven; this driver alone changes it.
        lease: the lease number under which it may be saved.
        save: makes a change durable.
        executor: runs tasks.
        stager: prepares and collects them.
        workers: do what this process does itself.
        locks: claims locks; runs share it.
        caches: has the outputs of memoized nodes.
        observer: is told what happens.
        clock: returns Unix seconds.
    """

    def __init__(
        self,
        run: Run,
        lease: int,
        *,
        save: Save,
        executor: Executor,
        stager: Stager,
        workers: Workers,
        locks: LockKeeper,
        caches: Caches,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self.run = run
        self._lease = lease
        self._save = save
        self._executor = executor
        self._stager = stager
        self._workers = workers
        self._locks = locks
        self._caches = caches
        self._observer = observer
        self._clock = clock
        self._mailbox: list[Event] = []
        self._info: RunInfo | None = None
        self._requests_done: list[int] = []
        self._wake = asyncio.Event()
        self._work: set[asyncio.Task[None]] = set()
        self._to_release: list[str] = []
        self._releasing: asyncio.TimerHandle | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._failure: BaseException | None = None

    # Being told --------------------------------------------------------------------------------------------

    def tell(self, events: Iterable[Event], *, request: int | None = None) -> None:
        """Put ``events`` into the mailbox; ``request`` is done when they are saved."""
        self._mailbox.extend(events)
        if request is not None:
            self._requests_done.append(request)
        self._wake.set()

    def describe(self, labels: Mapping[str, str], annotations: Mapping[str, str], *, request: int) -> None:
        """Give the run these labels and annotations; ``request`` is done when they are saved."""
        self._info = replace(self._info or self.run.info, labels=dict(labels), annotations=dict(annotations))
        self.tell((), request=request)

    def take_in(self, update: port.TaskUpdate) -> None:
        """Take in what the executor says of one of this run's attempts."""
        if isinstance(update, port.TaskStarted):
            event = self._stager.started(update)
            if event is not None:
                self._attend(update.attempt_id)
                self._mailbox.append(event)
                if self._patience is None:
                    loop = asyncio.get_running_loop()
                    self._patience = loop.call_later(_START_PATIENCE, self._wake.set)
        elif isinstance(update, port.TaskProgressed):
            progressed = self._stager.progressed(update)
            if progressed is not None:
                self.tell([progressed])
        elif self._stager.is_plain(update):
            ended = self._stager.ended_plainly(update)
            if ended is not None:
                self.tell([ended])
        else:
            self._spawn(self._collect(update))

    # Driving -----------------------------------------------------------------------------------------------

    async def drive(self) -> None:
        """Drive the run until it has ended and nothing of it is left running.

        Raises:
            LeaseLost: another process owns the run now; nothing more is done here.
        """
        try:
            if self.run.state.phase:
                await self._recover()
            else:
                self.tell([RunStarted()])
            while not self.run.state.is_finished:
                await self._turn()
                if not self.run.state.is_finished:
                    await self._sleep()
        finally:
            self._locks.forget(self.run.info.uid)
            if self._releasing is not None:
                self._releasing.cancel()
        await self._finish()

    async def _turn(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._wake.clear()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        events, self._mailbox = self._mailbox, []
        done, self._requests_done = self._requests_done, []
        await self._carry_out(advance(self.run, events, self._clock()), done, events)

    async def _carry_out(self, outcome: Outcome, done: Sequence[int], events: Sequence[Event]) -> None:
        if outcome.nodes or outcome.state is not None or done:
            info, self._info = self._info, None
            await self._commit(
                RunChange(
                    uid=self.run.info.uid,
                    lease=self._lease,
                    state=outcome.state,
                    nodes=outcome.nodes,
                    requests_done=done,
                    metrics=outcome.metrics,
                    cached=outcome.cached,
                    info=info,
                )
            )
            if info is not None:
                self.run.info = info
            apply(self.run, outcome)
            self._observer.run_changed(self.run, outcome.nodes)
            if self._locks.is_waiting and outcome.frees_locks:
                self._locks.look()
        ended = [event.attempt_id for event in events if isinstance(event, TaskEnded)]
        self._perform(outcome.commands)
        if ended:
            self._release(ended)
        self._stager.forget(self._ended_pods(outcome.nodes))

    def _ended_pods(self, nodes: Iterable[Node]) -> list[str]:
        """Return under which ids what the containers of pods shared is kept, of those that are over now."""
        return [
            attempt_id(self.run.info.uid, node)
            for node in nodes
            if node.type is NodeType.POD
            and node.phase.is_fulfilled
            and self.run.index.children.get(node.number)
        ]

    async def _commit(self, change: RunChange) -> None:
        """Save ``change``, waiting for room as long as it takes: nothing may happen that is not saved."""
        is_told = False
        while True:
            try:
                await self._save(change)
            except StorageError as error:
                if not is_told:
                    self._observer.said(f"{error} The run goes on when it can be saved again.")
                is_told = True
                await asyncio.sleep(_PAUSE)
            else:
                if is_told:
                    self._observer.said("The run can be saved again; it goes on.")
                return

    async def _sleep(self) -> None:
        """Wait for news, or until the run wants to be looked at."""
        if self.run.index.active_pods + self._workers.at_work >= _MANY:
            await asyncio.sleep(_GATHER)
        wake_at = next_wake(self.run)
        timeout = None if wake_at is None else max(0.0, wake_at - self._clock())
        try:
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        except TimeoutError:
            pass

    def _release(self, attempt_ids: Sequence[str]) -> None:
        """Remove what was there for attempts whose ends are saved; what the executor keeps, soon."""
        self._stager.forget(attempt_ids)
        self._to_release += attempt_ids
        if self._releasing is None:
            self._releasing = asyncio.get_running_loop().call_later(_RELEASE_SECONDS, self._release_gathered)

    def _release_gathered(self) -> None:
        attempt_ids, self._to_release, self._releasing = self._to_release, [], None
        self._spawn(self._executor.release(attempt_ids))

    async def _finish(self) -> None:
        """Leave nothing running. What still collects is let finish: its outputs may be on their way."""
        for task in list(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._executor.close_run(self.run.info.uid)
        await asyncio.to_thread(self._stager.clear)

    # Recovery ----------------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Find out what became of every attempt, then look at every open node afresh."""
        await self._locks.reset(self.run.info.uid)
        commands = open_tasks(self.run, self._clock())
        for command in commands:
            self._stager.know(command)
        wanted = {command.attempt_id for command in commands}
        facts = await self._executor.adopt(self.run.info.uid)
        known = {fact.attempt_id for fact in facts}
        stale = [fact.attempt_id for fact in facts if fact.attempt_id not in wanted]
        running = {fact.attempt_id for fact in facts if isinstance(fact, port.TaskStarted)}
        await self._executor.cancel([each for each in stale if each in running])
        self._spawn(self._executor.release([each for each in stale if each not in running]))
        for fact in facts:
            if fact.attempt_id in wanted:
                self.take_in(fact)
        self.tell(lost_tasks(self.run, known & wanted, self._clock()))
        await self._carry_out(reassess(self.run, self._clock()), (), ())
        self._wake.set()

    # Performing --------------------------------------------------------------------------------------------

    def _perform(self, commands: Sequence[Command]) -> None:
        starts = [command for command in commands if isinstance(command, StartTask)]
        cancels = [command.attempt_id for command in commands if isinstance(command, CancelTask)]
        plain = [command for command in starts if not self._stager.needs_loading(command)]
        if plain:
            self._spawn(self._start(plain))
        for start in starts:
            if self._stager.needs_loading(start):
                self._spawn(self._start([start]))
        for command in commands:
            if isinstance(command, Work):
                self._spawn(self._do(command))
            elif isinstance(command, ClaimLocks):
                self._locks.claim(self.run.info.uid, command, self.tell)
            elif isinstance(command, ReleaseLocks):
                self._locks.release(self.run.info.uid, command)
        asking = [command for command in commands if isinstance(command, LookUpCache)]
        if asking:
            self._spawn(self._look_up(asking))
        if cancels:
            self._workers.cancel(cancels)
            self._spawn(self._executor.cancel(cancels))

    async def _look_up(self, commands: Sequence[LookUpCache]) -> None:
        """Tell what caches know, as soon as the store can."""
        places = {command.at for command in commands}
        while True:
            try:
                found = await asyncio.to_thread(self._caches.look_up, places)
            except StorageError:
                await asyncio.sleep(_PAUSE)
            else:
                break
        self.tell(
            CacheAnswered(node=each.node, attempt_id=each.attempt_id, entry=found.get(each.at))
            for each in commands
        )

    async def _start(self, commands: Sequence[StartTask]) -> None:
        specs = []
        for command in commands:
            try:
                if (spec := await self._stager.prepare(command)) is not None:
                    specs.append(spec)
            except PinnaceError as error:
                self.tell([self._stager.refused(command, error, self._clock())])
            except OSError as error:
                failure = PinnaceError(f"{error.strerror or error}: {error.filename or ''}")
                self.tell([self._stager.refused(command, failure, self._clock())])
        if not specs:
            return
        try:
            await self._executor.start(specs)
        except PinnaceError as error:
            by_attempt = {command.attempt_id: command for command in commands}
            for spec in specs:
                self.tell([self._stager.refused(by_attempt[spec.attempt_id], error, self._clock())])

    def _attend(self, attempt_id: str) -> None:
        """Ask a container that runs what its probes ask, if it has any."""
        command = self._stager.command_of(attempt_id)
        probes = probes_of(command) if command is not None else None
        if command is not None and probes is not None:
            self._spawn(self._heed(command, probes))

    async def _heed(self, command: StartTask, probes: Probes) -> None:
        attempt_id = command.attempt_id

        async def ask(probe: Probe) -> bool | None:
            if self._stager.command_of(attempt_id) is None:
                return None
            if not probe.command:
                return await is_answered(probe)
            try:
                code = await self._executor.run_beside(attempt_id, probe.command, seconds=probe.timeout)
            except EnvironmentFailure:
                return False  # the supervisor is gone; the next one says what became of the attempt
            return None if code is None else code == 0

        def became_ready() -> None:
            if command.template.daemon:
                self.tell([TaskReady(node=command.node, attempt_id=attempt_id, at=self._clock())])

        failure = await attend(probes, ask, became_ready)
        if failure:
            with contextlib.suppress(EnvironmentFailure):  # the attempt is gone with its supervisor
                await self._executor.fail(attempt_id, failure)

    async def _collect(self, update: port.TaskEnded) -> None:
        event = await self._stager.ended(update)
        if event is not None:
            self.tell([event])

    async def _do(self, command: Work) -> None:
        event = await self._workers.perform(command)
        if event is not None:
            self.tell([event])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let ``work`` go on beside the run; what it raises ends the drive."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
            self._wake.set()
