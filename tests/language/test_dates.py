"""Times, durations and layouts as Go has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinnace.language import date_layouts
from pinnace.language.dates import SECOND, UTC_ZONE, Duration, Time, load_zone, parse_duration, parse_time
from pinnace.language.expressions import evaluate
from pinnace.language.values import Failure

INSTANTS = st.integers(-(10**10) * SECOND, 10**11 * SECOND)


@given(INSTANTS)
def test_a_time_written_in_full_is_read_as_the_same_instant(instant: int) -> None:
    time = Time(instant, UTC_ZONE)
    assert parse_time(date_layouts.RFC3339_NANO, time.format(date_layouts.RFC3339_NANO)) == time


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_duration_is_read_as_it_is_written(nanoseconds: int) -> None:
    assert parse_duration(str(Duration(nanoseconds))) == Duration(nanoseconds)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5µs"),
        (2 * 10**6, "2ms"),
        (90 * SECOND, "1m30s"),
        (-3600 * SECOND, "-1h0m0s"),
    ],
)
def test_a_duration_is_written_as_go_writes_it(nanoseconds: int, text: str) -> None:
    assert str(Duration(nanoseconds)) == text


@pytest.mark.parametrize("text", ["", "1", "1x", "h", "1h-1m", ".s", "300y", "99999999h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Failure, match="invalid duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("layout", "text", "instant"),
    [
        ("2006-01-02", "2024-02-29", 1709164800),
        ("02/Jan/2006:15:04:05 -0700", "01/Mar/2024:01:00:00 +0100", 1709251200),
        ("Monday, January 2, 2006 3:04PM", "Friday, March 1, 2024 12:00AM", 1709251200),
        ("2006-01-02T15:04:05Z07:00", "2024-03-01T00:00:00Z", 1709251200),
        ("06 002", "24 061", 1709251200),
        ("_2 Jan 2006", " 1 Mar 2024", 1709251200),
    ],
)
def test_a_layout_reads_a_time(layout: str, text: str, instant: int) -> None:
    assert parse_time(layout, text).instant == instant * SECOND


@pytest.mark.parametrize("text", ["2023-02-29", "2024-13-01", "2024-1-01", "2024-01-01x", "", "2024-00-10"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Failure):
        parse_time("2006-01-02", text)


def test_a_time_is_shown_in_a_zone_with_its_name_and_offset() -> None:
    time = Time(1709251200 * SECOND, load_zone("Europe/Zurich"))
    assert str(time) == "2024-03-01 01:00:00 +0100 CET"
    assert time.format("Jan _2 3:04PM -07") == "Mar  1 1:00AM +01"


def test_a_text_without_a_year_is_in_the_year_zero() -> None:
    assert str(parse_time("15:04", "12:30")) == "0000-01-01 12:30:00 +0000 UTC"


@pytest.mark.parametrize("name", ["Nope/Zone", "../../etc/passwd", "/etc/passwd", "Europe/../../x"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(Failure, match="unknown time zone"):
        load_zone(name)


def test_calendar_units_run_over_into_the_next_month() -> None:
    assert evaluate('date("2024-01-31").AddDate(0, 1, 0).Format("2006-01-02")', {}) == "2024-03-02"


def test_now_lies_after_the_past() -> None:
    assert evaluate('now() > date("2024-01-01") && now().UTC().Location().String() == "UTC"', {}) is True


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("Year()", 2024), ("Month().String()", "May"), ("Day()", 6), ("Hour()", 7), ("Minute()", 8),
        ("Second()", 9),
        ("Nanosecond()", 5 * 10**8), ("YearDay()", 127), ("Unix()", 1714979289),
        ("UnixMilli()", 1714979289500),
        ("UnixMicro()", 1714979289500000), ("UnixNano()", 1714979289500000000), ("IsZero()", False),
        ("Truncate(duration('1h')).Minute()", 0), ("Round(duration('1h')).Hour()", 7),
        ("Before(now()) && !now().Before(t)", True), ("After(t)", False), ("Equal(t)", True),
        ("Compare(t)", 0),
        ("Sub(t).String()", "0s"), ("Add(duration('1m')).Minute()", 9), ("Local().Hour()", 7),
        ("String()", "2024-05-06 07:08:09.5 +0000 UTC"),
    ],
)  # fmt: skip
def test_a_method_of_a_time_returns(call: str, value: object) -> None:
    written = "2024-05-06T07:08:09.5Z"
    assert evaluate(f"t.{call}", {"t": parse_time(date_layouts.RFC3339, written)}) == value


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("Hours()", -1.5), ("Minutes()", -90.0), ("Seconds()", -5400.0), ("Milliseconds()", -5400000),
        ("Microseconds()", -5400000000), ("Nanoseconds()", -5400000000000), ("Abs().String()", "1h30m0s"),
        ("Truncate(duration('1h')).String()", "-1h0m0s"), ("Round(duration('1h')).String()", "-2h0m0s"),
    ],
)  # fmt: skip
def test_a_method_of_a_duration_returns(call: str, value: object) -> None:
    assert evaluate(f"d.{call}", {"d": parse_duration("-1h30m")}) == value


@pytest.mark.parametrize(
    ("written", "zone", "shown"),
    [
        ("2026-10-25 01:30:00", "Europe/London", "2026-10-25 01:30:00 +0000 GMT"),
        ("2026-03-29 01:30:00", "Europe/London", "2026-03-29 02:30:00 +0100 BST"),
        ("2026-11-01 01:30:00", "America/New_York", "2026-11-01 01:30:00 -0400 EDT"),
        ("2026-03-08 02:30:00", "America/New_York", "2026-03-08 01:30:00 -0500 EST"),
    ],
)
def test_a_time_that_clocks_show_twice_or_never_is_the_one_that_go_takes(
    written: str, zone: str, shown: str
) -> None:
    assert str(parse_time("2006-01-02 15:04:05", written, load_zone(zone))) == shown
