"""A simulated world: an executor, workers, a store and a clock that exist only in memory.

``Simulation`` drives a run as ``pinnace.runtime.driver`` does (take in, save, perform), one step at a time,
with the order and batching of what happens, and crashes, chosen by a ``Schedule``. Time passes only when
nothing else can happen, so a thousand simulated hours cost nothing.

Rules that hold here, and that make it a proof of the engine:

* A crash forgets the run, what was told and not saved, what was decided and not performed, and all work of
  its own. The store and the tasks survive it.
* Starting an attempt that has ended and was released is a second run of a finished task:
  ``simulated.RanTwice``.
* After each turn the invariants hold and ``reassess`` changes nothing: ``Disagreement``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from msgspec import Struct

from pinnace.base.errors import InvariantBroken
from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import Outcome, advance, apply, next_wake, reassess, restore
from pinnace.engine.caches import CacheEntry, CacheKey
from pinnace.engine.commands import (
    CancelTask,
    ClaimLocks,
    Command,
    LookUpCache,
    ReleaseLocks,
    StartTask,
    Work,
)
from pinnace.engine.emissions import Emission
from pinnace.engine.events import CacheAnswered, Event, RunStarted, TaskEnded, TaskStarted
from pinnace.engine.invariants import check
from pinnace.engine.node import NOBODY, Node, Phase
from pinnace.engine.recovery import lost_tasks, open_tasks
from pinnace.engine.run import Run
from pinnace.testing.simulated import Script, SimulatedExecutor, SimulatedLocks, SimulatedWorkers

#: A run that takes more turns than this will not end.
MOST_TURNS = 20_000


class Crash(Exception):
    """The simulated process is gone."""


class Disagreement(InvariantBroken):
    """``reassess`` found something that ``advance`` had missed."""


class Stuck(InvariantBroken):
    """The run has not ended, and nothing will ever happen to it."""


class Ask(Struct, frozen=True):
    """What somebody asks of the run, at ``at`` (simulated seconds)."""

    at: float
    event: Event


class Schedule:
    """When what happens is told, and when the process dies. This one is calm: all at once, and never."""

    def take(self, events: Sequence[Event]) -> list[Event]:
        """Return the events to tell now, in the order to tell them; the others wait for the next turn."""
        return list(events)

    def crashes(self) -> bool:
        """Return whether the process dies here: before or after a save or a command."""
        return False


class Stormy(Schedule):
    """Anything may come first, alone or with others, and the process may die anywhere.

    Args:
        random: chooses.
        crashes: how many times the process dies at most.
        likelihood: how likely it dies at each place, until then.
    """

    def __init__(self, random: Random, crashes: int = 0, likelihood: float = 0.1) -> None:
        self._random = random
        self._left = crashes
        self._likelihood = likelihood

    def take(self, events: Sequence[Event]) -> list[Event]:
        """Return some of the events, shuffled; of one task, the earlier always first."""
        shuffled = sorted(events, key=lambda _: self._random.random())
        chosen = shuffled[: self._random.randint(1, len(shuffled))] if shuffled else []
        starts = {event.attempt_id for event in events if isinstance(event, TaskStarted)}
        started = {event.attempt_id for event in chosen if isinstance(event, TaskStarted)}
        late = starts - started
        kept = [e for e in chosen if not (isinstance(e, TaskEnded) and e.attempt_id in late)]
        return sorted(kept, key=lambda event: isinstance(event, TaskEnded)) or list(events)

    def crashes(self) -> bool:
        """Return whether the process dies here."""
        if self._left and self._random.random() < self._likelihood:
            self._left -= 1
            return True
        return False


class Journal:
    """What was saved of the run."""

    def __init__(self, run: Run) -> None:
        self._fresh = run
        self.state = run.state
        self.nodes: dict[NodeNumber, Node] = dict(run.nodes)
        self.metrics: list[Emission] = []
        self.caches: dict[CacheKey, CacheEntry] = {}

    def save(self, outcome: Outcome) -> None:
        """Keep what changed."""
        self.state = self.state if outcome.state is None else outcome.state
        self.nodes.update((node.number, node) for node in outcome.nodes)
        self.metrics += outcome.metrics
        self.caches.update((entry.at, entry) for entry in outcome.cached)

    def phase_of(self, number: NodeNumber) -> Phase | None:
        """Return where a saved node stands, or the run as if it were one; None when it is not there."""
        if number == NOBODY:
            return Phase.WAITING if self.state.phase in {"", "Pending"} else Phase.RUNNING
        node = self.nodes.get(number)
        return None if node is None else node.phase

    def rebuilt(self) -> Run:
        """Return the run as it was saved."""
        run = Run(self._fresh.info, self._fresh.workflow, self._fresh.lookup)
        run.written, run.reused = self._fresh.written, self._fresh.reused
        run.metrics.update((each.name, each.definition) for each in self.metrics)
        restore(run, self.state, self.nodes.values())
        return run


class Simulation:
    """One run in a simulated world.

    Args:
        run: not begun yet, or as it was left by another.
        script: what its tasks and work do.
        schedule: when that is told, and when the process dies.
        asks: what people ask of it meanwhile.
        observe: is told each turn's time and outcome, after it is saved.
    """

    def __init__(
        self,
        run: Run,
        script: Script,
        schedule: Schedule | None = None,
        *,
        asks: Sequence[Ask] = (),
        observe: Callable[[float, Outcome], None] | None = None,
    ) -> None:
        self.run = run
        self.now = 0.0
        self.executor = SimulatedExecutor(script)
        self.workers = SimulatedWorkers(script)
        self.journal = Journal(run)
        self.locks = SimulatedLocks(self.journal.phase_of)
        self.crashes = 0
        self._schedule = schedule or Schedule()
        self._asks = list(asks)
        self._observe = observe
        self._mailbox: list[Event] = []

    def play(self) -> Run:
        """Return the run after its end.

        Raises:
            InvariantBroken: the engine contradicted itself, or the run will never end.
        """
        is_new = True
        for _ in range(MOST_TURNS):
            try:
                if is_new:
                    self._begin()
                    is_new = False
                if self.run.state.is_finished:
                    return self.run
                self._turn()
            except Crash:
                self.crashes += 1
                is_new = True
                self.run = self.journal.rebuilt()
                self._mailbox.clear()
                self.workers.forget()
                self.locks.forget()
        message = f"the run has not ended after {MOST_TURNS} turns"
        raise Stuck(message)

    # One turn ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self.run.state.phase:
            self._carry_out(advance(self.run, [RunStarted()], self.now), [])
            return
        wanted = {command.attempt_id for command in open_tasks(self.run, self.now)}
        known = self.executor.adopt()
        for attempt_id in known - wanted:
            self.executor.release(attempt_id)
        self._mailbox += lost_tasks(self.run, known & wanted, self.now)
        self._carry_out(reassess(self.run, self.now), [])

    def _turn(self) -> None:
        happened = [*self._mailbox, *self.executor.told(self.now), *self.workers.told(self.now)]
        happened += self.locks.told()
        happened += [ask.event for ask in self._asks if ask.at <= self.now]
        wake_at = next_wake(self.run)
        if not happened and (wake_at is None or wake_at > self.now):
            self._pass_time(wake_at)
            return
        events = self._schedule.take(happened)
        self._carry_out(advance(self.run, events, self.now), events)

    def _pass_time(self, wake_at: float | None) -> None:
        moments = [wake_at, self.executor.next_at(self.now), self.workers.next_at(self.now)]
        moments += [ask.at for ask in self._asks if ask.at > self.now]
        later = [moment for moment in moments if moment is not None]
        if not later:
            open_ = [node.name for node in self.run.nodes.values() if not node.phase.is_fulfilled]
            message = f"nothing will ever happen to {', '.join(open_) or 'the run'}"
            raise Stuck(message)
        self.now = min(later)

    def _carry_out(self, outcome: Outcome, events: Sequence[Event]) -> None:
        self._may_crash()
        self.journal.save(outcome)
        for event in events:
            self._take_note(event)
        self._may_crash()
        apply(self.run, outcome)
        if self._observe is not None:
            self._observe(self.now, outcome)
        verify(self.run, self.now)
        for event in events:
            if isinstance(event, TaskEnded):
                self.executor.release(event.attempt_id)
        for command in outcome.commands:
            self._may_crash()
            self._perform(command)
        self._may_crash()

    def _take_note(self, event: Event) -> None:
        """Strike off what is saved: it need not be told again."""
        self.executor.take_note(event)
        self.workers.take_note(event)
        self.locks.take_note(event)
        self._mailbox = [each for each in self._mailbox if each is not event]
        self._asks = [ask for ask in self._asks if ask.event is not event]

    def _perform(self, command: Command) -> None:
        match command:
            case StartTask():
                self.executor.start(command, self.now)
            case Work():
                self.workers.perform(command, self.now)
            case CancelTask():
                self.workers.cancel(command)
                self.executor.cancel(command, self.now)
            case ClaimLocks():
                self.locks.claim(command, self.run.info.uid)
            case ReleaseLocks():
                self.locks.release(command)
            case LookUpCache():
                entry = self.journal.caches.get(command.at)
                answer = CacheAnswered(node=command.node, attempt_id=command.attempt_id, entry=entry)
                self._mailbox.append(answer)

    def _may_crash(self) -> None:
        if self._schedule.crashes():
            raise Crash


def verify(run: Run, now: float) -> None:
    """Make sure that the run keeps its invariants, and that nothing of it was overlooked.

    Raises:
        InvariantBroken: it does not, or something was.
    """
    check(run)
    again = reassess(run, now)
    if again.nodes or again.state is not None:
        changed = [f"{node.name} {node.phase} {node.message}" for node in again.nodes]
        message = f"reassess changes {changed or 'the state'} after advance at {now}"
        raise Disagreement(message)
