"""Cron schedules: what they allow, and what happens where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_cases import Case, shared_cases

from pinnace.language.cron import parse_schedule
from pinnace.language.dates import Zone, load_zone
from pinnace.language.errors import ExpressionError

CRON_CASES = [case for case in shared_cases() if case["lang"] == "cron"]


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def ticks(schedule: str, after: str, count: int, timezone: str = "") -> list[str]:
    """Return the next ticks, in UTC."""
    parsed = parse_schedule(schedule, timezone)
    at: float | None = seconds(after)
    found: list[str] = []
    while len(found) < count and at is not None:
        at = parsed.next(at)
        found.append("" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-01-15 10:20:30", ["2026-01-15 10:21:00", "2026-01-15 10:22:00"]),
        ("0/15 * * * *", "2026-01-15 10:20:30", ["2026-01-15 10:30:00", "2026-01-15 10:45:00"]),
        ("5-7,59 10 * * ?", "2026-01-15 10:06:00", ["2026-01-15 10:07:00", "2026-01-15 10:59:00"]),
        ("0 0 1 jan *", "2026-01-15 00:00:00", ["2027-01-01 00:00:00", "2028-01-01 00:00:00"]),
        ("0 0 29 2 *", "2026-01-15 00:00:00", ["2028-02-29 00:00:00"]),
        ("0 0 31 * *", "2026-01-31 00:00:00", ["2026-03-31 00:00:00", "2026-05-31 00:00:00"]),
        ("0 12 * * Mon-FRI", "2026-01-16 12:00:00", ["2026-01-19 12:00:00"]),
        ("@weekly", "2026-01-15 00:00:00", ["2026-01-18 00:00:00", "2026-01-25 00:00:00"]),
        ("@hourly", "2026-12-31 23:00:00", ["2027-01-01 00:00:00"]),
        ("@every 1h30m", "2026-01-15 10:20:30", ["2026-01-15 11:50:30", "2026-01-15 13:20:30"]),
        ("@every 10ms", "2026-01-15 10:20:30", ["2026-01-15 10:20:31"]),
        ("0 0 30 Feb ?", "2026-01-15 00:00:00", [""]),
    ],
)
def test_a_schedule_ticks(schedule: str, after: str, expected: list[str]) -> None:
    assert ticks(schedule, after, len(expected)) == expected


def test_a_tick_is_later_than_the_instant_even_by_a_fraction_of_a_second() -> None:
    midnight = seconds("2026-01-15 00:00:00")
    schedule = parse_schedule("0 0 * * *")
    assert schedule.next(midnight - 0.5) == midnight
    assert schedule.next(midnight) == midnight + 86_400


def test_either_kind_of_day_counts_when_both_are_restricted() -> None:
    found = ticks("0 0 10 * 1", "2026-01-06 00:00:00", 3)
    assert found == ["2026-01-10 00:00:00", "2026-01-12 00:00:00", "2026-01-19 00:00:00"]


def test_both_kinds_of_day_count_when_one_is_open() -> None:
    assert ticks("0 0 * * 1", "2026-01-06 00:00:00", 1) == ["2026-01-12 00:00:00"]
    assert ticks("0 0 */2 * 1", "2026-01-06 00:00:00", 2) == ["2026-01-07 00:00:00", "2026-01-09 00:00:00"]


def test_a_tick_that_clocks_skip_does_not_happen() -> None:
    found = ticks("30 2 * * *", "2026-03-07 12:00:00", 2, "America/New_York")
    assert found == ["2026-03-09 06:30:00", "2026-03-10 06:30:00"]


def test_a_tick_in_an_hour_that_clocks_repeat_happens_twice() -> None:
    found = ticks("30 1 * * *", "2026-10-31 12:00:00", 3, "America/New_York")
    assert found == ["2026-11-01 05:30:00", "2026-11-01 06:30:00", "2026-11-02 06:30:00"]


def test_a_midnight_that_clocks_skip_does_not_stop_the_search() -> None:
    found = ticks("0 12 * * *", "2018-11-03 16:00:00", 2, "America/Sao_Paulo")
    assert found == ["2018-11-04 14:00:00", "2018-11-05 14:00:00"]


def test_the_zone_may_stand_in_the_schedule() -> None:
    inside = parse_schedule("TZ=Asia/Tokyo 0 9 * * *")
    beside = parse_schedule("0 9 * * *", "Asia/Tokyo")
    assert inside.next(0) == beside.next(0) == 86_400


def test_a_schedule_without_zone_ticks_by_the_local_one() -> None:
    assert parse_schedule("0 9 * * *", local=load_zone("Asia/Tokyo")).next(0) == 86_400
    assert parse_schedule("0 9 * * *").next(0) == 9 * 3600


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4"),
        ("0 0 * * * *", "expected exactly 5 fields, found 6"),
        ("60 * * * *", r"end of range \(60\) above maximum \(59\)"),
        ("* * 0 * *", r"beginning of range \(0\) below minimum \(1\)"),
        ("* * * * 7", r"end of range \(7\) above maximum \(6\)"),
        ("5-1 * * * *", "beyond end of range"),
        ("*/0 * * * *", "step of range should be a positive number"),
        ("1-2-3 * * * *", "too many hyphens"),
        ("1/2/3 * * * *", "too many slashes"),
        ("5 j * * *", "failed to parse int from j"),
        ("* * * january *", "failed to parse int from january"),
        ("@reboot", "unrecognized descriptor"),
        ("@every soon", "failed to parse duration"),
        ("TZ=Nowhere/Land * * * * *", "provided bad location Nowhere/Land"),
        ("TZ=UTC", "no schedule follows the time zone"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_with_the_reason(schedule: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason) as error:
        parse_schedule(schedule)
    assert error.value.stage == "parse"


@given(st.text(alphabet="0123456789*/-,? @TZ=janSUN", max_size=30), st.integers(0, 4_000_000_000))
def test_any_text_is_a_schedule_whose_ticks_lie_ahead_or_refused(text: str, after: int) -> None:
    try:
        tick = parse_schedule(text).next(after)
    except ExpressionError:
        return
    assert tick is None or after < tick


@pytest.mark.skipif(not CRON_CASES, reason="the shared cases are not beside this repository")
def test_the_ticks_are_those_of_the_shared_cases() -> None:
    wrong = [f"{case['id']} {case['expr']}" for case in CRON_CASES if answer(case) != wanted(case)]
    assert wrong == []


def answer(case: Case) -> list[int | None] | str:
    """Return the ticks of a case, or ``error``."""
    env = case["env"]
    start = datetime.fromisoformat(env["from"])
    assert start.tzinfo is not None
    local = load_zone(env["tz"]) if env["tz"] else Zone("", start.tzinfo)
    at: int | None = int(start.timestamp())
    found: list[int | None] = []
    try:
        schedule = parse_schedule(case["expr"], local=local)
    except ExpressionError:
        return "error"
    while len(found) < env["n"] and at is not None:
        at = schedule.next(at)
        found.append(at)
    return found


def wanted(case: Case) -> list[int | None] | str:
    """Return what a case wants, as ``answer`` gives it."""
    if case.get("error"):
        return "error"
    return [int(datetime.fromisoformat(text).timestamp()) if text else None for text in case["want"]]
