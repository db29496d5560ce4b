"""Durations as Argo and Go write them, in seconds, and amounts as Kubernetes writes them.

Used wherever a manifest holds a duration (backoff, timeout, suspend, memoize, time to live) or asks for
resources.
"""

from __future__ import annotations

import re
from fractions import Fraction

from pinnace.base.errors import ManifestError

#: Seconds in each of Go's units.
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
#: Go durations are 64-bit nanoseconds.
_LONGEST = 9223372036.854775807


def parse_go_duration(text: str) -> float:
    """Return the seconds that a Go duration means: ``1h30m``, ``-1.5s``, ``0``.

    Raises:
        ManifestError: ``text`` has no unit, an unknown unit, or exceeds 292 years.
    Source: Go ``time.ParseDuration``.
    """
    body = text[1:] if text[:1] in {"-", "+"} else text
    if body == "0":
        return 0.0
    total, at = 0.0, 0
    while at < len(body):
        match = _TERM.match(body, at)
        if match is None or not (match[1] or match[2]):
            break
        total += float(f"{match[1] or 0}.{match[2] or 0}") * _UNITS[match[3]]
        at = match.end()
    if not body or at < len(body) or total > _LONGEST:
        message = f"{text!r} is not a duration"
        raise ManifestError(
            message, remedy="Write a number with a unit: 90s, 5m, 1h30m (units ns us ms s m h)."
        )
    return -total if text.startswith("-") else total


def parse_duration(text: str) -> float:
    """Return the seconds that a duration field means: a plain integer is seconds, else a Go duration.

    Raises:
        ManifestError: ``text`` is neither.
    Source: Argo v1alpha1.ParseStringToDuration.
    """
    if re.fullmatch(r"[-+]?[0-9]{1,19}", text) and abs(int(text)) <= _LONGEST:
        return float(int(text))
    return parse_go_duration(text)


def format_duration(seconds: float) -> str:
    """Return ``seconds`` as Argo prints a duration to people: ``1 minute 5 seconds`` is ``1m5s`` here."""
    whole = round(abs(seconds), 3)
    if whole < 1:
        return f"{round(whole * 1000)}ms" if whole else "0s"
    if whole < 60:
        return f"{whole:.1f}s" if whole < 10 and whole != int(whole) else f"{round(whole)}s"
    minutes, rest = divmod(round(whole), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return "".join(f"{count}{unit}" for count, unit in parts[first : first + 2] if count)


#: What the suffixes of an amount multiply it with.
_SUFFIXES = {
    **{suffix: Fraction(10) ** power for suffix, power in (("n", -9), ("u", -6), ("m", -3), ("", 0))},
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{
        suffix: Fraction(1024) ** power
        for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
    },
}
#: Python reads no whole number of more than 4,300 digits; nobody means one of these.
_LONGEST_AMOUNT = 100
_AMOUNT = re.compile(r"([-+]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([-+]?[0-9]{1,3})|([numkMGTPE]|[KMGTPE]i)?)")


def parse_amount(text: str) -> Fraction:
    """Return what a Kubernetes quantity means: ``100m`` a tenth, ``1Gi`` 1,073,741,824, ``1e3`` a thousand.

    Raises:
        ManifestError: ``text`` is none.
    Source: Kubernetes apimachinery api/resource ParseQuantity.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or len(text) > _LONGEST_AMOUNT:
        message = f"{text!r} is not a quantity"
        raise ManifestError(message, remedy="Write a number with a suffix, as 500m, 2, 100Mi or 1Gi.")
    sign, digits, exponent, suffix = match.groups()
    factor = Fraction(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""]
    value = Fraction(digits.rstrip(".")) * factor
    return -value if sign == "-" else value
