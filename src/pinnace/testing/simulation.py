"""A simulated world: an executor, an HTTP agent, a store and a clock that exist only in memory.

``Simulation`` drives a run as ``pinnace.runtime.driver`` does (take in, save, perform), one step at a time,
with the order and batching of what happens, and crashes, chosen by a ``Schedule``. Time passes only when
nothing else can happen, so a thousand simulated hours cost nothing.

Rules that hold here, and that make it a proof of the engine:

* A crash forgets the run, what was told and not saved, what was decided and not performed, and every HTTP
  request. The store and the tasks survive it.
* Starting an attempt that has ended and was released is a second run of a finished task: ``RanTwice``.
* After each turn the invariants hold and ``reassess`` changes nothing: ``Disagreement``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import InvariantBroken
from pinnace.base.ids import NodeNumber
from pinnace.engine.advance import Outcome, advance, apply, next_wake, reassess, restore
from pinnace.engine.commands import CancelTask, Command, SendRequest, StartTask
from pinnace.engine.events import Event, RequestEnded, RunStarted, TaskEnded, TaskProblem, TaskStarted
from pinnace.engine.invariants import check
from pinnace.engine.node import Node
from pinnace.engine.recovery import lost_tasks, open_tasks
from pinnace.engine.run import Run, RunState
from pinnace.spec.parameters import Artifact

#: A run that takes more turns than this will not end.
MOST_TURNS = 20_000


class Crash(Exception):
    """The simulated process is gone."""


class RanTwice(InvariantBroken):
    """A task that had ended was started again."""


class Disagreement(InvariantBroken):
    """``reassess`` found something that ``advance`` had missed."""


class Stuck(InvariantBroken):
    """The run has not ended, and nothing will ever happen to it."""


class Behaviour(Struct, frozen=True, kw_only=True):
    """What a task or a request does."""

    seconds: float = 1.0
    """How long it takes, from its start."""
    exit_code: int | None = 0
    result: str | None = None
    parameters: dict[str, str | None] = {}
    artifacts: tuple[Artifact, ...] = ()
    missing: tuple[str, ...] = ()
    problem: TaskProblem = TaskProblem.NONE
    message: str = ""

    @property
    def is_good(self) -> bool:
        """Whether a request that does this succeeds."""
        return self.exit_code == 0 and self.problem is TaskProblem.NONE


#: What each attempt does, told by its command.
Script = Callable[[StartTask | SendRequest], Behaviour]


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


class _Task:
    """A task that was handed over: it survives the process that did."""

    __slots__ = ("behaviour", "end", "ends_at", "node", "started_at", "told")

    def __init__(self, node: NodeNumber, behaviour: Behaviour, now: float) -> None:
        self.node = node
        self.behaviour = behaviour
        self.started_at = now
        self.ends_at = now + behaviour.seconds
        self.end: TaskEnded | None = None
        self.told = 0
        """0: nothing; 1: its start; 2: its end."""


class SimulatedExecutor:
    """Runs tasks by their script; what it knows survives a crash of the driver."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._tasks: dict[str, _Task] = {}
        self.released: set[str] = set()
        self.starts: dict[str, str] = {}
        """Attempt → the name of its node, of all that ever ran."""

    def start(self, command: StartTask, now: float) -> None:
        """Start the task, unless this attempt is known.

        Raises:
            RanTwice: it has ended before, and its end was taken in.
        """
        if command.attempt_id in self.released:
            message = f"{command.node_name} ({command.attempt_id}) is started again after its end"
            raise RanTwice(message)
        if command.attempt_id not in self._tasks:
            behaviour = self._script(command)
            limits = [command.deadline - now] if command.deadline is not None else []
            limits += [command.timeout] if command.timeout is not None else []
            if limits and min(limits) < behaviour.seconds:
                behaviour = replace(
                    behaviour, seconds=max(0.0, min(limits)), problem=TaskProblem.DEADLINE, exit_code=None
                )
            self._tasks[command.attempt_id] = _Task(command.node, behaviour, now)
            self.starts[command.attempt_id] = command.node_name

    def cancel(self, command: CancelTask, now: float) -> None:
        """End the task now; one that has not been handed over never starts."""
        if command.attempt_id in self.released:
            return
        task = self._tasks.get(command.attempt_id)
        if task is None:
            task = self._tasks[command.attempt_id] = _Task(command.node, Behaviour(seconds=0.0), now)
        if task.end is None:
            task.behaviour = Behaviour(seconds=0.0, exit_code=143, problem=TaskProblem.CANCELLED)
            task.ends_at = now

    def told(self, now: float) -> list[Event]:
        """Return what happened and was not taken in yet."""
        found: list[Event] = []
        for attempt_id, task in self._tasks.items():
            if task.told < 1 and task.behaviour.problem not in {
                TaskProblem.PREPARATION,
                TaskProblem.CANCELLED,
            }:
                found.append(TaskStarted(node=task.node, attempt_id=attempt_id, at=task.started_at))
            if task.told < 2 and task.ends_at <= now:
                found.append(self._ended(attempt_id, task))
        return found

    def _ended(self, attempt_id: str, task: _Task) -> TaskEnded:
        if task.end is None:
            did = task.behaviour
            task.end = TaskEnded(
                node=task.node,
                attempt_id=attempt_id,
                at=task.ends_at,
                exit_code=did.exit_code,
                problem=did.problem,
                message=did.message,
                result=did.result,
                parameters=did.parameters,
                artifacts=did.artifacts,
                missing=did.missing,
            )
        return task.end

    def take_note(self, event: Event) -> None:
        """Remember that ``event`` was taken in, so that it is not told again."""
        if isinstance(event, TaskStarted) and event.attempt_id in self._tasks:
            self._tasks[event.attempt_id].told = max(1, self._tasks[event.attempt_id].told)
        elif isinstance(event, TaskEnded) and event.attempt_id in self._tasks:
            self._tasks[event.attempt_id].told = 2

    def release(self, attempt_id: str) -> None:
        """Forget an attempt whose end is saved."""
        if self._tasks.pop(attempt_id, None) is not None:
            self.released.add(attempt_id)

    def adopt(self) -> set[str]:
        """Return every known attempt; all that happened to them will be told again."""
        for task in self._tasks.values():
            task.told = 0
        return set(self._tasks)

    def next_at(self, now: float) -> float | None:
        """Return when the next task ends, None when none will."""
        later = [task.ends_at for task in self._tasks.values() if task.ends_at > now]
        return min(later) if later else None


