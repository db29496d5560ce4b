"""Tags: ``{{inputs.parameters.x}}`` and ``{{= expression }}`` in one text of a manifest.

Called by the engine for every text of a template, and by checks, which only want to know what a text
mentions. Rules that hold here:

- A text is one string value of the parsed document. An inserted value is data: it is never escaped, never
  parsed, never searched for tags again.
- A tag ends at the first ``}}``. A tag inside a tag, ``{{a.{{b}}}}``, is resolved first, then the outer one.
- What a scope does not have stays in the text as it was written, unless ``Strictness`` forbids that.

Differs from Argo: Argo substitutes in the JSON text of the whole template, so that a value with a control
character breaks it, and nested tags need a second pass.
Source: Argo util/template: simple_template.go, expression_template.go, template.go; fasttemplate v1.2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, Protocol

from pinnace.language.errors import AbsentValue, ExpressionError, TagError, UnresolvedVariable
from pinnace.language.expressions import Environment, analyse, environment, run, to_text


class _Missing:
    """The type of ``MISSING``."""

    def __repr__(self) -> str:
        return "MISSING"


#: What a scope returns for a key that it does not have.
MISSING: Final = _Missing()

#: Variables that come after a template's own pass; an expression that names one waits for it.
LATE_VARIABLES = frozenset(
    [
        "item", "retries", "workflow.status", "workflow.failures",
        "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration", "lastRetry.message",
    ]
)  # fmt: skip

#: How a value begins that only stands for a value to come, while a manifest is checked before it runs.
PLACEHOLDER_PREFIX = "__argo__internal__placeholder-"

#: Blanks that do not count around a simple key. Line ends and tabs do: in Argo they are escaped there.
_BLANKS = (
    " \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
#: Longest text whose parse is kept, in characters, so that the cache stays small.
_LONGEST_CACHED = 65_536


class Scope(Protocol):
    """The variables that a text may mention."""

    def get(self, key: str, /) -> object:
        """Return the value of ``key``.

        A ``str`` can be inserted; ``None`` is an optional output that was never produced; anything else is
        for expressions only; ``MISSING`` when there is no such variable.
        """

    def variables(self, roots: frozenset[str], /) -> Mapping[str, object]:
        """Return the variables, flat (``"steps.a.status"``), whose first segment is among ``roots``.

        ``"$env"`` among the roots asks for all of them.
        """


class FlatScope(dict[str, object]):
    """A scope that is a plain mapping of flat names."""

    def get(self, key: str, default: object = MISSING, /) -> object:
        """Return the value of ``key``, or ``MISSING``."""
        return super().get(key, default)

    def variables(self, roots: frozenset[str], /) -> Mapping[str, object]:
        """Return the variables below ``roots``; all of them for ``$env``."""
        if "$env" in roots:
            return self
        return {key: value for key, value in self.items() if key.partition(".")[0] in roots}


@dataclass(frozen=True, slots=True)
class Strictness:
    """Which tags must resolve: all, or those below certain prefixes.

    Attributes:
        prefixes: first segments, as ``("steps", "tasks")``. What names an artifact (``.outputs.artifacts.``)
            is exempt: artifacts are bound elsewhere and may be optional.
        every: every tag must resolve, artifacts too.
    """

    prefixes: tuple[str, ...] = ()
    every: bool = False

    def forbids(self, name: str) -> bool:
        """Return whether ``name`` may not stay unresolved in an expression."""
        return self.every or any(name == each or name.startswith(f"{each}.") for each in self.prefixes)

    def forbids_tag(self, key: str) -> bool:
        """Return whether the simple tag ``key`` may not stay unresolved."""
        return self.every or (bool(self.prefixes) and ".outputs.artifacts." not in key and self.forbids(key))


#: Nothing needs to resolve.
LENIENT: Final = Strictness()
#: Everything must resolve.
STRICT: Final = Strictness(every=True)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a text.

    Attributes:
        kind: ``simple`` for ``{{key}}``, ``expression`` for ``{{= … }}``, ``nested`` for the outer key of
            ``{{a.{{b}}}}``, of which only the part before the inner tag is known.
        content: the key without the blanks around it, or the expression as written after ``=``.
        start: index of ``{{``.
        end: index after ``}}``.
    """

    kind: Literal["simple", "expression", "nested"]
    content: str
    start: int
    end: int


