"""Retry strategies: they can be read, and they can fire.

Source: Argo operator.go, processNodeRetries; workflow_types.go, RetryPolicyActual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from math import prod

from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_duration
from pinnace.checks.bodies import check_duration
from pinnace.checks.context import Context
from pinnace.language.errors import ExpressionError
from pinnace.language.expressions import analyse, evaluate_bool
from pinnace.spec.policies import Backoff, RetryStrategy
from pinnace.spec.problems import Path, did_you_mean
from pinnace.spec.templates import Template

_POLICIES = ("Always", "OnFailure", "OnError", "OnTransientError")
_OF_ATTEMPT = {
    "retries": "0",
    "lastRetry.exitCode": "0",
    "lastRetry.status": "",
    "lastRetry.duration": "0",
    "lastRetry.message": "",
}
#: What an attempt that a policy lets through ended with.
_STATUSES = {"OnFailure": ("Failed",), "OnError": ("Error",)}
#: In an expression: a number that an exit code may be compared with.
_NUMBER = re.compile(r"\b\d{1,6}\b")
#: What is called in an expression, or repeats; what of that is quick.
_CALLED = re.compile(r"\w+(?=\s*\()|[#{]|\.\.")
_SIMPLE = frozenset({"asInt", "asFloat", "int", "float", "string", "not", "and", "or", "in"})
_LONGEST_TRIED = 500
_MOST_TRIALS = 1_000
_HTTP_ROOTS = frozenset({"request", "response"})


def check_retries(context: Context) -> None:
    """Report retry strategies and success conditions that fail, or never act, in the run."""
    shared = context.spec.retry_strategy
    if shared is not None:
        _check_strategy(context, shared, ("spec", "retryStrategy"))
    if context.merged:
        return
    for site in context.sites():
        template, path = site
        _check_success_condition(context, template, path)
        if template.retry_strategy is not None:
            place = (*path, "retryStrategy")
            _check_strategy(context, template.retry_strategy, place)
            _check_fires(context, template, template.retry_strategy, place)


def _check_strategy(context: Context, strategy: RetryStrategy, path: Path) -> None:
    findings = context.findings
    policy, limit = strategy.retry_policy, strategy.limit
    if policy and policy not in _POLICIES and "{{" not in policy:
        message = f"{policy} is not a valid RetryPolicy"
        hint = did_you_mean(policy, _POLICIES) or f"one of {', '.join(_POLICIES)}"
        findings.error("invalid-value", message, (*path, "retryPolicy"), hint)
    if limit is not None and "{{" not in limit and not limit.lstrip("+-").isdecimal():
        findings.error("invalid-value", f"limit {limit!r} is not an integer", (*path, "limit"))
    elif limit is not None and (limit.startswith("-") or not limit.strip("+0")):
        findings.warn("retry-never-fires", f"a limit of {limit} means no retry", (*path, "limit"))
    if strategy.expression and "{{" not in strategy.expression:
        _check_expression(context, strategy, (*path, "expression"))
    backoff = strategy.backoff
    if backoff is None:
        if limit is None and not strategy.expression:
            message = "without a limit, an expression or a backoff it retries at once and for ever"
            findings.warn("endless-retry", message, path, "give a limit")
        return
    if not backoff.duration:
        message = "no base duration specified for retryStrategy"
        findings.error("missing-field", message, (*path, "backoff"), "give backoff.duration")
    for name, text in (
        ("duration", backoff.duration),
        ("maxDuration", backoff.max_duration),
        ("cap", backoff.cap),
    ):
        check_duration(context, text, (*path, "backoff", name))
    factor = backoff.factor
    if factor is not None and "{{" not in factor and not factor.lstrip("+-").isdecimal():
        findings.error("invalid-value", f"factor {factor!r} is not an integer", (*path, "backoff", "factor"))
    if _is_first_wait_too_long(backoff):
        message = f"{backoff.duration}, the first wait, is longer than maxDuration: nothing is tried again"
        findings.warn("retry-never-fires", message, (*path, "backoff", "maxDuration"))
    if limit is None:
        message = "without a limit the backoff never waits: every retry starts at once"
        findings.warn("backoff-never-waits", message, (*path, "backoff"), "give a limit")


def _is_first_wait_too_long(backoff: Backoff) -> bool:
    if not backoff.max_duration:
        return False
    try:
        return parse_duration(backoff.duration) > parse_duration(backoff.max_duration)
    except ManifestError:
        return False  # told before, or a tag


def _check_expression(context: Context, strategy: RetryStrategy, path: Path) -> None:
    """Report an expression that cannot be evaluated, or is never true; all its variables are texts.

    What fails only on some values of them, as on those of this trial, is a warning.
    """
    expression = strategy.expression
    hint = "retries and lastRetry.* are texts: use asInt(…)"
    try:
        evaluate_bool(expression, _OF_ATTEMPT)
    except ExpressionError as error:
        record = context.findings.warn if error.stage == "run" else context.findings.error
        record("invalid-expression", error.message, path, hint)
        return
    if not _may_be_true(expression, _STATUSES.get(strategy.retry_policy, ("Failed", "Error"))):
        message = "however an attempt ends, this is false: nothing is tried again"
        hint += "; lastRetry.status is Failed or Error"
        context.findings.warn("retry-never-fires", message, path, hint)


def _may_be_true(expression: str, statuses: Sequence[str]) -> bool:
    """Return whether an expression is true of some attempt, tried with the numbers that stand in it.

    Nothing can be said about one that looks at the message of an attempt, or at something else; long ones and
    those that call other functions are not tried, since each trial may take its time.
    """
    if len(expression) > _LONGEST_TRIED or not _SIMPLE.issuperset(_CALLED.findall(expression)):
        return True
    near = {int(text) + step for text in _NUMBER.findall(expression) for step in (-1, 0, 1)}
    numbers = [str(number) for number in sorted({0, 1, 2, 137, *near})]
    tried: dict[str, Sequence[str]] = {
        "retries": numbers,
        "lastRetry.exitCode": ["-1", *numbers],
        "lastRetry.status": statuses,
        "lastRetry.duration": numbers,
    }
    asked = [key for key in analyse(expression).required if key != "lastRetry"]
    if not tried.keys() >= set(asked) or prod(len(tried[key]) for key in asked) > _MOST_TRIALS:
        return True
    try:
        return any(
            evaluate_bool(expression, {**_OF_ATTEMPT, **dict(zip(asked, values, strict=True))})
            for values in product(*(tried[key] for key in asked))
        )
    except ExpressionError:
        return True  # on some values it cannot be evaluated, and then nobody knows


def _check_fires(context: Context, template: Template, strategy: RetryStrategy, path: Path) -> None:
    """Warn about a strategy that does not retry what its author surely wants retried."""
    policy = strategy.retry_policy
    place = (*path, "retryPolicy") if policy else path
    if template.suspend is not None:
        message = "a suspend template does not fail by itself: there is nothing to retry"
        context.findings.warn("retry-never-fires", message, path)
    if template.steps is not None and policy in {"OnError", "OnTransientError"}:
        message = f"{policy} never retries a steps template: it ends as Failed with no transient message"
        context.findings.warn("retry-never-fires", message, place, "use OnFailure or Always")
    if template.http is not None and template.http.success_condition and policy == "OnTransientError":
        message = (
            "OnTransientError looks only at the node's message: a response that successCondition rejects,"
            " such as a 503, is not retried"
        )
        hint = "use retryPolicy: Always, with an expression if not every failure is worth it"
        context.findings.warn("transient-ignores-condition", message, place, hint)


def _check_success_condition(context: Context, template: Template, path: Path) -> None:
    condition = template.http.success_condition if template.http is not None else ""
    if not condition or "{{" in condition:
        return
    place = (*path, "http", "successCondition")
    try:
        roots = analyse(condition).roots
    except ExpressionError as error:
        context.findings.error("invalid-expression", error.message, place)
        return
    for root in sorted(roots - _HTTP_ROOTS):
        message = f"successCondition knows request and response, not '{root}'"
        context.findings.error("invalid-expression", message, place, did_you_mean(root, _HTTP_ROOTS))
