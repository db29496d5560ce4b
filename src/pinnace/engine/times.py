"""Instants as texts: Unix seconds in, RFC 3339 out, by arithmetic alone."""

from __future__ import annotations

_DAY = 86_400


def civil(seconds: float) -> tuple[int, int, int, int, int, int]:
    """Return year, month, day, hour, minute, second (UTC) of Unix ``seconds``.

    Source: the proleptic Gregorian calendar counted from 0000-03-01, eras of 400 years.
    """
    days, rest = divmod(int(seconds // 1), _DAY)
    days += 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day, rest // 3600, rest % 3600 // 60, rest % 60


def rfc3339(seconds: float) -> str:
    """Return Unix ``seconds`` as ``2026-11-22T23:00:00Z``, whole seconds as Kubernetes writes them."""
    year, month, day, hour, minute, second = civil(seconds)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def creation_variables(seconds: float) -> dict[str, str]:
    """Return ``workflow.creationTimestamp`` and its parts, one a strftime letter.

    Source: Argo util/strftime and operator.go setGlobalParameters.
    """
    year, month, day, hour, minute, second = civil(seconds)
    weekday = (int(seconds // _DAY) + 3) % 7
    parts = {
        "B": _MONTHS[month - 1],
        "b": _MONTHS[month - 1][:3],
        "m": f"{month:02d}",
        "A": _DAYS[weekday],
        "a": _DAYS[weekday][:3],
        "d": f"{day:02d}",
        "H": f"{hour:02d}",
        "I": f"{(hour + 11) % 12 + 1:02d}",
        "M": f"{minute:02d}",
        "S": f"{second:02d}",
        "Y": f"{year:04d}",
        "y": f"{year % 100:02d}",
        "p": "AM" if hour < 12 else "PM",
        "Z": "UTC",
        "z": "+0000",
        "L": ".000",  # Kubernetes' times have whole seconds
        "s": str(int(seconds)),
        "RFC3339": rfc3339(seconds),
    }
    found = {f"workflow.creationTimestamp.{letter}": value for letter, value in parts.items()}
    found["workflow.creationTimestamp"] = rfc3339(seconds)
    return found
