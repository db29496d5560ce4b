"""The jq language, as gojq has it, which ``valueFrom.jqFilter`` is written in.

``evaluate`` is the way in: a filter is read by ``parser``, becomes steps in ``compiler``, and ``machine``
runs them.
"""

from __future__ import annotations

from pinnace.language.jq.evaluate import apply, evaluate

__all__ = ["apply", "evaluate"]
