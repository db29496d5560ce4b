"""What a step or task becomes: skipped, one call, or one call an item.

Source: Argo steps.go resolveReferences and expandStep, dag.go expandTask, operator.go processItem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pinnace.base.errors import ManifestError, PinnaceError
from pinnace.engine.artifacts import resolve_artifacts
from pinnace.engine.inputs import mark_absent
from pinnace.engine.naming import child_name
from pinnace.engine.printf import sprintf_integer
from pinnace.engine.scope import Chain, Values
from pinnace.engine.substitute import fill, has_tags
from pinnace.language.conditions import evaluate_when, substitute_when
from pinnace.language.goformat import format_value
from pinnace.language.gojson import decode_json, encode_json, html_safe
from pinnace.language.tags import LENIENT, STRICT, Strictness, substitute
from pinnace.language.values import Failure
from pinnace.spec.parameters import Arguments, Sequence
from pinnace.spec.templates import MAX_ITEMS, Call

#: In a step or task, what earlier ones gave must be there.
CALLS = Strictness(prefixes=("steps", "tasks"))


class Planned(Struct, frozen=True, gc=False):
    """One node to be."""

    name: str
    """What follows the parent's name."""
    index: int
    call: Call
    """With every tag replaced."""
    skip: str = ""
    """Why it is skipped; empty when it runs."""


def plan(memo: dict[Any, Any], call: Call, scope: Callable[[], Chain]) -> list[Planned]:
    """Return what becomes of ``call``; an empty list is a loop over nothing.

    Args:
        memo: the run's.
        call: the step or task.
        scope: what it sees; asked only where something refers to it.

    Raises:
        PinnaceError: a tag, the condition or the items are wrong.
    """
    if call.is_loop:
        return list(_loop(memo, call, scope()))
    seen = scope() if has_tags(call) or call.arguments.artifacts else None
    when = call.when if seen is None else substitute_when(call.when, seen, strict=CALLS)
    if when and not evaluate_when(when):
        return [Planned(call.name, -1, call, f"when '{when}' evaluated false")]
    return [Planned(call.name, -1, call if seen is None else _filled(memo, call, seen, CALLS))]


def _loop(memo: dict[Any, Any], call: Call, scope: Chain) -> Iterator[Planned]:
    runs = _may_run(call, scope)
    for index, item in enumerate(_items(memo, call, scope, is_lenient=not runs)):
        variables, description = describe(item)
        inner = Chain(Values(variables), *scope.layers)
        name = child_name(call.name, index, description)
        when = substitute_when(call.when, inner, strict=STRICT if runs else LENIENT)
        if when and not evaluate_when(when):
            yield Planned(name, index, call, f"when '{when}' evaluated false")
        else:
            yield Planned(name, index, _filled(memo, call, inner, STRICT))


def _may_run(call: Call, scope: Chain) -> bool:
    """Return whether the condition, as far as it is known before the items are, may be true."""
    when = substitute_when(call.when, scope, strict=CALLS)
    try:
        return not when or evaluate_when(when)
    except PinnaceError:
        return True


def _filled(memo: dict[Any, Any], call: Call, scope: Chain, strict: Strictness) -> Call:
    """Return ``call`` with its tags replaced and its artifacts found."""
    bare = _bare(memo, call)
    if call.arguments.parameters:
        marked = mark_absent(bare.arguments, scope)
        if marked is not bare.arguments:
            return _with_artifacts(fill({}, replace(bare, arguments=marked), scope, strict), call, scope)
    return _with_artifacts(fill(memo, bare, scope, strict), call, scope)


def _with_artifacts(filled: Call, call: Call, scope: Chain) -> Call:
    if not call.arguments.artifacts:
        return filled
    found = resolve_artifacts(filled.arguments.artifacts, call.arguments.artifacts, scope)
    return replace(filled, arguments=replace(filled.arguments, artifacts=found))


def _bare(memo: dict[Any, Any], call: Call) -> Call:
    """Return ``call`` without what is not replaced with the rest: hooks, condition, items, references."""
    key = ("bare", id(call))
    known = memo.get(key)
    if known is None or known[0] is not call:
        artifacts = tuple(
            replace(artifact, from_="", from_expression="", sub_path="")
            for artifact in call.arguments.artifacts
        )
        arguments: Arguments = replace(call.arguments, artifacts=artifacts)
        bare = replace(
            call, arguments=arguments, hooks={}, when="", with_items=None, with_param="", with_sequence=None
        )
        known = memo[key] = (call, bare)
    found: Call = known[1]
    return found


