"""Functions of regular expressions, which are RE2's. Source: itchyny/gojq v0.12.19, func.go."""

from __future__ import annotations

from pinnace.language.goformat import quote
from pinnace.language.jq.budget import Budget
from pinnace.language.jq.functions.registry import native
from pinnace.language.jq.values import FilterError, described, refused
from pinnace.language.regex import Pattern, Spans, compile_pattern
from pinnace.language.values import Failure


def _compiled(name: str, value: object, pattern: object, flags: object) -> tuple[str, Pattern, str]:
    if not isinstance(value, str) or not isinstance(pattern, str) or not isinstance(flags, (str, type(None))):
        raise refused(name, value, pattern, flags)
    flags = flags or ""
    if not set(flags) <= set("gim"):
        message = f"unsupported regular expression flag: {quote(flags)}"
        raise FilterError(message)
    # The flag that is called m here lets a dot match a line's end.
    source = ("(?s)" if "m" in flags else "") + ("(?i)" if "i" in flags else "") + pattern
    try:
        return value, compile_pattern(source), flags
    except Failure as failure:
        message = f"invalid regular expression {quote(source)}: {failure.message}"
        raise FilterError(message) from None


@native("_test", 2)
def _test(value: object, pattern: object, flags: object, budget: Budget) -> bool:
    text, compiled, _ = _compiled("test", value, pattern, flags)
    budget.spend(len(text) >> 3)
    return compiled.matches(text)


@native("_match", 2)
def _match(value: object, pattern: object, flags: object, budget: Budget) -> list[object]:
    text, compiled, flags = _compiled("match", value, pattern, flags)
    names = {number: name for name, number in compiled.parsed.names.items()}
    found: list[object] = []
    for spans in compiled.find_all(text, -1 if "g" in str(flags) else 1):
        budget.spend(8 + 4 * len(spans))
        captures = [_found(text, spans, at) | {"name": names.get(at)} for at in range(1, len(spans))]
        found.append(_found(text, spans, 0) | {"captures": captures})
    return found


def _found(text: str, spans: Spans, group: int) -> dict[str, object]:
    start, end = spans[group]
    if start < 0:
        return {"offset": -1, "length": 0, "string": None}
    return {"offset": start, "length": end - start, "string": text[start:end]}


@native("_captures")
def _captures(value: object, _budget: Budget) -> dict[str, object]:
    if not isinstance(value, list):
        message = f"expected an array but got: {described(value)}"
        raise FilterError(message)
    captures = [each for each in value if isinstance(each, dict)]
    return {each["name"]: each.get("string") for each in captures if isinstance(each.get("name"), str)}
