"""Whether anybody refers to a call's standard output: only then is it kept.

Source: Argo operator.go hasOutputResultRef.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from pinnace.engine.gates import boundary_template
from pinnace.engine.run import Node
from pinnace.engine.turn import Turn

_REFERENCE = re.compile(
    r"(?:steps|tasks)\s*(?:\.([-\w]+)|\[\s*['\"]([-\w]+)['\"]\s*\])(?:\?)?\.outputs(?:\?)?\.result"
)


def is_result_wanted(turn: Turn, node: Node) -> bool:
    """Return whether the template that called the node mentions the call's ``outputs.result``."""
    caller = boundary_template(turn, node)
    if caller is None:
        return False
    key = ("results", id(caller))
    known = turn.run.memo.get(key)
    if known is None or known[0] is not caller:
        names = {match[1] or match[2] for text in _texts(caller) for match in _REFERENCE.finditer(text)}
        known = turn.run.memo[key] = (caller, names)
    owner = turn.node(node.parent) if node.is_attempt else node
    return owner.key in known[1]


def _texts(part: Any) -> Iterator[str]:
    """Yield every text in a part of a manifest."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _texts(getattr(part, name))
    elif isinstance(part, dict):
        for value in part.values():
            yield from _texts(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _texts(value)