#: Says how a value is inserted: from the text since the tag before, the tag, and the value. Asked tag by tag.
Insertion = Callable[[str, Tag, str], str]


def substitute(
    text: str, scope: Scope, *, strict: Strictness = LENIENT, insertion: Insertion | None = None
) -> str:
    """Return ``text`` with its tags replaced by what ``scope`` says.

    A text that is one simple tag yields the scope's own string, and one without tags itself: no copies.
    ``insertion`` is not asked about tags inside tags, nor heeded for a tag that stays as it is written.

    Raises:
        UnresolvedVariable: a tag that ``strict`` covers has no value yet; try again when it may have.
        AbsentValue: a simple tag names an optional output that was never produced.
        ExpressionError: an expression cannot be read; or cannot be evaluated though all its variables are
            there and ``strict`` asks for it. ``TagError``: a tag is never closed.
    """
    if "{{" not in text:
        return text
    parsed = _parse_cached(text) if len(text) <= _LONGEST_CACHED else _parse(text)
    if parsed.nested:
        return _Nested(text, scope, strict).result()
    pieces: list[str] = []
    for before, tag in parsed.parts:
        if before:
            pieces.append(before)
        value = _resolve(text, tag, scope, strict)
        if insertion is not None:
            inserted = insertion(before, tag, value)
            value = value if value == text[tag.start : tag.end] else inserted
        pieces.append(value)
    if parsed.rest:
        pieces.append(parsed.rest)
    return pieces[0] if len(pieces) == 1 else "".join(pieces)


def literal(value: str) -> str:
    """Return a text that ``substitute`` turns into ``value``, whatever braces are in it."""
    return value.replace("{{", '{{="{{"}}')


def mentions(text: str) -> tuple[Tag, ...]:
    """Return the tags of ``text`` in order; of nested ones the outer part, then the inner tag.

    Raises:
        TagError: a tag is never closed.
    """
    if "{{" not in text:
        return ()
    return tuple(inner for _, tag in _parse(text).parts for inner in _flattened(tag))


def resolve_expression(expression: str, variables: Mapping[str, object], strict: Strictness) -> str | None:
    """Return the result of a tag's expression as text, or ``None`` when the tag stays as it is.

    Raises:
        UnresolvedVariable: it names a variable that is missing and that ``strict`` covers.
        ExpressionError: it cannot be read, or fails where all it names is there.
    Source: Argo expression_template.go, expressionReplaceStrict and expressionReplaceCore.
    """
    analysis = analyse(expression)
    env = environment(variables)
    missing = [name for name in analysis.required if not _has(env, name)]
    for name in missing:
        if strict.forbids(name):
            raise UnresolvedVariable(name, expression)
    lenient = bool(missing) or strict == LENIENT
    if lenient and not LATE_VARIABLES.isdisjoint(missing):
        return None
    try:
        result = run(expression, env)
        if result is not None:
            return to_text(result)
    except ExpressionError:
        if lenient or _has_placeholder(variables):
            return None
        raise
    if lenient or _has_placeholder(variables):
        return None
    message = "failed to evaluate expression: its value is nil"
    raise ExpressionError(message, expression, None, "run")


