"""What follows from a failed attempt: Argo's rules, in Argo's order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.base.errors import ManifestError
from pinnace.engine.node import Phase
from pinnace.engine.retry import Attempt, GiveUp, TryAgain, decide, go_seconds, humanize, retry_variables
from pinnace.engine.run import Shutdown
from pinnace.spec.policies import Backoff, RetryStrategy

NOW = 1000.0
FAILED = Attempt(Phase.FAILED, "main: Error (exit code 1)", 990.0, NOW, 1)
ERROR = Attempt(Phase.ERROR, "pod deleted", 990.0, NOW, None)


def backoff(duration: str = "10s", **fields: Any) -> Backoff:
    return Backoff(duration=duration, **fields)


def test_without_anything_it_is_tried_again_at_once_for_ever() -> None:
    assert decide(RetryStrategy(), 1_000_000, FAILED, 0.0, NOW) == TryAgain(NOW)


@pytest.mark.parametrize(
    ("policy", "on_failed", "on_error"),
    [("", True, False), ("OnFailure", True, False), ("OnError", False, True), ("Always", True, True)],
)
def test_a_policy_is_about_the_phase(policy: str, on_failed: bool, on_error: bool) -> None:
    strategy = RetryStrategy(limit="5", retry_policy=policy)
    for last, again in ((FAILED, on_failed), (ERROR, on_error)):
        expected = TryAgain(NOW) if again else GiveUp(last.message)
        assert decide(strategy, 1, last, 0.0, NOW) == expected


def test_on_transient_error_looks_only_at_the_message() -> None:
    strategy = RetryStrategy(limit="5", retry_policy="OnTransientError")
    reset = Attempt(Phase.FAILED, "read tcp: connection reset by peer", 990.0, NOW, None)
    refused = Attempt(Phase.FAILED, "received non-2xx response code: 503", 990.0, NOW, None)
    assert decide(strategy, 1, reset, 0.0, NOW) == TryAgain(NOW)
    assert decide(strategy, 1, refused, 0.0, NOW) == GiveUp(refused.message)
    assert decide(strategy, 1, refused, 0.0, NOW, transient_pattern="code: 5..$") == TryAgain(NOW)


@pytest.mark.parametrize(("limit", "attempts", "again"), [("0", 1, False), ("2", 2, True), ("2", 3, False)])
def test_the_limit_counts_what_comes_after_the_first(limit: str, attempts: int, again: bool) -> None:
    expected = TryAgain(NOW) if again else GiveUp("No more retries left")
    assert decide(RetryStrategy(limit=limit), attempts, FAILED, 0.0, NOW) == expected


@pytest.mark.parametrize(
    ("fields", "attempts", "seconds"),
    [
        ({}, 1, 10),
        ({}, 4, 10),
        ({"factor": "2"}, 1, 10),
        ({"factor": "2"}, 4, 80),
        ({"factor": "0"}, 4, 10),
        ({"factor": "3", "cap": "1m"}, 3, 60),
        ({"cap": "5s"}, 1, 5),
        ({"factor": "10"}, 400, 9223372036),
    ],
)
def test_the_wait_grows_by_the_factor_up_to_the_cap(
    fields: dict[str, str], attempts: int, seconds: float
) -> None:
    strategy = RetryStrategy(limit="1000", backoff=backoff(**fields))
    waits = TryAgain(NOW + seconds, None, f"Backoff for {humanize(seconds)}")
    assert decide(strategy, attempts, FAILED, 0.0, NOW) == waits
    due = decide(strategy, attempts, FAILED, 0.0, NOW + seconds)
    assert isinstance(due, TryAgain)
    assert due.at <= NOW + seconds


def test_a_wait_comes_before_the_policy_and_the_expression() -> None:
    strategy = RetryStrategy(limit="5", retry_policy="OnError", expression="false", backoff=backoff())
    assert isinstance(decide(strategy, 1, FAILED, 0.0, NOW), TryAgain)
    assert decide(strategy, 1, FAILED, 0.0, NOW + 10) == GiveUp(FAILED.message)


def test_max_duration_counts_from_the_first_start_and_limits_the_next_attempt() -> None:
    strategy = RetryStrategy(limit="5", backoff=backoff(max_duration="1m"))
    assert decide(strategy, 1, FAILED, 990.0, NOW) == TryAgain(1010.0, 1050.0, "Backoff for 10 seconds")
    assert decide(strategy, 1, FAILED, 949.0, NOW) == GiveUp("Backoff would exceed max duration limit")
    assert decide(strategy, 1, FAILED, 939.0, NOW) == GiveUp("Max duration limit exceeded")


def test_a_shutdown_or_the_workflow_s_deadline_comes_first() -> None:
    strategy = RetryStrategy(limit="5", backoff=Backoff())
    stopped = decide(strategy, 1, FAILED, 0.0, NOW, shutdown=Shutdown.TERMINATE)
    assert stopped == GiveUp("Stopped with strategy 'Terminate'")
    over = decide(strategy, 1, FAILED, 0.0, NOW, workflow_deadline=999.0)
    assert over == GiveUp("retry exceeded workflow deadline 1970-01-01T00:16:39Z")


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        (RetryStrategy(limit="many"), "limit is 'many', not a whole number"),
        (RetryStrategy(limit="1", backoff=Backoff()), "no base duration"),
        (RetryStrategy(limit="1", retry_policy="Never"), "Never is not a valid RetryPolicy"),
        (RetryStrategy(limit="1", backoff=backoff(factor="1.5")), "factor is '1.5'"),
    ],
)
def test_a_strategy_that_is_wrong_says_what(strategy: RetryStrategy, text: str) -> None:
    with pytest.raises(ManifestError, match=text):
        decide(strategy, 1, FAILED, 0.0, NOW)


def test_an_expression_sees_texts_and_makes_the_policy_always() -> None:
    assert retry_variables(3, ERROR) == {
        "retries": "2",
        "lastRetry.exitCode": "-1",
        "lastRetry.status": "Error",
        "lastRetry.duration": "10",
        "lastRetry.message": "pod deleted",
    }
    strategy = RetryStrategy(limit="5", expression="asInt(lastRetry.exitCode) < 0 && retries == '2'")
    assert decide(strategy, 3, ERROR, 0.0, NOW) == TryAgain(NOW)
    no = GiveUp("retryStrategy.expression evaluated to false")
    assert decide(strategy, 2, ERROR, 0.0, NOW) == no


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (3600, "1 hour"),
        (90_061, "1 day 1 hour"),
    ],
)
def test_a_wait_is_told_in_words(seconds: float, text: str) -> None:
    assert humanize(seconds) == text


@given(st.floats(-10, 1e6))
def test_durations_are_whole_and_never_negative(seconds: float) -> None:
    assert go_seconds(seconds) == str(max(0, int(seconds)))


@given(
    st.integers(1, 50),
    st.integers(0, 60),
    st.sampled_from(["", "2", "3"]),
    st.sampled_from(["", "20s"]),
    st.sampled_from(["", "1h"]),
)
def test_who_waits_until_told_is_not_told_to_wait_again(
    attempts: int, limit: int, factor: str, cap: str, longest: str
) -> None:
    strategy = RetryStrategy(
        limit=str(limit), backoff=backoff(factor=factor or None, cap=cap, max_duration=longest)
    )
    first = decide(strategy, attempts, FAILED, 990.0, NOW)
    if isinstance(first, TryAgain) and first.at > NOW:
        second = decide(strategy, attempts, FAILED, 990.0, first.at)
        assert isinstance(second, GiveUp) or second.at <= first.at
