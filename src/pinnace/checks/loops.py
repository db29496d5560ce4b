"""Loops: one source of items, a list where a list is needed, and no more items than a run can hold."""

from __future__ import annotations

import msgspec

from pinnace.base.errors import ManifestError
from pinnace.checks.context import CallSite, Context, calls_of
from pinnace.spec.parameters import Sequence
from pinnace.spec.problems import Path
from pinnace.spec.templates import MAX_ITEMS, Call


def count_items(sequence: Sequence) -> int:
    """Return how many items a sequence has, once its tags are replaced.

    Raises:
        ManifestError: it gives both or neither of count and end, or a bound is not an integer.
    Source: Argo operator.go, expandSequence.
    """
    if sequence.count is not None and sequence.end is not None:
        raise ManifestError("only one of count or end can be defined in withSequence")
    if sequence.count is None and sequence.end is None:
        raise ManifestError("neither end nor count was specified in withSequence")
    start = _integer(sequence.start, "start") if sequence.start is not None else 0
    if sequence.end is not None:
        return abs(_integer(sequence.end, "end") - start) + 1
    assert sequence.count is not None
    count = _integer(sequence.count, "count")
    # A negative count counts down from start to start+count-1, as there.
    return abs(count - 1) + 1 if count else 0


def _integer(text: str, what: str) -> int:
    digits = text.strip().lstrip("+-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise ManifestError(f"withSequence.{what} {text[:40]!r} is not an integer")
    return int(text)


def check_loops(context: Context) -> None:
    """Report loops that cannot be unrolled."""
    for site in context.sites():
        for place in calls_of(site):
            _check_loop(context, place)


def _check_loop(context: Context, place: CallSite) -> None:
    call, path, _ = place
    if sum((bool(call.with_items), bool(call.with_param), call.with_sequence is not None)) > 1:
        message = "only one of withItems, withParam, withSequence can be specified"
        context.findings.error("conflicting-fields", message, path)
    if call.with_sequence is not None:
        _check_sequence(context, call.with_sequence, (*path, "withSequence"))
    if call.with_param:
        _check_param(context, call, (*path, "withParam"))
    if call.with_items is not None and len(call.with_items) > MAX_ITEMS:
        _too_many(context, len(call.with_items), (*path, "withItems"))


def _check_sequence(context: Context, sequence: Sequence, path: Path) -> None:
    bounds = {"count": sequence.count, "start": sequence.start, "end": sequence.end}
    tagged = any(bound is not None and "{{" in bound for bound in bounds.values())
    try:
        # Bounds with a tag are only known in the run; the rest is checked as if each were 0.
        known = {name: "0" if bound and "{{" in bound else bound for name, bound in bounds.items()}
        count = count_items(Sequence(count=known["count"], start=known["start"], end=known["end"]))
    except ManifestError as error:
        context.findings.error("invalid-sequence", error.message, path)
        return
    if not tagged and count > MAX_ITEMS:
        _too_many(context, count, path)


def _check_param(context: Context, call: Call, path: Path) -> None:
    if "{{" in call.with_param:
        return
    try:
        items = msgspec.json.decode(call.with_param)
    except (msgspec.DecodeError, RecursionError):
        items = None
    if not isinstance(items, list):
        message = "withParam value could not be parsed as a JSON list"
        context.findings.error("invalid-items", message, path, "write a JSON list, or a tag that gives one")
    elif len(items) > MAX_ITEMS:
        _too_many(context, len(items), path)


def _too_many(context: Context, count: int, path: Path) -> None:
    message = f"{count:,} items: a loop may have {MAX_ITEMS:,} at most"
    context.findings.error("too-many-items", message, path, "work on ranges of items inside each step")
