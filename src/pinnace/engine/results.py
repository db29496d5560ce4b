"""Whether anybody refers to a call's standard output: only then is it kept.

Source: Argo operator.go hasOutputResultRef.
"""

from __future__ import annotations

import re

import msgspec

from pinnace.engine.gates import boundary_template
from pinnace.engine.node import Node
from pinnace.engine.turn import Turn

#: In JSON text, where a double quote within a text has a backslash before it.
_REFERENCE = re.compile(
    rb"(?:steps|tasks)\s*(?:\.([-\w]+)|\[\s*(?:'|\\?\")([-\w]+)(?:'|\\?\")\s*\])\??\.outputs\??\.result"
)


def is_result_wanted(turn: Turn, node: Node) -> bool:
    """Return whether the template that called the node mentions the call's ``outputs.result``."""
    caller = boundary_template(turn, node)
    if caller is None:
        return False
    key = ("results", id(caller))
    known = turn.run.memo.get(key)
    if known is None or known[0] is not caller:
        text = msgspec.json.encode(caller)
        names = {(match[1] or match[2]).decode() for match in _REFERENCE.finditer(text)}
        known = turn.run.memo[key] = (caller, names)
    owner = turn.node(node.parent) if node.is_attempt else node
    return owner.key in known[1]
