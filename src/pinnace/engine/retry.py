"""Whether, and when, a failed node is tried again: a decision, pure.

Source: Argo operator.go processNodeRetries, in its order: shutdown and deadline, maxDuration, wait, policy,
limit, expression.
"""

from __future__ import annotations

from msgspec import Struct

from pinnace.base.errors import ManifestError
from pinnace.base.quantities import parse_duration
from pinnace.engine.node import Phase
from pinnace.engine.run import Shutdown
from pinnace.engine.transient import is_transient
from pinnace.language.expressions import evaluate_bool
from pinnace.spec.policies import RetryStrategy

#: Go's longest duration; a backoff that grows beyond it stays there.
_LONGEST = 9223372036.0


class Attempt(Struct, frozen=True):
    """The last attempt, as the decision sees it."""

    phase: Phase
    message: str
    started_at: float
    finished_at: float
    exit_code: int | None


class TryAgain(Struct, frozen=True):
    """Start another attempt at ``at`` (Unix seconds), to be ended by ``deadline`` if there is one."""

    at: float
    deadline: float | None = None
    message: str = ""
    """What the node says while it waits."""


class GiveUp(Struct, frozen=True):
    """The node ends as its last attempt did."""

    message: str


def decide(
    strategy: RetryStrategy,
    attempts: int,
    last: Attempt,
    first_started_at: float,
    now: float,
    *,
    shutdown: Shutdown = Shutdown.NONE,
    workflow_deadline: float | None = None,
    transient_pattern: str = "",
) -> TryAgain | GiveUp:
    """Return what follows from a failed attempt.

    Args:
        strategy: its tags replaced.
        attempts: how many there were, the failed one included.
        last: the failed one.
        first_started_at: when attempt 0 began.
        now: the time.
        shutdown: how the run is being ended.
        workflow_deadline: when the run's time is over.
        transient_pattern: ``TRANSIENT_ERROR_PATTERN``.

    Raises:
        ManifestError: the strategy is wrong.
    """
    if shutdown is not Shutdown.NONE:
        return GiveUp(f"Stopped with strategy '{shutdown.value}'")
    if workflow_deadline is not None and now >= workflow_deadline:
        from pinnace.engine.times import rfc3339

        return GiveUp(f"retry exceeded workflow deadline {rfc3339(workflow_deadline)}")
    wait = _wait(strategy, attempts, last, first_started_at, now)
    if isinstance(wait, GiveUp):
        return wait
    if now < wait.at:
        return wait
    refusal = _refusal(strategy, attempts, last, transient_pattern)
    return GiveUp(refusal) if refusal is not None else wait


def _wait(
    strategy: RetryStrategy, attempts: int, last: Attempt, first_started_at: float, now: float
) -> TryAgain | GiveUp:
    backoff = strategy.backoff
    if backoff is None:
        return TryAgain(now)
    end = None
    if backoff.max_duration:
        end = first_started_at + parse_duration(backoff.max_duration)
        if now > end:
            return GiveUp("Max duration limit exceeded")
    if not backoff.duration:
        message = "no base duration specified for retryStrategy"
        raise ManifestError(message)
    seconds = _backoff_seconds(backoff.duration, backoff.factor, attempts)
    if backoff.cap:
        seconds = min(seconds, parse_duration(backoff.cap))
    due = last.finished_at + seconds
    if end is not None and due > end:
        return GiveUp("Backoff would exceed max duration limit")
    limit = integer(strategy.limit, "limit")
    if limit is None or attempts > limit:
        return TryAgain(now, end)
    return TryAgain(due, end, f"Backoff for {humanize(seconds)}")


def _backoff_seconds(duration: str, factor: str | None, attempts: int) -> float:
    seconds = parse_duration(duration)
    times = integer(factor, "backoff.factor")
    if times is None or times <= 0:
        return seconds
    try:
        return min(seconds * float(times) ** (attempts - 1), _LONGEST)
    except OverflowError:
        return _LONGEST


def _refusal(strategy: RetryStrategy, attempts: int, last: Attempt, transient_pattern: str) -> str | None:
    """Return why there is no further attempt, or None."""
    on_failed, on_error = _policy(strategy, last, transient_pattern)
    if (last.phase is Phase.FAILED and not on_failed) or (last.phase is Phase.ERROR and not on_error):
        return last.message
    limit = integer(strategy.limit, "limit")
    if limit is not None and attempts > limit:
        return "No more retries left"
    if strategy.expression and not evaluate_bool(strategy.expression, retry_variables(attempts, last)):
        return "retryStrategy.expression evaluated to false"
    return None


def policy_of(strategy: RetryStrategy) -> str:
    """Return the policy that is written or meant. Source: Argo api RetryPolicyActual."""
    return strategy.retry_policy or ("Always" if strategy.expression else "OnFailure")


def _policy(strategy: RetryStrategy, last: Attempt, pattern: str) -> tuple[bool, bool]:
    """Return whether Failed and whether Error is tried again."""
    policy = policy_of(strategy)
    if policy == "Always":
        return True, True
    if policy == "OnError":
        return False, True
    if policy == "OnFailure":
        return True, False
    if policy == "OnTransientError":
        again = is_transient(last.message, pattern)
        return again, again
    message = f"{policy} is not a valid RetryPolicy"
    raise ManifestError(message, remedy="Valid are Always, OnFailure, OnError and OnTransientError.")


def retry_variables(attempts: int, last: Attempt) -> dict[str, object]:
    """Return what ``retryStrategy.expression`` sees: texts only.

    Source: Argo operator.go buildRetryStrategyLocalScope.
    """
    return {
        "retries": str(attempts - 1),
        "lastRetry.exitCode": "-1" if last.exit_code is None else str(last.exit_code),
        "lastRetry.status": last.phase.value,
        "lastRetry.duration": go_seconds(last.finished_at - last.started_at),
        "lastRetry.message": last.message,
    }


def go_seconds(seconds: float) -> str:
    """Return seconds as Go prints them; node times are whole seconds in Argo, so this is as well."""
    return str(max(0, int(seconds)))


def integer(text: str | None, name: str) -> int | None:
    """Return the whole number in a field that may hold a tag, None when it is not given.

    Raises:
        ManifestError: it is not a whole number.
    """
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        message = f"retryStrategy.{name} is {text!r}, not a whole number"
        raise ManifestError(message) from None


def humanize(seconds: float) -> str:
    """Return a duration in words: ``1 minute 5 seconds``. Source: argoproj/pkg humanize.Duration."""
    rest = int(seconds)
    parts = []
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"
