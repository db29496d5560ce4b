"""How long a run is kept after its end: its ``ttlStrategy``. Source: Argo gc_controller.go, ttl."""

from __future__ import annotations

from pinnace.spec.policies import TTLStrategy


def lifetimes(strategy: TTLStrategy | None) -> dict[str, int]:
    """Return for each phase that a run can end in how many seconds later it is forgotten; others are kept.

    ``secondsAfterFailure`` is about Failed alone: a run in Error goes by ``secondsAfterCompletion``.
    """
    if strategy is None:
        return {}
    given = {
        "Succeeded": strategy.seconds_after_success,
        "Failed": strategy.seconds_after_failure,
        "Error": None,
    }
    found: dict[str, int] = {}
    for phase, seconds in given.items():
        seconds = strategy.seconds_after_completion if seconds is None else seconds
        if seconds is not None:
            found[phase] = seconds
    return found
