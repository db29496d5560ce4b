"""Outlines of workflows and runs as a tree, as Mermaid and as DOT."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pinnace.cli.render.phases import look_of
from pinnace.cli.render.text import clean, shorten
from pinnace.service.outline import Place

_LONGEST_NOTE = 60


def as_tree(title: str, places: Sequence[Place]) -> str:
    """Return the places as an indented tree under ``title``."""
    lines = [clean(title)]
    names = {each.number: each.name for each in _all(places)}
    for index, place in enumerate(places):
        lines += _branch(place, "", names, is_last=index == len(places) - 1)
    return "\n".join(lines)


def as_mermaid(title: str, places: Sequence[Place]) -> str:
    """Return the places as a Mermaid flowchart."""
    lines = ["---", f"title: {json.dumps(title)}", "---", "flowchart TD"]
    for place in places:
        lines += _mermaid(place, "  ")
    lines += [f"  n{before} --> n{each.number}" for each in _all(places) for before in each.follows]
    for each in _all(places):
        if colour := look_of(each.phase).colour:
            lines.append(f"  style n{each.number} stroke:{colour}")
    return "\n".join(lines)


def as_dot(title: str, places: Sequence[Place]) -> str:
    """Return the places as a directed graph in the language of Graphviz."""
    lines = [f"digraph {json.dumps(title)} {{", "  compound=true", "  node [shape=box, style=rounded]"]
    for place in places:
        lines += _dot(place, "  ")
    known = {each.number: each for each in _all(places)}
    for each in known.values():
        lines += [f"  {_edge(known[before], each)}" for before in each.follows]
    return "\n".join([*lines, "}"])


def _branch(place: Place, indent: str, names: dict[int, str], *, is_last: bool) -> Iterator[str]:
    after = [names[number] for number in place.follows]
    behind = [f"after {', '.join(after)}"] if after else []
    notes = "".join(f"  [{clean(shorten(note, _LONGEST_NOTE))}]" for note in (*behind, *place.notes))
    what = place.kind if place.template in {place.name, ""} else f"{place.template}, {place.kind}"
    yield f"{indent}{'└─' if is_last else '├─'} {clean(place.name)} ({clean(what)}){notes}"
    deeper = indent + ("   " if is_last else "│  ")
    for index, each in enumerate(place.inside):
        yield from _branch(each, deeper, names, is_last=index == len(place.inside) - 1)


def _label(place: Place) -> list[str]:
    """Return the lines in a place's box."""
    what = place.kind if place.template in {place.name, ""} else f"{place.template}: {place.kind}"
    notes = [shorten(note, _LONGEST_NOTE) for note in place.notes]
    return [clean(line) for line in (place.name, what, *notes)]


def _mermaid(place: Place, indent: str) -> Iterator[str]:
    # Mermaid reads a label as HTML, and takes entities with # for what would end it.
    text = "<br/>".join(_escaped(line) for line in _label(place))
    if not place.inside:
        yield f'{indent}n{place.number}["{text}"]'
        return
    yield f'{indent}subgraph n{place.number}["{text}"]'
    for each in place.inside:
        yield from _mermaid(each, f"{indent}  ")
    yield f"{indent}end"


def _escaped(text: str) -> str:
    for letter, entity in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(letter, entity)
    return text


def _dot(place: Place, indent: str) -> Iterator[str]:
    text = json.dumps("\n".join(_label(place)), ensure_ascii=False)
    colour = look_of(place.phase).colour
    if not place.inside:
        yield f"{indent}n{place.number} [label={text}{f', color={colour}' if colour else ''}]"
        return
    yield f"{indent}subgraph cluster_{place.number} {{"
    yield f"{indent}  label={text}"
    if colour:
        yield f"{indent}  color={colour}"
    for each in place.inside:
        yield from _dot(each, f"{indent}  ")
    yield f"{indent}}}"


def _edge(before: Place, after: Place) -> str:
    """Return an edge; one of a cluster begins and ends at a node in it and is cut off at its border."""
    border = [f"ltail=cluster_{before.number}"] if before.inside else []
    border += [f"lhead=cluster_{after.number}"] if after.inside else []
    text = f"n{_last(before).number} -> n{_first(after).number}"
    return f"{text} [{', '.join(border)}]" if border else text


def _first(place: Place) -> Place:
    return _first(place.inside[0]) if place.inside else place


def _last(place: Place) -> Place:
    return _last(place.inside[-1]) if place.inside else place


def _all(places: Sequence[Place]) -> Iterator[Place]:
    for place in places:
        yield place
        yield from _all(place.inside)
