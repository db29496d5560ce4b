"""What a simulated run's commands are carried out by: an executor and workers without any work.

What tasks and work do is told by a ``Script``. The executor's knowledge survives a crash of the driver; what
the workers were at does not.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import InvariantBroken
from pinnace.base.ids import NodeNumber
from pinnace.engine.commands import CancelTask, ClaimLocks, ReleaseLocks, StartTask, Work
from pinnace.engine.containers import container_of, is_probed
from pinnace.engine.events import (
    Event,
    LocksAnswered,
    TaskEnded,
    TaskProblem,
    TaskReady,
    TaskStarted,
    WorkEnded,
)
from pinnace.engine.locks import Claim, LockRequest, decide
from pinnace.engine.node import Phase
from pinnace.spec.parameters import Artifact


class RanTwice(InvariantBroken):
    """A task that had ended was started again."""


class Behaviour(Struct, frozen=True, kw_only=True):
    """What a task or work does."""

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
        """Whether work that does this succeeds."""
        return self.exit_code == 0 and self.problem is TaskProblem.NONE


#: What each attempt does, told by its command.
Script = Callable[[StartTask | Work], Behaviour]


class _Task:
    """A task that was handed over: it survives the process that did."""

    __slots__ = ("behaviour", "end", "ends_at", "is_ready", "node", "started_at", "told")

    def __init__(self, node: NodeNumber, behaviour: Behaviour, now: float) -> None:
        self.node = node
        self.behaviour = behaviour
        self.started_at = now
        self.ends_at = now + behaviour.seconds
        self.end: TaskEnded | None = None
        self.told = 0
        """0: nothing; 1: its start; 2: its end."""
        self.is_ready: bool | None = None
        """Whether it was told that it can be used; None if nobody is to be told."""


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
            task = self._tasks[command.attempt_id] = _Task(command.node, behaviour, now)
            container = container_of(command.template, command.container)
            if command.template.daemon and is_probed(container):
                task.is_ready = False
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
            if task.is_ready is False and task.told == 1:
                found.append(TaskReady(node=task.node, attempt_id=attempt_id, at=now))
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
        elif isinstance(event, TaskReady) and event.attempt_id in self._tasks:
            self._tasks[event.attempt_id].is_ready = True

    def release(self, attempt_id: str) -> None:
        """Forget an attempt whose end is saved."""
        if self._tasks.pop(attempt_id, None) is not None:
            self.released.add(attempt_id)

    def adopt(self) -> set[str]:
        """Return every known attempt; all that happened to them will be told again."""
        for task in self._tasks.values():
            task.told = 0
            task.is_ready = None if task.is_ready is None else False
        return set(self._tasks)

    def next_at(self, now: float) -> float | None:
        """Return when the next task ends, None when none will."""
        later = [task.ends_at for task in self._tasks.values() if task.ends_at > now]
        return min(later) if later else None


class SimulatedWorkers:
    """Do work by its script; a crash forgets it all."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._open: dict[str, tuple[float, WorkEnded]] = {}

    def perform(self, command: Work, now: float) -> None:
        """Begin the work, unless it is being done."""
        if command.attempt_id in self._open:
            return
        did = self._script(command)
        at = now + did.seconds
        event = WorkEnded(
            node=command.node,
            attempt_id=command.attempt_id,
            at=at,
            phase=Phase.SUCCEEDED if did.is_good else Phase.FAILED,
            message=did.message,
            result=did.result,
            parameters={name: text for name, text in did.parameters.items() if text is not None},
            artifacts=did.artifacts,
        )
        self._open[command.attempt_id] = (at, event)

    def cancel(self, command: CancelTask) -> None:
        """Give the work up."""
        self._open.pop(command.attempt_id, None)

    def told(self, now: float) -> list[Event]:
        """Return the ends that were not taken in yet."""
        return [event for at, event in self._open.values() if at <= now]

    def take_note(self, event: Event) -> None:
        """Remember that the end was taken in."""
        if isinstance(event, WorkEnded):
            self._open.pop(event.attempt_id, None)

    def forget(self) -> None:
        """Lose all work, as a crash does."""
        self._open.clear()

    def next_at(self, now: float) -> float | None:
        """Return when the next work ends, None when none will."""
        later = [at for at, _ in self._open.values() if at > now]
        return min(later) if later else None


class SimulatedLocks:
    """Keeps locks as a store does: claims survive a crash of the driver, what was not told is lost with it.

    Args:
        phase_of: returns where the saved node stands, None when it is not there.
    """

    def __init__(self, phase_of: Callable[[NodeNumber], Phase | None]) -> None:
        self._phase_of = phase_of
        self._claims: list[Claim] = []
        self._waiting: dict[NodeNumber, tuple[ClaimLocks, LockRequest]] = {}
        self._last = 0
        self._untold: list[LocksAnswered] = []

    def claim(self, command: ClaimLocks, uid: str) -> None:
        """Take in a claim, or one that is made again."""
        request = LockRequest(uid=uid, node=command.node, locks=command.locks, holder=command.holder)
        self._waiting[command.node] = (command, request)
        if all(claim.node != command.node for claim in self._claims):
            for lock in command.locks:
                self._last += 1
                self._claims.append(
                    Claim(
                        lock=lock.name,
                        uid=uid,
                        node=command.node,
                        holder=command.holder,
                        priority=0,
                        created_at=0.0,
                        number=self._last,
                        is_held=False,
                    )
                )

    def release(self, command: ReleaseLocks) -> None:
        """Give back what the node holds."""
        self._claims = [claim for claim in self._claims if claim.node != command.node]
        self._waiting.pop(command.node, None)

    def told(self) -> list[Event]:
        """Return the answers that were not taken in yet."""
        self._claims = [claim for claim in self._claims if self._lives(claim.node)]
        asked = list(self._waiting.values())
        answers, _ = decide(self._claims, [request for _, request in asked])
        for (command, _), answer in zip(asked, answers, strict=True):
            if answer is None or answer.is_granted:
                del self._waiting[command.node]
            if answer is not None and answer.is_granted:
                self._untold.append(
                    LocksAnswered(node=command.node, attempt_id=command.attempt_id, is_granted=True)
                )
        return list(self._untold)

    def take_note(self, event: Event) -> None:
        """Remember that the answer was taken in."""
        self._untold = [each for each in self._untold if each is not event]

    def forget(self) -> None:
        """Lose what a crash loses, and what nothing was begun under, as the next process does."""
        self._waiting.clear()
        self._untold.clear()
        self._claims = [c for c in self._claims if self._phase_of(c.node) is not Phase.WAITING]

    def holders(self) -> list[tuple[str, NodeNumber]]:
        """Return which node holds which lock."""
        return [(claim.lock, claim.node) for claim in self._claims if claim.is_held]

    def _lives(self, number: NodeNumber) -> bool:
        phase = self._phase_of(number)
        return phase is not None and not phase.is_fulfilled
