"""What is said when a run has ended: its tree, why it failed and how to go on, what was not honoured."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pinnace.cli.render.phases import look_of, styled
from pinnace.cli.render.text import clean, clean_output, shorten
from pinnace.cli.render.times import precise_duration
from pinnace.cli.render.tree import TreeOptions, render_tree
from pinnace.engine.naming import attempt_id, display_name
from pinnace.engine.node import Node, NodeType
from pinnace.engine.run import Run
from pinnace.executors.logreader import read_log
from pinnace.service.labels import WORLD
from pinnace.service.status import workflow_object

#: So many lines of a failed node's log are shown, each in so many characters.
_TAIL_LINES = 10
_LINE_LENGTH = 400
_MOST_NOTES = 12
_MOST_NAMES = 8


def render_ending(run: Run, logs: Path, *, is_colour: bool) -> str:
    """Return what is said of a run that has ended; ``logs`` is the folder of its logs."""
    now = time.time()
    tree = render_tree(workflow_object(run), TreeOptions(now=now, is_colour=is_colour, is_brief=True))
    parts = [tree, _verdict(run, is_colour=is_colour)]
    if run.state.phase in {"Failed", "Error"}:
        parts.append("".join(f"{line}\n" for line in _failure(run, logs, is_colour=is_colour)))
    notes = "".join(f"{line}\n" for line in fidelity_lines(run))
    return "\n".join(part for part in (*parts, notes) if part)


def fidelity_lines(run: Run) -> Iterator[str]:
    """Yield what of the manifest was not honoured here, and by how many nodes."""
    counts: Counter[str] = Counter()
    first: dict[str, Node] = {}
    for number in sorted(run.nodes):
        for note in dict.fromkeys(run.nodes[number].notes):
            counts[note] += 1
            first.setdefault(note, run.nodes[number])
    if not counts:
        return
    yield "Not as in the manifest:"
    for note, count in counts.most_common(_MOST_NOTES):
        where = name_of(run, first[note]) if count == 1 else f"{count} nodes"
        yield f"  {clean(note)} ({clean(where)})"
    if len(counts) > _MOST_NOTES:
        yield f"  and {len(counts) - _MOST_NOTES} more: pinnace get {run.info.name}"


def fidelity_by_node(run: Run) -> Iterator[str]:
    """Yield what of the manifest was not honoured here, node by node; nodes of one kind together."""
    groups: dict[tuple[str, ...], list[Node]] = {}
    for number in sorted(run.nodes):
        node = run.nodes[number]
        if node.notes:
            groups.setdefault(node.notes, []).append(node)
    if not groups:
        return
    yield "Not as in the manifest:"
    for notes, nodes in groups.items():
        names = ", ".join(clean(name_of(run, node)) for node in nodes[:_MOST_NAMES])
        yield f"  {names}{f' and {len(nodes) - _MOST_NAMES} more' if len(nodes) > _MOST_NAMES else ''}:"
        yield from (f"    {clean(note)}" for note in notes)


def name_of(run: Run, node: Node) -> str:
    """Return what people call a node."""
    return display_name(node, run.nodes[node.boundary].name if node.boundary >= 0 else "")


def failed_node(run: Run) -> Node | None:
    """Return the leaf that explains the failure: the last attempt that failed first; None without any."""
    order = sorted(run.nodes, key=lambda number: run.nodes[number].finished_at or 0.0)
    bad = [run.nodes[number] for number in order if run.nodes[number].phase.is_bad]
    leaves = [node for node in bad if not run.index.children.get(node.number)]
    decisive = [node for node in leaves if not _is_forgiven(run, node)]
    for candidates in (decisive, leaves, bad):
        if candidates:
            return candidates[0]
    return None


def _is_forgiven(run: Run, node: Node) -> bool:
    """Return whether a later attempt took its place, or it is a container of a pod that did not fail."""
    if node.is_hidden:
        return not run.nodes[node.parent].phase.is_bad
    if not node.is_attempt:
        return False
    parent = run.nodes[node.parent]
    return not parent.phase.is_bad or run.index.children[parent.number][-1] != node.number


def _verdict(run: Run, *, is_colour: bool) -> str:
    state = run.state
    look = look_of(state.phase)
    lasted = ""
    if state.started_at is not None and state.finished_at is not None:
        lasted = f" in {precise_duration(state.finished_at - state.started_at)}"
    message = f": {clean(state.message)}" if state.message else ""
    icon = styled(look.icon, look.colour) if is_colour else look.icon
    return f"{icon} {clean(run.info.name)} {state.phase}{lasted}{message}\n"


def _failure(run: Run, logs: Path, *, is_colour: bool) -> Iterator[str]:
    node = failed_node(run)
    name = clean(run.info.name)
    if node is not None:
        yield f"{clean(node.name)} {node.phase.value}: {clean(node.message) or 'no message'}"
        tail = _tail(logs / f"{attempt_id(run.info.uid, node)}.log", is_colour=is_colour)
        if tail:
            yield "  the end of its log:"
            yield from (f"  │ {line}" for line in tail)
    yield "Go on with:"
    if node is not None and node.type is NodeType.POD:
        yield f"  pinnace logs {name} {_quoted(name_of(run, node))}"
    yield f"  pinnace retry {name}{' --world' if WORLD in run.info.labels else ''}"


def _tail(path: Path, *, is_colour: bool) -> list[str]:
    show = clean_output if is_colour else clean
    try:
        return [shorten(show(piece.text), _LINE_LENGTH) for piece in read_log(path, tail=_TAIL_LINES)]
    except OSError:
        return []


def _quoted(text: str) -> str:
    return clean(text) if text.replace("-", "").replace(".", "").isalnum() else f"'{clean(text)}'"
