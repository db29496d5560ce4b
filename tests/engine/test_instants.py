"""Instants as texts, by arithmetic that agrees with the standard library's."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pinnace.engine.times import civil, creation_variables, rfc3339

instants = st.floats(-62_135_596_800, 253_402_300_799, allow_nan=False)


@given(instants)
def test_the_calendar_is_the_standard_library_s(seconds: float) -> None:
    expected = datetime.fromtimestamp(seconds // 1, UTC)
    assert civil(seconds) == expected.timetuple()[:6]
    assert rfc3339(seconds) == expected.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


@given(st.floats(0, 4_102_444_800, allow_nan=False))
def test_the_parts_of_the_creation_time_are_strftime_s(seconds: float) -> None:
    found = creation_variables(seconds)
    expected = datetime.fromtimestamp(seconds // 1, UTC)
    for letter in "BbmAadHIMSYypz":
        assert found[f"workflow.creationTimestamp.{letter}"] == expected.strftime(f"%{letter}")
    assert found["workflow.creationTimestamp.s"] == str(int(seconds))
