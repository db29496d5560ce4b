"""A jq filter applied to a document.

Source: Argo workflow/executor/resource.go, jqFilter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pinnace.language.errors import ExpressionError
from pinnace.language.jq.budget import Budget, Exhausted
from pinnace.language.jq.compiler import compile_filter
from pinnace.language.jq.encoding import encode_outside
from pinnace.language.jq.machine import Machine, Step
from pinnace.language.jq.numbers import to_float
from pinnace.language.jq.parser import parse_filter
from pinnace.language.jq.values import FilterError
from pinnace.language.values import Failure, check_size


def apply(filter_: str, document: object) -> str:
    """Return the results of a filter as ``valueFrom.jqFilter`` has them.

    They are joined by newlines, without blanks around all of it; strings are as they are, the rest is JSON.
    Numbers of the document are floats, as Go reads them.

    Raises:
        ExpressionError: the filter cannot be read (stage ``parse``), or fails (stage ``run``); in that case
            there are no results at all.
    """
    budget = Budget()
    texts = []
    size = 0
    try:
        for result in evaluate(filter_, _with_floats(document), budget):
            texts.append(result if isinstance(result, str) else encode_outside(result, budget))
            size += len(texts[-1])
            check_size(size)
    except (Failure, RecursionError) as failure:
        raise ExpressionError(_reason(failure), filter_, None, "run") from None
    return "\n".join(texts).strip()


def evaluate(filter_: str, document: object, budget: Budget | None = None) -> Iterator[object]:
    """Yield the results of a filter for a document, which is not changed.

    The filter sees nothing else: no environment, no other inputs, no files and no modules.

    Raises:
        ExpressionError: the filter cannot be read (stage ``parse``), names what there is not (stage
            ``compile``), or fails (stage ``run``), also by costing too much.
    """
    step = _compiled(filter_)
    try:
        yield from Machine(budget or Budget()).results(step, document)
    except FilterError as error:
        raise ExpressionError(error.message, filter_, None, "run") from None
    except (Exhausted, RecursionError) as failure:
        raise ExpressionError(_reason(failure), filter_, None, "run") from None


@lru_cache(maxsize=256)
def _compiled(text: str) -> Step:
    try:
        node = parse_filter(text)
    except Failure as failure:
        raise ExpressionError(failure.message, text, failure.position, "parse") from None
    try:
        return compile_filter(node)
    except Failure as failure:
        raise ExpressionError(failure.message, text, failure.position, "compile") from None


def _reason(failure: Failure | RecursionError) -> str:
    return failure.message if isinstance(failure, Failure) else "a value is nested too deeply"


def _with_floats(value: object) -> object:
    """Return a document whose numbers are all floats."""
    if isinstance(value, int) and not isinstance(value, bool):
        return to_float(value)
    if isinstance(value, list):
        return [_with_floats(each) for each in value]
    return {key: _with_floats(each) for key, each in value.items()} if isinstance(value, dict) else value