def _has_placeholder(variables: Mapping[str, object]) -> bool:
    return any(isinstance(each, str) and each.startswith(PLACEHOLDER_PREFIX) for each in variables.values())


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A text taken apart: what stands before each tag, and after the last."""

    parts: tuple[tuple[str, Tag], ...]
    rest: str
    nested: bool


def _parse(text: str) -> _Parsed:
    parts: list[tuple[str, Tag]] = []
    at, nested = 0, False
    while (start := text.find("{{", at)) >= 0:
        end = _closing(text, start)
        body = text[start + 2 : end]
        if body.startswith("="):
            tag = Tag("expression", body[1:], start, end + 2)
        else:
            nested = nested or "{{" in body
            tag = Tag("simple", body.strip(_BLANKS), start, end + 2)
        parts.append((text[at:start], tag))
        at = end + 2
    return _Parsed(tuple(parts), text[at:], nested)


_parse_cached = lru_cache(maxsize=4096)(_parse)


def _closing(text: str, start: int) -> int:
    end = text.find("}}", start + 2)
    if end < 0:
        message = "the tag is never closed: '}}' is missing"
        raise TagError(message, text, start, "parse")
    return end


def _flattened(tag: Tag) -> list[Tag]:
    outer, opening, inner = tag.content.rpartition("{{")
    if tag.kind != "simple" or not opening:
        return [tag]
    return [Tag("nested", outer, tag.start, tag.end), Tag("simple", inner, tag.start, tag.end)]


def _resolve(text: str, tag: Tag, scope: Scope, strict: Strictness) -> str:
    """Return what replaces ``tag``: its value, or the tag as it is written."""
    if tag.kind == "simple":
        value = scope.get(tag.content)
        if type(value) is str:
            return value
        if value is None:
            raise AbsentValue(tag.content)
        if strict.forbids_tag(tag.content):
            raise UnresolvedVariable(tag.content, text)
        return text[tag.start : tag.end]
    result = resolve_expression(tag.content, scope.variables(analyse(tag.content).roots), strict)
    return text[tag.start : tag.end] if result is None else result


class _Nested:
    """The substitution of a text that has tags inside tags, from left to right."""

    def __init__(self, text: str, scope: Scope, strict: Strictness) -> None:
        self.text = text
        self.scope = scope
        self.strict = strict
        self.at = 0

    def result(self) -> str:
        pieces: list[str] = []
        while (start := self.text.find("{{", self.at)) >= 0:
            pieces.append(self.text[self.at : start])
            end = _closing(self.text, start)
            self.at = end + 2
            body = self.text[start + 2 : end]
            inner = None if body.startswith("=") else self._inner(body)
            if inner is None:
                pieces.append(self._plain(body, start))
            else:
                pieces.append(self._outer(*inner))
        pieces.append(self.text[self.at :])
        return "".join(pieces)

    def _inner(self, body: str) -> tuple[str, str] | None:
        """Return the text before the innermost tag of ``body`` and that tag's value, if it has one."""
        if "{{" not in body or self.scope.get(body.strip(_BLANKS)) is not MISSING:
            return None
        outer, _, key = body.rpartition("{{")
        value = self.scope.get(key)
        if value is None:
            raise AbsentValue(key)
        return (outer, value) if isinstance(value, str) and outer else None

    def _outer(self, before: str, value: str) -> str:
        """Return what replaces the tag around ``value``, whose key goes on until the next ``}}``.

        Each level that closes is looked up; what has no value, or never closes, is written out.
        """
        while True:
            end = self.text.find("}}", self.at)
            after = self.text[self.at : end]
            if end < 0 or "{{" in after:
                return f"{{{{{before}{value}"
            outer, opening, start = before.rpartition("{{")
            key = f"{start if opening else before}{value}{after}"
            found = self.scope.get(key.strip(_BLANKS))
            if found is None:
                raise AbsentValue(key)
            if not isinstance(found, str):
                if self.strict.every:
                    raise UnresolvedVariable(key, self.text)
                self.at = end + 2
                return f"{{{{{before}{value}{after}}}}}"
            self.at = end + 2
            if not opening:
                return found
            before, value = outer, found

    def _plain(self, body: str, start: int) -> str:
        kind: Literal["simple", "expression"] = "expression" if body.startswith("=") else "simple"
        content = body[1:] if kind == "expression" else body.strip(_BLANKS)
        return _resolve(self.text, Tag(kind, content, start, self.at), self.scope, self.strict)


def _has(env: Environment, path: str) -> bool:
    """Return whether ``path`` (``steps.a.status``) is in ``env``; a nil leaf is.

    Source: Argo expression_template.go, hasVarInEnv.
    """
    current: object = env
    for part in path.split("."):
        if not isinstance(current, Mapping) or part not in current:
            return False
        current = current[part]
    return True
