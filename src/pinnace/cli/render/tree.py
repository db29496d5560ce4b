"""The tree of steps, from a Workflow object. Source of the form: Argo cmd/argo/commands/common/get.go.

Two things differ from Argo's: leaves that are no pods show their duration too, and a loop of many items can
be one line with its failures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pinnace.cli.render.phases import look_of
from pinnace.cli.render.table import Cell, columns
from pinnace.cli.render.text import clean
from pinnace.cli.render.times import parse_time, short_duration
from pinnace.engine.naming import pod_name
from pinnace.engine.node import NodeType

#: Loops of more items than this are one line, where the caller wants them short.
MANY_ITEMS = 20
#: So many of a short loop's failures are listed.
_MOST_FAILURES = 5

_ITEM = re.compile(r"^(.*)\(\d+(?::.*)?\)$", re.DOTALL)

NodeStatus = Mapping[str, Any]


@dataclass(frozen=True)
class TreeOptions:
    """What is shown of a tree, and how."""

    now: float
    """Unix seconds; what runs has lasted until then."""
    output: str = ""
    """``""``, ``short`` or ``wide``, as ``-o`` takes them."""
    is_colour: bool = False
    is_ascii: bool = False
    is_brief: bool = False
    """Loops of many items are one line."""
    wanted: Callable[[NodeStatus], bool] = lambda _status: True


@dataclass(slots=True, eq=False)
class _Branch:
    """A node, or many items of one loop, and what is drawn below it."""

    status: NodeStatus
    below: list[_Branch] = field(default_factory=list)
    is_root: bool = True
    items: Sequence[NodeStatus] = ()
    """Not empty: this stands for so many items."""


def render_tree(workflow: Mapping[str, Any], options: TreeOptions) -> str:
    """Return the tree of a Workflow object as lines; the exit handler's tree follows after an empty line."""
    nodes: Mapping[str, NodeStatus] = workflow["status"].get("nodes", {})
    run_name = workflow["metadata"]["name"]
    branches = _branches(nodes)
    roots = [each for each in branches.values() if each.is_root]
    main = [each for each in roots if each.status["name"] == run_name]
    if not main:
        return ""
    exits = [each for each in roots if each.status["name"] == f"{run_name}.onExit"]
    hooks = [each for each in roots if each not in main and each not in exits]
    drawing = _Drawing(run_name, options)
    for group in ([*main, *hooks], exits):
        if group and len(drawing.rows) > 1:
            drawing.rows.append([Cell("")])
        for root in group:
            drawing.draw(root)
    return columns(drawing.rows, gap=2, is_colour=options.is_colour)


def _branches(nodes: Mapping[str, NodeStatus]) -> dict[str, _Branch]:
    """Return a branch for each node that is drawn, each hung below the one that holds or called it."""
    branches = {id_: _Branch(status) for id_, status in nodes.items() if status["type"] != "TaskGroup"}
    holder = {
        child: id_
        for id_, status in nodes.items()
        if status["type"] == "StepGroup" or _has_attempts(status)
        for child in status.get("children", ())
    }
    for id_, branch in branches.items():
        above = branches.get(holder.get(id_) or branch.status.get("boundaryID", ""))
        if above is not None:
            above.below.append(branch)
            branch.is_root = False
    for branch in branches.values():
        # Nodes come in order of creation, which decides between those that began in the same second.
        branch.below.sort(key=lambda below: below.status.get("startedAt", ""))
    return branches


def _has_attempts(status: NodeStatus) -> bool:
    """Return whether a node's children are its attempts: what was found in a cache was not attempted."""
    return status["type"] == "Retry" and not status.get("memoizationStatus", {}).get("hit")


