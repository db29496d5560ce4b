"""What a transcript's commands do: a run, a clock, and hands that tell it what happened.

    run [given]          the manifest below it: a spec, or whole documents; begins the run. ``given``: its
                         arguments are data, as those of ``-p`` are
    end NODE [WORD...]   a task or request ends; each line of input is another one, all at once
    start NODE           a task's command runs
    ready NODE           what it runs can be used
    progress NODE N/M    what it runs says how far it is
    grant NODE           it has the locks that it claimed
    queue NODE LOCK [MESSAGE]   it waits for one of them
    hit NODE [WORD...]   what its cache keeps for it; ``age=DURATION`` is how long
    miss NODE            its cache keeps nothing for it
    gone [NAME...] [WORD...]    of the artifacts to be deleted, these are
    play                 everything that runs ends, again and again, until nothing does; the lines of input
                         say how, by pattern: ``PATTERN [WORD...]``
    wait DURATION        time passes
    wake                 time passes until the run wants to be looked at
    crash                the process dies and another takes over

``people`` has what people ask. In place of a node, ``workflow`` means the run. A word is
``exit=1 result=x message=x problem=lost phase=Failed`` or ``p.NAME=VALUE`` for a parameter, and
``a.NAME=KEY`` for an artifact. Each turn is answered by what changed (``+`` new, ``~`` other, ``-`` gone),
what is asked of the world (``>``), what metrics emit (``$``), the workflow's phase when it changed (``=``)
and when it wants to be woken (``@``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase

import yaml
from looking import emitted, key_shown
from msgspec.structs import replace

from pinnace.base.errors import PinnaceError
from pinnace.base.ids import NodeNumber
from pinnace.base.quantities import parse_duration
from pinnace.engine.advance import Outcome, advance, apply, next_wake, reassess
from pinnace.engine.caches import CacheEntry
from pinnace.engine.commands import (
    ActOnObject,
    CallPlugin,
    ClaimLocks,
    Command,
    DeleteArtifacts,
    LookUpCache,
    ReleaseLocks,
    SendRequest,
    StartTask,
    TransformData,
    Work,
)
from pinnace.engine.events import (
    CacheAnswered,
    Event,
    LocksAnswered,
    RunStarted,
    TaskEnded,
    TaskProblem,
    TaskProgressed,
    TaskReady,
    TaskStarted,
    TimePassed,
    WorkEnded,
)
from pinnace.engine.naming import attempt_id
from pinnace.engine.node import NOBODY, Node, NodeOutputs, Phase
from pinnace.engine.recovery import lost_tasks, open_tasks
from pinnace.engine.run import Run
from pinnace.service.submission import run_info
from pinnace.spec.catalogue import Catalogue
from pinnace.spec.locate import has_location
from pinnace.spec.merge import with_template_ref
from pinnace.spec.overrides import Overrides, apply_overrides
from pinnace.spec.parameters import S3, Artifact
from pinnace.spec.references import TemplateLookup
from pinnace.spec.workflow import Workflow
from pinnace.testing.builders import UID, bundle_of, document
from pinnace.testing.simulation import Journal, verify

#: What each kind of command is told as.
_VERBS = {
    StartTask: "start",
    SendRequest: "send",
    TransformData: "transform",
    ActOnObject: "act",
    CallPlugin: "call",
}


class Stage:
    """One transcript as it goes on."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.now = 0.0
        self.commands: dict[str, StartTask | Work] = {}
        self.asked: dict[str, LookUpCache] = {}
        self.claims: dict[str, ClaimLocks] = {}
        self.deletion: DeleteArtifacts | None = None
        self.baseline: Run | None = None
        self.running: set[str] = set()
        self.words: list[str] = []
        self.given = ""

    def perform(self, line: str, given: str) -> str:
        """Return what ``line``, with the input ``given``, leads to."""
        name, *self.words = shlex.split(line)
        self.given = given
        try:
            return "\n".join(getattr(self, f"do_{name}")())
        except PinnaceError as error:
            return f"{type(error).__name__}: {error.message}"

    # The run -----------------------------------------------------------------------------------------------

    def do_run(self) -> Iterable[str]:
        spec = next(iter(yaml.safe_load_all(self.given)))
        manifests = self.given if "kind" in spec else document(spec)
        bundle = bundle_of(manifests)
        workflow, self.now = bundle.workflows[0], 0.0
        if "given" in self.words:
            given = tuple(f"{each.name}={each.value}" for each in workflow.spec.arguments.parameters)
            workflow = apply_overrides(workflow, Overrides(parameters=given))
        self.begin(workflow, bundle.catalogue, workflow.metadata.name or "wf")
        return self.turn([RunStarted()])

    def begin(self, workflow: Workflow, catalogue: Catalogue, name: str) -> Run:
        """Make the run of ``workflow`` that everything from now on is about, as a submission does."""
        merged = with_template_ref(workflow, catalogue)
        lookup = TemplateLookup(merged, catalogue)
        info = replace(run_info(merged, lookup, name, self.now, "", {}), uid=UID)
        self.run = Run(info, merged, lookup)
        self.run.written = workflow if workflow.spec.workflow_template_ref is not None else None
        self.commands, self.running = {}, set()
        self.journal = Journal(self.run)
        return self.run

    def turn(self, events: list[Event]) -> list[str]:
        return self.take(advance(self.run_, events, self.now))

    @property
    def run_(self) -> Run:
        assert self.run is not None, "a transcript begins with run"
        return self.run

    def take(self, outcome: Outcome) -> list[str]:
        run = self.run_
        lines = [self.change(node) for node in outcome.nodes]
        old_wake = next_wake(run)
        self.journal.save(outcome)
        apply(run, outcome)
        verify(run, self.now)
        for command in outcome.commands:
            name = "workflow" if command.node == NOBODY else run.nodes[command.node].name
            if isinstance(command, DeleteArtifacts):
                self.deletion = command
                lines.append(f"> delete {' '.join(map(key_shown, command.artifacts))}")
            elif isinstance(command, StartTask | Work):
                self.commands[name] = command
                self.running.add(name)
                lines.append(f"> {_VERBS[type(command)]} {name}")
            else:
                lines.append(f"> {self.other(command, name)}")
        lines += [f"> keep {each.at.cache}/{each.at.key} of {each.node_id}" for each in outcome.cached]
        lines += [emitted(emission) for emission in outcome.metrics]
        if outcome.state is not None:
            lines.append(f"= {run.state.phase}{_colon(run.state.message)}")
        wake = next_wake(run)
        if wake is not None and wake != old_wake and not run.state.is_finished:
            lines.append(f"@ {wake:g}s")
        return lines or ["nothing"]

    def other(self, command: Command, name: str) -> str:
        """Take in a command that makes nothing run, and return how it is told."""
        if isinstance(command, ClaimLocks):
            self.claims[name] = command
            return f"claim {name} {' '.join(f'{lock.name}={lock.limit}' for lock in command.locks)}"
        if isinstance(command, ReleaseLocks):
            return f"release {name}"
        if isinstance(command, LookUpCache):
            self.asked[name] = command
            return f"look up {name} {command.at.cache}/{command.at.key}"
        self.running.discard(name)
        return f"cancel {name}"

    def change(self, node: Node) -> str:
        mark = "~" if node.number in self.run_.nodes else "+"
        return f"{mark} {node.name} {node.type.value} {node.phase.value or 'waiting'}{_colon(node.message)}"

    def find(self, name: str) -> Node:
        found = [node for node in self.run_.nodes.values() if node.name == name]
        assert found, f"there is no node {name}"
        return found[0]

    # What happens ------------------------------------------------------------------------------------------

    def do_start(self) -> Iterable[str]:
        nodes = [self.find(name) for name in self.words]
        return self.turn(
            [TaskStarted(node=node.number, attempt_id=self.attempt(node), at=self.now) for node in nodes]
        )

    def do_ready(self) -> Iterable[str]:
        nodes = [self.find(name) for name in self.words]
        return self.turn(
            [TaskReady(node=node.number, attempt_id=self.attempt(node), at=self.now) for node in nodes]
        )

    def do_progress(self) -> Iterable[str]:
        node, progress = self.find(self.words[0]), self.words[1]
        return self.turn([TaskProgressed(node=node.number, attempt_id=self.attempt(node), progress=progress)])

    def do_grant(self) -> Iterable[str]:
        claim = self.claims[self.words[0]]
        return self.turn([LocksAnswered(node=claim.node, attempt_id=claim.attempt_id, is_granted=True)])

    def do_queue(self) -> Iterable[str]:
        claim, (lock, *message) = self.claims[self.words[0]], self.words[1:]
        return self.turn(
            [
                LocksAnswered(
                    node=claim.node,
                    attempt_id=claim.attempt_id,
                    is_granted=False,
                    message=" ".join(message),
                    waits_for=lock,
                )
            ]
        )

    def do_hit(self) -> Iterable[str]:
        asked = self.asked[self.words[0]]
        given = dict(word.split("=", 1) for word in self.words[1:])
        parameters = {key[2:]: value for key, value in given.items() if key.startswith("p.")}
        outputs = NodeOutputs(parameters=parameters, result=given.get("result"))
        created_at = self.now - parse_duration(given.get("age", "0s"))
        entry = CacheEntry(at=asked.at, node_id="another", outputs=outputs, created_at=created_at)
        return self.turn([CacheAnswered(node=asked.node, attempt_id=asked.attempt_id, entry=entry)])

    def do_miss(self) -> Iterable[str]:
        asked = self.asked[self.words[0]]
        return self.turn([CacheAnswered(node=asked.node, attempt_id=asked.attempt_id)])

    def do_end(self) -> Iterable[str]:
        lines = [self.words, *map(shlex.split, self.given.splitlines())]
        return self.turn([self.ended(self.find(line[0]), line[1:]) for line in lines if line])

    def do_play(self) -> Iterable[str]:
        rules = [shlex.split(line) for line in self.given.splitlines()]
        for _ in range(1000):
            names = sorted(self.running, key=lambda name: self.find(name).number)
            if names:
                self.now += 1
                yield from self.turn([self.ended(self.find(name), _rule(rules, name)) for name in names])
            elif self.run_.state.is_finished or (wake := next_wake(self.run_)) is None:
                return
            else:
                self.now = max(self.now, wake)
                yield from self.turn([TimePassed()])

    def do_wait(self) -> Iterable[str]:
        self.now += parse_duration(self.words[0])
        return self.turn([TimePassed()])

    def do_wake(self) -> Iterable[str]:
        wake = next_wake(self.run_)
        assert wake is not None, "nothing wants to be woken"
        self.now = wake
        return self.turn([TimePassed()])

    def do_gone(self) -> Iterable[str]:
        assert self.deletion is not None, "nothing is to be deleted"
        given = dict(word.split("=", 1) for word in self.words if "=" in word)
        return self.turn(
            [
                WorkEnded(
                    node=self.deletion.node,
                    attempt_id=self.deletion.attempt_id,
                    at=self.now,
                    phase=Phase.ERROR if "message" in given else Phase.SUCCEEDED,
                    message=given.get("message", ""),
                    artifacts=tuple(each for each in self.deletion.artifacts if each.name in self.words),
                )
            ]
        )

    def do_crash(self) -> Iterable[str]:
        self.run = self.journal.rebuilt()
        known = {command.attempt_id for command in open_tasks(self.run, self.now)}
        known -= {self.attempt(self.find(name)) for name in self.words}
        lost = lost_tasks(self.run, known, self.now)
        lines = self.take(reassess(self.run, self.now))
        return [*lines, *self.turn(list(lost))] if lost else lines

    def ended(self, node: Node, words: list[str]) -> Event:
        self.running.discard(node.name)
        given = dict(word.split("=", 1) for word in words)
        parameters = {key[2:]: value for key, value in given.items() if key.startswith("p.")}
        if isinstance(self.commands[node.name], Work):
            return WorkEnded(
                node=node.number,
                attempt_id=self.attempt(node),
                at=self.now,
                phase=Phase.SUCCEEDED if given.get("exit", "0") == "0" else Phase.FAILED,
                message=given.get("message", ""),
                result=given.get("result"),
            )
        declared = {each.name: each for each in self.commands[node.name].template.outputs.artifacts}
        problem = TaskProblem(given.get("problem", ""))
        return TaskEnded(
            node=node.number,
            attempt_id=self.attempt(node),
            at=self.now,
            exit_code=None if problem and "exit" not in given else int(given.get("exit", "0")),
            problem=problem,
            message=given.get("message", ""),
            result=given.get("result"),
            parameters=dict(parameters),
            artifacts=tuple(
                _stored(declared.get(key[2:], Artifact(name=key[2:])), value)
                for key, value in given.items()
                if key.startswith("a.")
            ),
            missing=tuple(given["missing"].split(",")) if "missing" in given else (),
        )

    def attempt(self, node: Node) -> str:
        return attempt_id(self.run_.info.uid, node)

    def numbers(self, names: list[str]) -> tuple[NodeNumber, ...]:
        return tuple(self.find(name).number for name in names)


def _stored(artifact: Artifact, key: str) -> Artifact:
    """Return an output as it was stored, under ``key`` unless it says itself where."""
    return artifact if has_location(artifact) else replace(artifact, s3=S3(key=key))


def _colon(text: str) -> str:
    return f": {text}" if text else ""


def _rule(rules: list[list[str]], name: str) -> list[str]:
    return next((words for pattern, *words in rules if fnmatchcase(name, pattern)), [])
