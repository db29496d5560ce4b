"""Times and durations as people read them. Source: Argo util/humanize, go-humanize times.go."""

from __future__ import annotations

from datetime import UTC, datetime

#: Below so many seconds, count in units of so many, under this name.
_STEPS = (
    (60, 1, "second"),
    (3600, 60, "minute"),
    (86_400, 3600, "hour"),
    (7 * 86_400, 86_400, "day"),
    (30 * 86_400, 7 * 86_400, "week"),
    (365 * 86_400, 30 * 86_400, "month"),
    (float("inf"), 365 * 86_400, "year"),
)


def parse_time(text: str | None) -> float | None:
    """Return the Unix seconds of an RFC 3339 time; None of None or the empty text."""
    return datetime.fromisoformat(text).timestamp() if text else None


def short_duration(seconds: float) -> str:
    """Return a duration in one unit: ``0s``, ``12s``, ``3m``, ``2h``, ``5d``."""
    count, unit = _in_one_unit(seconds, most="day")
    return f"{count}{unit[0]}"


def long_duration(seconds: float) -> str:
    """Return a duration in up to two units: ``1 minute 5 seconds``."""
    whole = int(seconds)
    first = _counted(*_in_one_unit(whole))
    if whole < 60:
        return first
    if whole < 3600:
        return f"{first} {whole % 60} seconds"
    if whole < 86_400:
        return f"{first} {whole // 60 % 60} minutes"
    return f"{first} {whole // 3600 % 24} hours"


def precise_duration(seconds: float) -> str:
    """Return a duration for a tree that is looked at while it grows: ``0.4s``, ``12s``, ``3m05s``."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole // 60 % 60:02d}m"


def timestamp(at: float, now: float) -> str:
    """Return a local time and how long ago it was: ``Mon Nov 23 09:05:03 +0000 (3 minutes ago)``."""
    local = datetime.fromtimestamp(at, UTC).astimezone()
    return f"{local:%a %b %d %H:%M:%S %z} ({_relative(now - at)})"


def _relative(seconds: float) -> str:
    if abs(seconds) < 1:
        return "now"
    ending = "ago" if seconds > 0 else "from now"
    return f"{_counted(*_in_one_unit(abs(seconds)))} {ending}"


def _in_one_unit(seconds: float, most: str = "year") -> tuple[int, str]:
    for below, each, unit in _STEPS:
        if seconds < below or unit == most:
            return int(max(0.0, seconds) // each), unit
    raise AssertionError  # the last step is without bound


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
