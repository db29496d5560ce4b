"""Explanations of steps as text, and as JSON values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pinnace.cli.render.text import clean
from pinnace.engine.explain import Explanation
from pinnace.engine.origins import Origin

#: So much of a value is shown.
_LONGEST = 200


def as_text(explanation: Explanation) -> str:
    """Return an explanation as lines for people."""
    return "\n".join(clean(line) for line in _lines(explanation))


def as_objects(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Return explanations as JSON values."""
    found: list[dict[str, Any]] = json.loads(msgspec.json.encode(explanations))
    return found


def _lines(explanation: Explanation) -> Iterator[str]:
    kind = f" ({explanation.type})" if explanation.type else ""
    message = f": {explanation.message}" if explanation.message else ""
    yield f"{explanation.name}{kind} is {explanation.phase}{message}"
    inputs = [line for origin in explanation.inputs for line in _origin(origin)]
    for title, lines in (("", explanation.why), ("Inputs", inputs), ("Not honoured here", explanation.notes)):
        if title and lines:
            yield title
        yield from (f"  {line}" for line in lines)


def _origin(origin: Origin) -> list[str]:
    return [f"{origin.name} = {_short(origin.value)}", *(f"  from {_short(line)}" for line in origin.trail)]


def _short(text: str) -> str:
    flat = json.dumps(text, ensure_ascii=False)[1:-1] if "\n" in text else text
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}… ({len(text)} characters)"