class SimulatedAgent:
    """Sends HTTP requests by their script; a crash forgets them all."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._open: dict[str, tuple[float, RequestEnded]] = {}

    def send(self, command: SendRequest, now: float) -> None:
        """Send the request, unless it is on its way."""
        if command.attempt_id in self._open:
            return
        did = self._script(command)
        at = now + did.seconds
        event = RequestEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=at,
            is_success=did.is_good,
            message=did.message,
            result=did.result,
        )
        self._open[command.attempt_id] = (at, event)

    def cancel(self, command: CancelTask) -> None:
        """Give the request up."""
        self._open.pop(command.attempt_id, None)

    def told(self, now: float) -> list[Event]:
        """Return the answers that were not taken in yet."""
        return [event for at, event in self._open.values() if at <= now]

    def take_note(self, event: Event) -> None:
        """Remember that the answer was taken in."""
        if isinstance(event, RequestEnded):
            self._open.pop(event.attempt_id, None)

    def forget(self) -> None:
        """Lose every request, as a crash does."""
        self._open.clear()

    def next_at(self, now: float) -> float | None:
        """Return when the next answer comes, None when none will."""
        later = [at for at, _ in self._open.values() if at > now]
        return min(later) if later else None


class Journal:
    """What was saved of the run."""

    def __init__(self, run: Run) -> None:
        self._fresh = run
        self.state = run.state
        self.nodes: dict[NodeNumber, Node] = dict(run.nodes)

    def save(self, state: RunState | None, nodes: Iterable[Node]) -> None:
        """Keep what changed."""
        self.state = self.state if state is None else state
        self.nodes.update((node.number, node) for node in nodes)

    def rebuilt(self) -> Run:
        """Return the run as it was saved."""
        run = Run(self._fresh.info, self._fresh.workflow, self._fresh.lookup)
        restore(run, self.state, self.nodes.values())
        return run


class Simulation:
    """One run in a simulated world.

    Args:
        run: not begun yet, or as it was left by another.
        script: what its tasks and requests do.
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
        self.agent = SimulatedAgent(script)
        self.journal = Journal(run)
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
                self.agent.forget()
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
        happened = [*self._mailbox, *self.executor.told(self.now), *self.agent.told(self.now)]
        happened += [ask.event for ask in self._asks if ask.at <= self.now]
        wake_at = next_wake(self.run)
        if not happened and (wake_at is None or wake_at > self.now):
            self._pass_time(wake_at)
            return
        events = self._schedule.take(happened)
        self._carry_out(advance(self.run, events, self.now), events)

    def _pass_time(self, wake_at: float | None) -> None:
        moments = [wake_at, self.executor.next_at(self.now), self.agent.next_at(self.now)]
        moments += [ask.at for ask in self._asks if ask.at > self.now]
        later = [moment for moment in moments if moment is not None]
        if not later:
            open_ = [node.name for node in self.run.nodes.values() if not node.phase.is_fulfilled]
            message = f"nothing will ever happen to {', '.join(open_) or 'the run'}"
            raise Stuck(message)
        self.now = min(later)

    def _carry_out(self, outcome: Outcome, events: Sequence[Event]) -> None:
        self._may_crash()
        self.journal.save(outcome.state, outcome.nodes)
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
        self.agent.take_note(event)
        self._mailbox = [each for each in self._mailbox if each is not event]
        self._asks = [ask for ask in self._asks if ask.event is not event]

    def _perform(self, command: Command) -> None:
        match command:
            case StartTask():
                self.executor.start(command, self.now)
            case SendRequest():
                self.agent.send(command, self.now)
            case CancelTask():
                self.agent.cancel(command)
                self.executor.cancel(command, self.now)

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
