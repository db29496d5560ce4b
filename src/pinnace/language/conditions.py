"""Conditions: ``when`` of a step or task, and ``when`` of a CronWorkflow.

Called by the engine after tags were substituted; what is left is a text in the language of ``govaluate``.
Source: Argo workflow/controller/steps.go, shouldExecute; workflow/cron/operator.go, shouldExecute.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from pinnace.language import govaluate
from pinnace.language.errors import ExpressionError, shown
from pinnace.language.goformat import format_value
from pinnace.language.govaluate import Token
from pinnace.language.govaluate_operators import Term
from pinnace.language.tags import LENIENT, Scope, Strictness, Tag, substitute
from pinnace.language.values import Failure

_QUOTES = "'\""


def evaluate_when(text: str) -> bool:
    """Return whether a step or task with this condition runs; without a condition it does.

    A bare word means itself as a string: ``heads == heads`` is true.

    Raises:
        ExpressionError: the condition cannot be read or evaluated, or is no condition.
    """
    if not text:
        return True
    try:
        result = govaluate.evaluate(_when(text), {})
    except Failure as failure:
        message = f"Failed to evaluate 'when' expression '{shown(text)}': {failure.message}"
        raise ExpressionError(message, stage="run") from None
    return _boolean(text, result)


def substitute_when(text: str, scope: Scope, *, strict: Strictness = LENIENT) -> str:
    """Return a condition with its tags replaced; a value put between quotes stays between them.

    An expression with quotes of its own is the author's: its value is inserted as it is.

    Differs from Argo: there a quote in the value ends the string. A tag outside quotes is a part of the
    condition, as in Argo, where a whole condition may come as a parameter.

    Raises:
        TagError, UnresolvedVariable, AbsentValue, ExpressionError: as ``tags.substitute``.
    """
    return substitute(text, scope, strict=strict, insertion=_Literals()) if "{{" in text else text


class _Literals:
    """Keeps values inside the string literals in which their tags stand."""

    def __init__(self) -> None:
        self._closers = ""

    def __call__(self, before: str, tag: Tag, value: str) -> str:
        """Return ``value`` so that no quote in it ends the literal that is open after ``before``.

        An expression that writes quotes itself is meant to: ``"x" in ("{{= list | join('","') }}")``.
        """
        self._follow(before)
        writes_quotes = tag.kind == "expression" and any(quote in tag.content for quote in _QUOTES)
        if self._closers != _QUOTES or writes_quotes:
            return value
        pieces: list[str] = []
        is_kept = False
        for character in value:
            if character in _QUOTES and not is_kept:
                pieces.append("\\")
            is_kept = character == "\\" and not is_kept
            pieces.append(character)
        return "".join(pieces) + ("\\" if is_kept else "")

    def _follow(self, before: str) -> None:
        """Find out which literal is open; a quote of either kind ends one, as in govaluate."""
        is_kept = False
        for character in before:
            if is_kept or character == "\\":
                is_kept = not is_kept
            elif self._closers:
                self._closers = "" if character in self._closers else self._closers
            elif character in _QUOTES:
                self._closers = _QUOTES
            elif character == "[":
                self._closers = "]"


def evaluate_cron_when(text: str) -> bool:
    """Return whether a CronWorkflow with this condition runs; a bare word is an error here.

    Raises:
        ExpressionError: the condition cannot be read or evaluated, or is no condition.
    """
    return _boolean(text, evaluate_condition(text, {})) if text else True


def evaluate_condition(text: str, parameters: Mapping[str, object]) -> object:
    """Return the value of ``text`` where words mean ``parameters``.

    Raises:
        ExpressionError: it cannot be read, or a parameter is missing or does not fit its operator.
    """
    stage: Literal["parse", "run"] = "parse"
    try:
        term = _raw(text)
        stage = "run"
        return govaluate.evaluate(term, parameters)
    except Failure as failure:
        raise ExpressionError(failure.message, text, None, stage) from None


def _boolean(text: str, result: object) -> bool:
    if isinstance(result, bool):
        return result
    message = f"Expected boolean evaluation for '{shown(text)}'. Got {shown(format_value(result))}"
    raise ExpressionError(message, stage="run")


@lru_cache(maxsize=2048)
def _raw(text: str) -> Term:
    return govaluate.plan(govaluate.tokenize(text))


@lru_cache(maxsize=2048)
def _when(text: str) -> Term:
    """Return the computation of a step's condition, in which every word is a string.

    Raises:
        ExpressionError: it cannot be read, which the text of the error says as Argo does.
    """
    try:
        tokens = govaluate.tokenize(text)
        # Argo plans the condition before it turns words into strings, so both forms must be right.
        govaluate.plan(tokens)
    except Failure as failure:
        message = f"Invalid 'when' expression '{shown(text)}': {failure.message}"
        if "Invalid token" in message:
            message += ' (hint: try wrapping the affected expression in quotes ("))'
        raise ExpressionError(message, stage="parse") from None
    words = [Token("STRING", token.value) if token.kind == "VARIABLE" else token for token in tokens]
    try:
        govaluate.check_order(words)
        return govaluate.plan(words)
    except Failure as failure:
        message = f"Failed to parse 'when' expression '{shown(text)}': {failure.message}"
        raise ExpressionError(message, stage="parse") from None