class _Drawing:
    """The rows of a tree."""

    def __init__(self, run_name: str, options: TreeOptions) -> None:
        self._run_name = run_name
        self._options = options
        self.rows: list[list[Cell]] = [[Cell(title) for title in _titles(options.output)]]

    def draw(self, root: _Branch) -> None:
        """Add ``root`` and what is below it; a stack, because trees are deeper than Python's recursion."""
        stack = [(root, " ", " ")]
        while stack:
            branch, first, other = stack.pop()
            is_hidden, indents = self._hidden(branch)
            if not is_hidden:
                self.rows.append(self._row(branch, first))
            below = _brief(branch.below) if self._options.is_brief else branch.below
            below = [each for each in below if each.below or not self._hidden(each)[0]]
            lines = []
            for index, each in enumerate(below):
                part, rest = self._joints(index, len(below) - 1, is_hidden=is_hidden, indents=indents)
                start = first if is_hidden and index == 0 else other
                lines.append((each, start + part, other + rest))
            stack.extend(reversed(lines))

    def _hidden(self, branch: _Branch) -> tuple[bool, bool]:
        """Return whether the node itself is left out, and whether what is below it is indented even so."""
        status = branch.status
        if branch.items:
            return False, False
        if _has_attempts(status) and len(status.get("children", ())) == 1:
            return True, False
        if status["type"] == "StepGroup":
            return True, True
        if status["phase"] == "Omitted":
            return True, False
        return not self._options.wanted(status), False

    def _joints(self, index: int, last: int, *, is_hidden: bool, indents: bool) -> tuple[str, str]:
        """Return what joins a row to the one above it, and what stands before the rows below it."""
        if is_hidden and not indents:
            return "", ""
        if is_hidden and last == 0:
            kind = 0
        elif is_hidden and index == 0:
            kind = 1
        else:
            kind = 2 if index == last else 3
        if self._options.is_ascii:
            return (("--", "  "), ("+-", "| "), ("`-", "  "), ("|-", "| "))[kind]
        return (("──", "  "), ("┬─", "│ "), ("└─", "  "), ("├─", "│ "))[kind]

    def _row(self, branch: _Branch, prefix: str) -> list[Cell]:
        status = branch.status
        look = look_of(status["phase"], status["type"])
        icon = look.word if self._options.is_ascii else look.icon
        name = _ITEM.sub(r"\1", status["displayName"]) if branch.items else status["displayName"]
        step = Cell(f"{prefix}{icon} {clean(name)}", icon, look.colour)
        message = clean(_tally(branch.items)) if branch.items else clean(status.get("message", ""))
        cells = [step, Cell(clean(_template_of(status)))]
        is_pod = status["type"] == "Pod" and not branch.items
        template = status.get("templateName") or status.get("templateRef", {}).get("template", "")
        cells.append(Cell(clean(pod_name(self._run_name, status["name"], template)) if is_pod else ""))
        is_timed = NodeType(status["type"]).is_leaf and not branch.items
        cells.append(Cell(self._duration(status) if is_timed else ""))
        if self._options.output == "wide":
            artifacts = status.get("outputs", {}).get("artifacts", ())
            cells.append(Cell(clean(",".join(artifact["name"] for artifact in artifacts))))
        return [*cells, Cell(message)]

    def _duration(self, status: NodeStatus) -> str:
        began = parse_time(status.get("startedAt"))
        if began is None:
            return ""
        ended = parse_time(status.get("finishedAt"))
        return short_duration((self._options.now if ended is None else ended) - began)


def _titles(output: str) -> Sequence[str]:
    if output == "wide":
        return ("STEP", "TEMPLATE", "PODNAME", "DURATION", "ARTIFACTS", "MESSAGE")
    return ("STEP", "TEMPLATE", "PODNAME", "DURATION", "MESSAGE")


def _template_of(status: NodeStatus) -> str:
    ref = status.get("templateRef")
    return f"{ref['name']}/{ref['template']}" if ref else status.get("templateName", "")


def _brief(below: list[_Branch]) -> list[_Branch]:
    """Return ``below`` with each loop of many items as one branch, its failures under it."""
    loops: dict[str, list[_Branch]] = {}
    for branch in below:
        match = _ITEM.match(branch.status["displayName"])
        if match:
            loops.setdefault(match[1], []).append(branch)
    many = {name: items for name, items in loops.items() if len(items) > MANY_ITEMS}
    if not many:
        return below
    result: list[_Branch] = []
    for branch in below:
        match = _ITEM.match(branch.status["displayName"])
        items = many.get(match[1]) if match else None
        if items is None:
            result.append(branch)
        elif items[0] is branch:
            result.append(_as_one(items))
    return result


def _as_one(items: list[_Branch]) -> _Branch:
    statuses = [branch.status for branch in items]
    bad = [branch for branch in items if branch.status["phase"] in {"Failed", "Error"}]
    first = dict(statuses[0], phase=_phase_of(statuses), type="TaskGroup")
    return _Branch(first, bad[:_MOST_FAILURES], items=statuses)


def _phase_of(statuses: Iterable[NodeStatus]) -> str:
    phases = {status["phase"] for status in statuses}
    for phase in ("Error", "Failed", "Running", "Pending"):
        if phase in phases:
            return phase
    return "Succeeded" if "Succeeded" in phases else next(iter(phases), "")


def _tally(items: Sequence[NodeStatus]) -> str:
    """Return how many items ended how: ``1000 items: 997 Succeeded, 3 Failed``."""
    counts = Counter(status["phase"] for status in items)
    parts = ", ".join(f"{count} {phase}" for phase, count in counts.most_common())
    more = sum(counts[phase] for phase in ("Failed", "Error")) - _MOST_FAILURES
    return f"{len(items)} items: {parts}" + (f"; {more} more failed than listed" if more > 0 else "")