def _items(memo: dict[Any, Any], call: Call, scope: Chain, *, is_lenient: bool) -> Iterable[object]:
    strict = LENIENT if is_lenient else CALLS
    if call.with_items is not None:
        items: Iterable[object] = fill(memo, call.with_items, scope, strict)
        return items
    try:
        if call.with_param:
            return _parsed(substitute(call.with_param, scope, strict=strict))
        if call.with_sequence is not None:
            return sequence(fill(memo, call.with_sequence, scope, strict))
    except PinnaceError:
        if not is_lenient:
            raise
    return ()


def items_of(memo: dict[Any, Any], call: Call, scope: Chain) -> list[object]:
    """Return the items of a loop that was called, again.

    Raises:
        PinnaceError: what they were made of is gone.
    """
    return list(_items(memo, call, scope, is_lenient=False))


def _parsed(text: str) -> list[object]:
    try:
        items = decode_json(text, Number)
        if items is None:
            return []
        if not isinstance(items, list):
            message = f"json: cannot unmarshal {_kind(items)} into Go value of type []v1alpha1.Item"
            raise Failure(message)
    except Failure as error:
        message = f"withParam value could not be parsed as a JSON list: {text.strip()[:200]}: {error}"
        raise ManifestError(message) from None
    if len(items) > MAX_ITEMS:
        message = f"withParam has {len(items)} items; at most {MAX_ITEMS} are possible"
        raise ManifestError(message)
    return items


def _kind(value: object) -> str:
    """Return what Go's decoder calls a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Number):
        return "number"
    return "string" if isinstance(value, str) else "object"


class Number(str):
    """A JSON number as it is written: ``1.0`` stays ``1.0``."""

    __slots__ = ()


def sequence(spec: Sequence) -> Iterator[str]:
    """Return the numbers of ``withSequence`` as texts, descending when start is above end.

    Raises:
        ManifestError: a bound is not a whole number, none is given, or there are too many.
    """
    start = _integer(spec.start, "start") if spec.start is not None else 0
    if spec.end is not None:
        end = _integer(spec.end, "end")
    elif spec.count is not None:
        count = _integer(spec.count, "count")
        if count == 0:
            return iter(())
        end = start + count - 1
    else:
        message = "neither end nor count was specified in withSequence"
        raise ManifestError(message)
    if abs(end - start) >= MAX_ITEMS:
        message = f"withSequence has {abs(end - start) + 1} items; at most {MAX_ITEMS} are possible"
        raise ManifestError(message, remedy="Split the work: let each item cover a range.")
    numbers = range(start, end + 1) if start <= end else range(start, end - 1, -1)
    form = spec.format or "%d"
    if form == "%d":
        return map(str, numbers)
    return (sprintf_integer(form, number) for number in numbers)


def _integer(text: str, name: str) -> int:
    try:
        if text.strip() != text or "_" in text:
            raise ValueError
        return int(text)
    except ValueError:
        message = f"withSequence.{name} is {text!r}, not a whole number"
        raise ManifestError(message) from None


def describe(item: object) -> tuple[dict[str, object], str]:
    """Return the variables of an item, and the description that its node's name holds.

    Source: Argo operator.go processItem.
    """
    if isinstance(item, str):
        return {"item": str(item)}, _shown(item)
    if isinstance(item, bool):
        text = "true" if item else "false"
        return {"item": text}, text
    if isinstance(item, int | float):
        text = encode_json(item)
        return {"item": text}, text
    if isinstance(item, dict):
        fields = {key: _field(value) for key, value in item.items()}
        variables: dict[str, object] = {f"item.{key}": value for key, value in fields.items()}
        variables["item"] = html_safe(_compact(item))
        return variables, ",".join(sorted(f"{key}:{_shown(value)}" for key, value in item.items()))
    if isinstance(item, list | tuple):
        return {"item": html_safe(_compact(item))}, format_value([_shown(each) for each in item])
    return {"item": "null"}, "[]"  # null, which Argo takes for a list


def _field(value: object) -> str:
    """Return one field of a map item as text: a string as it is, anything else as JSON."""
    return str(value) if isinstance(value, str) else _compact(value)


def _shown(value: object) -> str:
    """Return a value as a node's name shows it: JSON without the quotes. Source: Argo item.go String."""
    text = _compact(value)
    return text[1:-1] if text.startswith('"') else text


def _compact(value: object) -> str:
    """Return compact JSON with sorted keys, numbers as they were written and nothing HTML-escaped."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        inner = ",".join(f"{encode_json(key, html=False)}:{_compact(value[key])}" for key in sorted(value))
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(_compact(each) for each in value)}]"
    return encode_json(value, html=False)
