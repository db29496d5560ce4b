"""The logs of a run's steps, interleaved by time. Source: Argo util/logs/workflow-logger.go."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from pinnace.base.errors import NotFoundError, UsageError
from pinnace.engine.calling import template_of
from pinnace.engine.containers import MAIN, parts_of
from pinnace.engine.naming import attempt_id, node_id, pod_name
from pinnace.engine.node import Node, NodeType, Phase
from pinnace.engine.run import Run
from pinnace.engine.turn import Turn
from pinnace.executors.logreader import LogReader
from pinnace.service.selectors import FieldSelector, node_fields, parse_field_selector


class LogRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What of the logs is wanted; empty means all."""

    pod: str = ""
    """A pod's name, or the id, name or display name of a step."""
    container: str = ""
    """A container's name; empty for the main one, or for all of a set that has none of that name."""
    grep: str = ""
    """A regular expression that a line must hold."""
    since: float | None = None
    """Unix seconds: lines written then or later."""
    tail: int | None = None
    """So many of the last lines of each step."""
    node_selector: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A line, or a part of a very long one."""

    time: str
    """RFC 3339 in UTC with nanoseconds."""
    pod_name: str
    text: str


class LogFollower:
    """Reads what the logs of a run have gained since the last look.

    Args:
        folder: holds one log a step's start; need not exist yet.
        request: what is wanted.

    Raises:
        UsageError: the regular expression or the selector is wrong.
    """

    def __init__(self, folder: Path, request: LogRequest) -> None:
        self._folder = folder
        self._request = request
        self._wanted = _pattern(request.grep)
        self._selector = parse_field_selector(request.node_selector)
        self._readers: dict[str, tuple[str, LogReader]] = {}
        self._over: set[str] = set()

    def add(self, run: Run, nodes: Iterable[Node]) -> None:
        """Take note of steps: those that started are read from now on, those that ended once more."""
        turn = Turn(run, 0.0)
        for node in nodes:
            if not self._has_log(run, node):
                continue
            attempt = attempt_id(run.info.uid, node)
            if attempt in self._readers or attempt in self._over:
                if node.phase.is_fulfilled:
                    self._over.add(attempt)
                continue
            step = run.nodes[node.parent] if node.type is NodeType.CONTAINER else node
            pod = pod_of(turn, step)
            if not self._is_wanted(run, step, pod):
                continue
            path = self._folder / f"{attempt}.log"
            self._readers[attempt] = (
                pod,
                LogReader(path, since=self._request.since, tail=self._request.tail),
            )
            if node.phase.is_fulfilled:
                self._over.add(attempt)

    def poll(self) -> Iterator[Entry]:
        """Yield what is new, by time; little of it is in memory at once, however much there is."""
        over = [attempt for attempt in self._readers if attempt in self._over]
        logs = [_entries(pod, reader) for pod, reader in self._readers.values()]
        for entry in heapq.merge(*logs, key=lambda entry: entry.time):
            if self._wanted is None or self._wanted.search(entry.text):
                yield entry
        for attempt in over:  # an end is told after its last line is written: nothing follows
            del self._readers[attempt]

    def _has_log(self, run: Run, node: Node) -> bool:
        """Return whether the node stands for a container that is asked for and has begun."""
        if node.phase in {Phase.WAITING, Phase.PENDING}:
            return False
        wanted = self._request.container
        if node.type is NodeType.POD:
            return wanted in {"", MAIN} and not run.index.children.get(node.number)
        if node.type is not NodeType.CONTAINER:
            return False
        if wanted or (node.parent, MAIN, -1) in run.index.called:
            return node.key == (wanted or MAIN)
        return not node.is_hidden

    def _is_wanted(self, run: Run, node: Node, pod: str) -> bool:
        return _names(run, node, pod, self._request.pod) and _selected(run, node, self._selector)


def _entries(pod: str, reader: LogReader) -> Iterator[Entry]:
    return (Entry(piece.time, pod, piece.text) for piece in reader.read())


def pod_of(turn: Turn, node: Node) -> str:
    """Return the name of the node's pod."""
    template = node.template or (template_of(turn, node).template.name if node.template_ref else "")
    return pod_name(turn.run.info.name, node.name, template)


def require_step(run: Run, name: str) -> None:
    """Make sure that ``name`` means a step of the run that has a log, or may get one.

    Raises:
        NotFoundError: it means none.
    """
    turn = Turn(run, 0.0)
    steps = [node for node in run.nodes.values() if node.type is NodeType.POD]
    if not any(_names(run, node, pod_of(turn, node), name) for node in steps):
        message = f"run {run.info.name} has no step {name!r} with a log"
        raise NotFoundError(message, remedy=f"See its steps with `pinnace get {run.info.name}`.")


def require_container(run: Run, name: str) -> None:
    """Make sure that a step of the run has, or may get, a container of that name.

    Raises:
        UsageError: none has.
    """
    known = {MAIN, *(node.key for node in run.nodes.values() if node.type is NodeType.CONTAINER)}
    known |= {part.name for template in run.workflow.spec.templates for part in parts_of(template)}
    if name and name not in known:
        message = f"there is no container {name!r}"
        raise UsageError(message, remedy=f"Steps of this run have {', '.join(sorted(known))}.")


def _names(run: Run, node: Node, pod: str, wanted: str) -> bool:
    """Return whether ``wanted`` means the node, or what it is an attempt of."""
    if not wanted or wanted in {pod, node.name, node_id(run.info.name, node.name)}:
        return True
    if node_fields(run, node)["displayName"] == wanted:
        return True
    return node.is_attempt and _names(run, run.nodes[node.parent], "", wanted)


def _selected(run: Run, node: Node, selector: FieldSelector) -> bool:
    return not selector.terms or selector.matches(node_fields(run, node))


def _pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        message = f"failed to compile the regular expression {text!r}: {error}"
        raise UsageError(message) from None


def read_logs(run: Run, folder: Path, request: LogRequest) -> Iterator[Entry]:
    """Yield what the logs of a run hold now, by time."""
    follower = LogFollower(folder, request)
    follower.add(run, run.nodes.values())
    return follower.poll()
